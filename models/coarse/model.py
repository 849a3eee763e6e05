"""Interfaces of the coarse models."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..arrays.score_maps import UNLABELLED


class CoarseModel(Protocol):
    """Interface of a coarse model: a (batch, bands, rows, columns) image in, logits without the halo out.

    The input must exceed the output by `halo` on every side. The output must start at a multiple of `stride` in the
    scene, and its sides must be multiples of `stride`.
    """

    halo: int  # px
    stride: int  # px

    def scores(self, image: Tensor) -> Tensor:
        """Return (batch, classes, rows - 2 halo, columns - 2 halo) logits."""
        ...


@runtime_checkable
class Pyramid(CoarseModel, Protocol):
    """Interface of a coarse model that computes its scores from coarse to fine, in levels for display."""

    coarser: tuple[str, ...]  # names of the levels before the last, coarsest first

    def pyramid(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the logits of all levels, each in the shape of `scores`."""
        ...


class PatchNet(nn.Module):
    """Base class of the networks that are trained on patches: (batch, bands, S, S) in, logits without the halo out."""

    kind = ""
    halo: int  # px
    stride: int  # px
    classes: int
    patch = 64  # px per side with a loss, in training [paper, section IV]
    margin = 0  # px read around a patch in training if the halo would outweigh it; 0: the halo
    batch = 0  # most patches per update; 0: as the options say
    is_balanced = False  # rare classes weigh more in the loss

    def scores(self, image: Tensor) -> Tensor:
        """Return the logits of a batch of images, as `CoarseModel` requires."""
        with torch.inference_mode():
            logits: Tensor = self(image)
            return logits

    def optimizer(self) -> torch.optim.Optimizer | None:
        """Return the optimizer that suits the network, or None for that of the options."""
        return None

    def loss(self, image: Tensor, labels: Tensor, balance: Tensor | None = None) -> Tensor:
        """Return the loss of a batch; `balance` holds the class weights."""
        return functional.cross_entropy(self(image), labels, balance, ignore_index=UNLABELLED)
