"""Joining of block-wise traced polygons across block seams."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..arrays.grid import Window


def on_seam(polygons: NDArray[np.object_], block: Window, height: int, width: int) -> NDArray[np.bool_]:
    """Return which polygons (in scene pixels) reach a side of their block that is not a border of the scene."""
    left, top, right, bottom = shapely.bounds(polygons).T
    return np.asarray(
        ((left <= block.column) & (block.column > 0))
        | ((top <= block.row) & (block.row > 0))
        | ((right >= block.column + block.width) & (block.column + block.width < width))
        | ((bottom >= block.row + block.height) & (block.row + block.height < height))
    )


def groups(polygons: NDArray[np.object_], classes: NDArray[np.int_], seam: NDArray[np.bool_]) -> NDArray[np.int_]:
    """Number polygons from 0; polygons of one class that share an edge on a seam get the same number."""
    places = np.flatnonzero(seam)
    tree = shapely.STRtree(polygons[places])
    one, other = (places[each] for each in tree.query(polygons[places], predicate="touches"))
    alike = (one < other) & (classes[one] == classes[other])
    one, other = one[alike], other[alike]
    shared = shapely.length(shapely.intersection(polygons[one], polygons[other])) > 0  # not only a corner
    one, other = one[shared], other[shared]
    count = len(polygons)
    links = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1])


def join(polygons: NDArray[np.object_], numbers: NDArray[np.int_]) -> NDArray[np.object_]:
    """Unite the polygons of each number, in the order of the numbers.

    Vertices lie on whole pixels, so they match on both sides of a seam and no gap remains.
    """
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    sizes = np.diff(np.append(starts, len(order)))
    joined = polygons[order[starts]].copy()
    for place in np.flatnonzero(sizes > 1):
        joined[place] = shapely.union_all(polygons[order[starts[place] : starts[place] + sizes[place]]])
    return np.asarray(joined, dtype=object)
