"""What every refiner is: something that improves the scores of a map once."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from ..borders import Borders, reflect


class Refiner(Protocol):
    """Anything that can improve score maps once.

    On a side of the tile that is a border of the scene it pads by itself and keeps the size; on the others it uses up
    `halo` rows or columns of real neighbours. So a tile that was read with a halo of T times `halo` is exact after T
    steps. It knows no files, tiles or CRS.
    """

    halo: int  # px a step

    def prepare(self, image: Tensor, borders: Borders) -> Tensor:
        """Compute from (bands, rows, columns) what does not change from step to step."""
        ...

    def step(self, scores: Tensor, prepared: Tensor, borders: Borders) -> Tensor:
        """Return the next (classes, rows, columns) scores, smaller by `halo` on each side that is no border."""
        ...

    def crop(self, prepared: Tensor, borders: Borders) -> Tensor:
        """Cut what was prepared to the size that the scores have after a step."""
        ...


def pad(maps: Tensor, width: int, borders: Borders) -> Tensor:
    """Mirror (..., rows, columns) outwards by `width` pixels at the borders of the scene alone; even 1 x 1."""
    rows, columns = maps.shape[-2:]
    row = reflect(-width * borders.top, rows + width * borders.bottom, rows)
    column = reflect(-width * borders.left, columns + width * borders.right, columns)
    maps = maps.index_select(-2, torch.from_numpy(row).to(maps.device))
    return maps.index_select(-1, torch.from_numpy(column).to(maps.device))


def inner(maps: Tensor, width: int, borders: Borders) -> Tensor:
    """Cut `width` pixels from each side of (..., rows, columns) that is no border of the scene."""
    rows, columns = maps.shape[-2:]
    return maps[
        ...,
        0 if borders.top else width : rows - (0 if borders.bottom else width),
        0 if borders.left else width : columns - (0 if borders.right else width),
    ]
