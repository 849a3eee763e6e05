"""The common interface of all refiners."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import Self

from ..arrays.borders import Borders, reflect


class Refiner(Protocol):
    """A model that improves score maps step by step; its weights, if any, are those of a torch module.

    The state is (channels, rows, columns): first the class scores as logits, then any hidden state. On sides of the
    tile that are borders of the scene, a step pads and keeps the size; on the other sides it consumes `halo` rows or
    columns of real neighbours. A tile read with the halo of `refine.unroll.total_halo` is therefore exact after any
    number of steps. A refiner does not depend on files, tiles or the CRS.
    """

    kind: str  # name in commands and weights files
    classes: int
    bands: int
    channels: int  # of the state
    halo: int  # px of neighbours that a step uses
    context_radius: int  # px around a pixel that `prepare` uses

    def start(self, scores: Tensor) -> Tensor:
        """Return the initial state from (classes, rows, columns) logits."""
        ...

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Compute the constant term of all steps from (bands, rows, columns) and the initial scores.

        It is smaller by up to `context_radius` on each side that is not a border.
        """
        ...

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Return the state after step `index`, counted from 0; smaller by `halo` on each side that is not a border.

        `prepared` has the size of the result, or also includes the halo.
        """
        ...

    def to(self, device: torch.device) -> Self:
        """Move the refiner to a device."""
        ...


def pad(maps: Tensor, width: int, borders: Borders) -> Tensor:
    """Mirror (..., rows, columns) outwards by `width` pixels, only at the scene's borders; works even for 1 x 1."""
    if width == 0 or not (borders.top or borders.bottom or borders.left or borders.right):
        return maps
    rows, columns = maps.shape[-2:]
    if width < min(rows, columns) and maps.dtype.is_floating_point:
        sides = (width * borders.left, width * borders.right, width * borders.top, width * borders.bottom)
        return functional.pad(maps, sides, mode="reflect")
    row = reflect(-width * borders.top, rows + width * borders.bottom, rows)
    column = reflect(-width * borders.left, columns + width * borders.right, columns)
    maps = maps.index_select(-2, torch.from_numpy(row).to(maps.device))
    return maps.index_select(-1, torch.from_numpy(column).to(maps.device))


def crop_halo(maps: Tensor, width: int, borders: Borders) -> Tensor:
    """Cut `width` pixels from each side of (..., rows, columns) that is not a border of the scene."""
    rows, columns = maps.shape[-2:]
    return maps[
        ...,
        0 if borders.top else width : rows - (0 if borders.bottom else width),
        0 if borders.left else width : columns - (0 if borders.right else width),
    ]
