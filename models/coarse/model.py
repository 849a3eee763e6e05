"""Interfaces of the coarse models."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor


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
