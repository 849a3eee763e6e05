"""Interfaces of the coarse models."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..arrays.score_maps import UNLABELLED


class CoarseModel(Protocol):
    """Interface of a coarse model, which maps (batch, bands, rows, columns) images to logits without the halo.

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
    """Base class of the networks that are trained on patches."""

    kind = ""
    halo: int  # px
    stride: int  # px
    classes: int
    patch = 64  # px, side of the part of a training patch that contributes to the loss [paper, section IV]
    margin = 0  # px of context around a training patch; 0: the halo
    batch = 0  # maximum patches per update; 0: the value of the options
    is_balanced = False  # rare classes weigh more in the loss

    def scores(self, image: Tensor) -> Tensor:
        """Return the logits of a batch of images, as `CoarseModel` requires."""
        with torch.inference_mode():
            logits: Tensor = self(image)
            return logits

    def optimizer(self) -> torch.optim.Optimizer | None:
        """Return the network's own optimizer, or None to use the one of the options."""
        return None

    def loss(self, image: Tensor, labels: Tensor, balance: Tensor | None = None) -> Tensor:
        """Return the loss of a batch; `balance` holds the class weights."""
        return functional.cross_entropy(self(image), labels, balance, ignore_index=UNLABELLED)
