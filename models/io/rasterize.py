"""Rasterizing polygons, and sieving and tracing class rasters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio import features

from ..arrays.grid import Grid
from ..arrays.score_maps import UNLABELLED, Labels


def burn(
    shapes: Iterable[tuple[shapely.Geometry, int]], grid: Grid, fill: int = 0, dtype: str = "uint8"
) -> NDArray[Any]:
    """Burn polygons (in the grid's CRS) into the pixels with centres inside; later polygons overwrite earlier ones."""
    pairs = [(shape, value) for shape, value in shapes if not shape.is_empty]
    if not pairs:
        return np.full((grid.height, grid.width), fill, dtype=dtype)
    return np.asarray(
        features.rasterize(
            pairs,
            out_shape=(grid.height, grid.width),
            fill=fill,
            transform=rasterio.Affine(*grid.transform),
            dtype=dtype,
        )
    )


def sieve(classes: Labels, pixels: int) -> Labels:
    """Merge connected parts of fewer than `pixels` pixels into their largest neighbour; keep unlabelled pixels.

    GDAL merges a part only into a neighbour above the threshold. The threshold therefore rises in steps, and the last
    step is repeated until nothing changes.
    """
    labelled = classes != UNLABELLED
    pixels = min(pixels, classes.size)
    for size in (2 * 4**n for n in range(15) if 2 * 4**n < pixels):
        classes = np.asarray(features.sieve(classes, size=size, mask=labelled))
    before = None
    while pixels > 1 and (before is None or not np.array_equal(before, classes)):
        before, classes = classes, np.asarray(features.sieve(classes, size=pixels, mask=labelled))
    return classes


def trace(classes: Labels) -> list[tuple[shapely.Polygon, int]]:
    """Trace the connected parts of a class raster along pixel edges; x is the column and y the row, in pixels.

    Unlabelled pixels are left out.
    """
    found = features.shapes(classes, mask=classes != UNLABELLED, connectivity=4)
    return [(shapely.geometry.shape(outline), int(value)) for outline, value in found]
