"""What every refiner is: something that improves the scores of a map once."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import Self

from ..arrays.borders import Borders, reflect


class Refiner(Protocol):
    """Anything that can improve score maps once; its weights, if it has any, are those of a torch module.

    It works on a state of (channels, rows, columns), whose first channels are the scores of the classes as logits, and
    the others whatever it remembers from step to step. On a side of the tile that is a border of the scene it pads by
    itself and keeps the size; on the others it uses up `halo` rows or columns of real neighbours a step. So a tile that
    was read with enough of a halo (`refine.run.margin`) is exact after any number of steps. It knows no files, tiles
    or CRS.
    """

    kind: str  # its name in the command and in files of weights
    classes: int
    bands: int
    channels: int  # of its state
    halo: int  # px of neighbours that a step looks at
    sight: int  # px around a pixel that `prepare` looks at

    def start(self, scores: Tensor) -> Tensor:
        """Return the state before the first step, from (classes, rows, columns) logits."""
        ...

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Compute from (bands, rows, columns) and the scores before the first step what does not change.

        It is smaller by `sight` where there is no border.
        """
        ...

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Return the state after step `index`, counted from 0; smaller by `halo` on each side that is no border.

        What was prepared has the size of the result.
        """
        ...

    def to(self, device: torch.device) -> Self:
        """Move to a device."""
        ...


def pad(maps: Tensor, width: int, borders: Borders) -> Tensor:
    """Mirror (..., rows, columns) outwards by `width` pixels at the borders of the scene alone; even 1 x 1."""
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
    """Cut `width` pixels from each side of (..., rows, columns) that is no border of the scene."""
    rows, columns = maps.shape[-2:]
    return maps[
        ...,
        0 if borders.top else width : rows - (0 if borders.bottom else width),
        0 if borders.left else width : columns - (0 if borders.right else width),
    ]
