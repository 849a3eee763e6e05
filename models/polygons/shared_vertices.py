"""Gapless polygons: neighbours share every vertex of their common edge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from ..arrays.grid import Grid
from ..arrays.score_maps import UNLABELLED, Labels

OUTSIDE = 256  # marks pixels beyond the raster; not a class
CHUNK_POINTS = 4_000_000  # points along edges processed at once


def share_vertices(polygons: Sequence[shapely.Polygon] | NDArray[np.object_], classes: Labels) -> NDArray[np.object_]:
    """Add vertices of neighbours that a polygon lacks, at points where three parts meet on its straight edge.

    Tracing gives each polygon only its own corners, so after simplification two neighbours that meet on the edge of a
    third would separate from it.

    Args:
        polygons: as traced, with edges along the pixels, in pixels: x is the column, y the row.
        classes: the class map from which the polygons, possibly among others, were traced.
    """
    if len(polygons) == 0:
        return np.array([], dtype=object)
    kind, points, (rings, parts) = shapely.to_ragged_array(polygons)
    corners = points.astype(np.int64)  # (points, 2)
    step = np.diff(corners, axis=0, append=corners[-1:])
    step[rings[1:] - 1] = 0  # no edge from the end of one ring to the start of the next
    length = np.abs(step).sum(axis=1)
    kept, counts = [], np.empty(len(corners), dtype=np.int64)
    total = np.cumsum(np.maximum(length, 1))
    for first in range(0, int(total[-1]), CHUNK_POINTS):
        part = slice(*np.searchsorted(total, (first, first + CHUNK_POINTS), side="right"))
        found, counts[part] = _with_meetings(corners[part], step[part], length[part], classes)
        kept.append(found)
    ends = np.concatenate([[0], np.cumsum(counts)])
    return np.asarray(shapely.from_ragged_array(kind, np.concatenate(kept), (ends[rings], parts)), dtype=object)


def _with_meetings(
    corners: NDArray[np.int64], step: NDArray[np.int64], length: NDArray[np.int64], classes: Labels
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return each corner with the meeting points on the edge that starts there, and the number of these points."""
    repeats = np.maximum(length, 1)
    owner = np.repeat(np.arange(len(corners)), repeats)
    along = np.arange(len(owner)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    points = corners[owner] + along[:, None] * np.sign(step)[owner]
    keep = (along == 0) | (_edges_at(points, classes) > 2)
    return points[keep].astype(np.float64), np.bincount(owner[keep], minlength=len(corners))


def _edges_at(points: NDArray[np.int64], classes: Labels) -> NDArray[np.int64]:
    """Count the edges between parts that meet at pixel corners (0-4)."""
    height, width = classes.shape
    around = []
    for right, down in ((-1, -1), (0, -1), (0, 0), (-1, 0)):
        x, y = points[:, 0] + right, points[:, 1] + down
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        found = classes[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)].astype(np.int64)
        around.append(np.where(inside & (found != UNLABELLED), found, OUTSIDE))
    changes = [one != other for one, other in zip(around, (*around[1:], around[0]), strict=True)]
    return np.asarray(np.sum(changes, axis=0), dtype=np.int64)


def to_map(polygons: NDArray[np.object_], grid: Grid) -> NDArray[np.object_]:
    """Transform polygons from pixels of a grid to its map coordinates."""
    a, b, c, d, e, f = grid.transform

    def place(points: NDArray[np.float64]) -> NDArray[np.float64]:
        column, row = points.T
        return np.column_stack([a * column + b * row + c, d * column + e * row + f])

    return np.asarray(shapely.transform(polygons, place), dtype=object)
