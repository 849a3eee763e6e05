"""Pixel windows and georeferenced grids."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ..errors import RefinerError


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels: first row and column, rows and columns."""

    row: int
    column: int
    height: int
    width: int

    def slices(self, origin: Window | None = None) -> tuple[slice, slice]:
        """Return the slices of this window in an array that starts at `origin` (default: at 0, 0)."""
        row = self.row - (origin.row if origin else 0)
        column = self.column - (origin.column if origin else 0)
        return slice(row, row + self.height), slice(column, column + self.width)

    def placed(self, block: Window) -> Window:
        """Convert this window from the pixels of `block` to those of the scene."""
        return Window(block.row + self.row, block.column + self.column, self.height, self.width)


@dataclass(frozen=True)
class Grid:
    """The georeference of an array: CRS as WKT (empty: unknown), affine transform, size in pixels.

    The transform is (a, b, c, d, e, f) with x = a column + b row + c and y = d column + e row + f.
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise RefinerError(
                "A grid needs at least one pixel; this one is {width} x {height}.", width=self.width, height=self.height
            )

    def point(self, column: float, row: float) -> tuple[float, float]:
        """Return the map coordinates of a pixel position; (0, 0) is the outer corner of the first pixel."""
        a, b, c, d, e, f = self.transform
        return a * column + b * row + c, d * column + e * row + f

    def corners(self) -> tuple[tuple[float, float], ...]:
        """Return the map coordinates of the four outer corners, in order around the grid."""
        w, h = self.width, self.height
        return self.point(0, 0), self.point(w, 0), self.point(w, h), self.point(0, h)

    def crop(self, window: Window) -> Grid:
        """Return the grid of a window of this one."""
        a, b, _, d, e, _ = self.transform
        x, y = self.point(window.column, window.row)
        return replace(self, transform=(a, b, x, d, e, y), width=window.width, height=window.height)

    def resized(self, width: int, height: int) -> Grid:
        """Return the grid of the same extent with another number of pixels."""
        a, b, c, d, e, f = self.transform
        sx, sy = self.width / width, self.height / height
        return replace(self, transform=(a * sx, b * sy, c, d * sx, e * sy, f), width=width, height=height)

    def matches(self, other: Grid) -> bool:
        """Return whether both grids have the same pixels to a hundredth of one, ignoring the CRS."""
        if (self.width, self.height) != (other.width, other.height):
            return False
        pixel = math.hypot(self.transform[0], self.transform[3])
        return all(
            math.dist(mine, its) < 0.01 * pixel for mine, its in zip(self.corners(), other.corners(), strict=True)
        )
