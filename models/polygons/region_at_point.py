"""The connected part of the shown map under a click."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from scipy import ndimage

from ..arrays.grid import Grid, Window
from ..arrays.score_maps import UNLABELLED
from ..errors import RefinerError
from ..io.raster_reader import GridReader, window_of
from ..io.rasterize import trace

MAX_REGION_PX = 160  # px around a click; the part must lie within


@dataclass(frozen=True)
class Region:
    """A connected part of one class: its outline in the grid's CRS, its class index and its size in pixels."""

    outline: shapely.Geometry
    index: int
    pixels: int


def region_at(classes_raster: str, x: float, y: float) -> Region:
    """Return the connected part of a class raster at a point in the raster's CRS, traced along pixel edges.

    Raises:
        RefinerError: if there is no data at the point, or the part extends too far.
    """
    with GridReader(classes_raster) as reader:
        grid = reader.grid
        row, column = _pixel(grid, x, y)
        top, left = max(0, row - MAX_REGION_PX), max(0, column - MAX_REGION_PX)
        window = Window(
            top,
            left,
            min(grid.height, row + MAX_REGION_PX + 1) - top,
            min(grid.width, column + MAX_REGION_PX + 1) - left,
        )
        classes = reader.read([1], window)[0][0]
    index = int(classes[row - top, column - left])
    if index == UNLABELLED:
        raise RefinerError("There is no data where you clicked.")
    parts, _ = ndimage.label(classes == index)
    part = parts == parts[row - top, column - left]
    cut_off = (
        (part[0].any() and top > 0)
        or (part[-1].any() and top + window.height < grid.height)
        or (part[:, 0].any() and left > 0)
        or (part[:, -1].any() and left + window.width < grid.width)
    )
    if cut_off:
        raise RefinerError(
            "This connected region extends over more than {reach} pixels. Paint or draw the correction instead.",
            reach=MAX_REGION_PX,
        )
    shapes = [shape for shape, value in trace(np.where(part, 1, UNLABELLED).astype(np.uint8)) if value == 1]
    outline = shapely.union_all(shapes)
    a, b, c, d, e, f = grid.crop(window).transform
    placed = shapely.affinity.affine_transform(outline, (a, b, d, e, c, f))
    return Region(placed, index, int(part.sum()))


def _pixel(grid: Grid, x: float, y: float) -> tuple[int, int]:
    """Return the row and column of the pixel at a point."""
    try:
        a, b, _, d, e, _ = grid.transform
        size = (abs(a) + abs(b)) * 1e-3, (abs(d) + abs(e)) * 1e-3
        window = window_of(grid, (x - size[0], y - size[1], x + size[0], y + size[1]))
    except RefinerError as error:
        raise RefinerError("This place is outside the scene; click on the map within the scene.") from error
    return window.row, window.column
