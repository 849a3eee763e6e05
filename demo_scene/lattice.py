"""Pixels and shapes: the pixel centres inside a polygon or along a line.

The whole package uses the image's frame: metres, x to the right and y down from the upper left corner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Union

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, MultiPolygon, Polygon, box

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Area = Union[Polygon, MultiPolygon]


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels."""

    top: int
    left: int
    rows: int
    cols: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Return the window as (rows, columns) slices."""
        return slice(self.top, self.top + self.rows), slice(self.left, self.left + self.cols)

    def parts(self, side: int) -> Iterator[Window]:
        """Yield the window in squares of at most `side` pixels; nothing if it is empty."""
        for top in range(0, self.rows, side):
            for left in range(0, self.cols, side):
                rows, cols = min(side, self.rows - top), min(side, self.cols - left)
                yield Window(self.top + top, self.left + left, rows, cols)


@dataclass(frozen=True)
class Lattice:
    """A square grid of pixels over the scene."""

    size: int
    pixel_m: float

    @property
    def all(self) -> Window:
        """Return the window of all pixels."""
        return Window(0, 0, self.size, self.size)

    def window(self, bounds: tuple[float, float, float, float], margin_m: float = 0.0) -> Window:
        """Return the window of pixels that the bounds in metres touch; it is empty if they lie outside."""
        low = (np.array(bounds[:2]) - margin_m) / self.pixel_m
        high = (np.array(bounds[2:]) + margin_m) / self.pixel_m
        left, top = np.clip(np.floor(low), 0, self.size).astype(int)
        right, bottom = np.clip(np.ceil(high), 0, self.size).astype(int)
        return Window(int(top), int(left), int(bottom - top), int(right - left))

    def centres(self, window: Window) -> tuple[Floats, Floats]:
        """Return the x (1, columns) and y (rows, 1) of the pixel centres in metres."""
        x = (np.arange(window.left, window.left + window.cols) + 0.5) * self.pixel_m
        y = (np.arange(window.top, window.top + window.rows) + 0.5) * self.pixel_m
        return x[None, :].astype(np.float32), y[:, None].astype(np.float32)

    def frame(self, window: Window) -> Polygon:
        """Return the outline of a window in metres."""
        (rows, cols), m = window.slices, self.pixel_m
        return box(cols.start * m, rows.start * m, cols.stop * m, rows.stop * m)

    def inside(self, area: Area, window: Window) -> Mask:
        """Return whether each pixel centre of a window lies inside an area, by the parity of the edges to its left."""
        xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(area)), return_index=True)
        xy = xy / self.pixel_m - 0.5 - np.array([window.left, window.top])
        within = ring[:-1] == ring[1:]  # no edge joins one ring to the next
        rows, cols = _crossings(xy[:-1][within], xy[1:][within], window.rows)
        parity = np.zeros((window.rows, window.cols + 1), dtype=np.uint8)
        np.bitwise_xor.at(parity, (rows, np.clip(np.ceil(cols), 0, window.cols).astype(np.intp)), 1)
        filled: Mask = np.bitwise_xor.accumulate(parity, axis=1)[:, :-1].astype(np.bool_)
        return filled


def _crossings(
    start: NDArray[np.float64], end: NDArray[np.float64], rows: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the rows that edges cross, and the x of each crossing, in pixels."""
    low, high = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
    first = np.clip(np.ceil(low), 0, rows).astype(np.intp)
    count = np.clip(np.ceil(high), 0, rows).astype(np.intp) - first
    edge = np.repeat(np.arange(len(first)), count)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    (x0, y0), (x1, y1) = start[edge].T, end[edge].T
    return row, x0 + (row - y0) * (x1 - x0) / (y1 - y0)


@dataclass(frozen=True)
class Stretch:
    """The pixels near one straight section of a line."""

    window: Window
    along: Floats  # metres from the line's start
    lateral: Floats  # metres to the right of the line
    mask: Mask  # near this section, within the given distance


def stretches(line: LineString, reach_m: float, lattice: Lattice) -> Iterator[Stretch]:
    """Yield the pixels near each straight section of a line, up to a distance in metres."""
    xy = shapely.get_coordinates(line)
    start = 0.0
    for (x0, y0), (x1, y1) in zip(xy[:-1], xy[1:], strict=True):
        length = float(np.hypot(x1 - x0, y1 - y0))
        bounds = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        window = lattice.window(bounds, reach_m)
        if window.rows and window.cols and length:
            x, y = lattice.centres(window)
            ux, uy = (x1 - x0) / length, (y1 - y0) / length
            along = (x - x0) * ux + (y - y0) * uy
            lateral = (y - y0) * ux - (x - x0) * uy
            near = (np.abs(lateral) <= reach_m) & (along >= -0.5) & (along <= length + 0.5)
            yield Stretch(window, along + start, lateral, near)
        start += length
