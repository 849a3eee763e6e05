"""What every coarse model is, and how one covers a tile of a scene."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor


class CoarseModel(Protocol):
    """Anything that scores an image: a (batch, bands, rows, columns) tensor in, logits without the halo out.

    The input must be larger than the output by `halo` on every side, begin its output at a multiple of `stride` in the
    scene, and have an output that is a multiple of `stride` a side.
    """

    halo: int  # px
    stride: int  # px

    def scores(self, image: Tensor) -> Tensor:
        """Return (batch, classes, rows - 2 halo, columns - 2 halo) logits."""
        ...


@runtime_checkable
class Pyramid(CoarseModel, Protocol):
    """A coarse model that makes its scores from coarse to fine, in levels that are worth seeing."""

    coarser: tuple[str, ...]  # names of the levels before the last, the coarsest first

    def pyramid(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the logits of all levels as `scores` returns the last."""
        ...
