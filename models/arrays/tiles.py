"""Tiles of a scene: cores with a halo of real neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .borders import Borders
from .grid import Window


@dataclass(frozen=True)
class Tile:
    """A part of a scene: the core to compute, and the outer window to read."""

    core: Window
    outer: Window
    borders: Borders

    def core_of_result(self, halo: int) -> tuple[slice, slice]:
        """Return the slices of the core in a result that is smaller by `halo` on each side that is not a border."""
        rows, columns = self.core.slices(self.outer)
        top = 0 if self.borders.top else halo
        left = 0 if self.borders.left else halo
        return slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)


def tiles(height: int, width: int, size: int, halo: int) -> Iterator[Tile]:
    """Cut a scene into cores of at most `size` pixels per side, each with a halo of up to `halo` pixels."""
    for row in range(0, height, size):
        for column in range(0, width, size):
            core = Window(row, column, min(size, height - row), min(size, width - column))
            yield surround(core, height, width, halo)


def surround(core: Window, height: int, width: int, halo: int) -> Tile:
    """Add a halo of up to `halo` pixels to a core, and mark the sides where the scene cuts it short."""
    top, left = max(core.row - halo, 0), max(core.column - halo, 0)
    bottom = min(core.row + core.height + halo, height)
    right = min(core.column + core.width + halo, width)
    outer = Window(top, left, bottom - top, right - left)
    reached = Borders(
        core.row - halo < 0,
        core.column - halo < 0,
        core.row + core.height + halo > height,
        core.column + core.width + halo > width,
    )
    return Tile(core, outer, reached)


def count(height: int, width: int, size: int) -> int:
    """Return the number of tiles that `tiles` yields."""
    return -(-height // size) * -(-width // size)
