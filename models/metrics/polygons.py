"""Accuracy of polygons: matches and misses, vertex counts, and outline distances."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import shapely
from numpy.typing import NDArray

from ..runtime.progress import CancelCheck, never_cancel, with_cancel

LEAST_IOU = 0.5  # lowest IoU of a matching pair

Polygons = NDArray[np.object_]


class PolygonFigures(TypedDict):
    """The accuracy of the polygons of one class, ready for JSON; fractions are 0-1, undefined values None."""

    found: int
    true: int
    matched: int
    missed: int  # true polygons without a match
    false: int  # found polygons without a match
    vertices: float | None  # per found polygon
    true_vertices: float  # per true polygon
    iou: float  # of the total areas
    c_iou: float  # IoU, reduced by the difference in vertex counts
    polis_m: float | None  # mean of the matched pairs, in metres on the ground; None also if these are unknown


def compare(found: Polygons, true: Polygons, check: CancelCheck = never_cancel) -> PolygonFigures:
    """Compare valid polygons of one class with the true ones (at least one); coordinates in metres.

    `check` is called between the outline comparisons.

    The C-IoU is that of Zorzi et al. 2022 (PolyWorld): the IoU of the total areas, times 1 - |N - N'| / (N + N'), with
    N and N' the total numbers of vertices.
    """
    pairs = match(found, true)
    iou, ours, theirs = _area_iou(found, true), vertices(found), vertices(true)
    distances = [polis(found[i], true[j]) for i, j in with_cancel(iter(pairs), check)]
    return PolygonFigures(
        found=len(found),
        true=len(true),
        matched=len(pairs),
        missed=len(true) - len(pairs),
        false=len(found) - len(pairs),
        vertices=float(ours.mean()) if len(ours) else None,
        true_vertices=float(theirs.mean()),
        iou=iou,
        c_iou=iou * float(1 - abs(ours.sum() - theirs.sum()) / (ours.sum() + theirs.sum())),
        polis_m=float(np.mean(distances)) if distances else None,
    )


def match(found: Polygons, true: Polygons) -> list[tuple[int, int]]:
    """Match found polygons to true ones, one to one, with an IoU of at least `LEAST_IOU`; the best pairs first.

    Returns:
        Pairs of indices: found polygon, true polygon.
    """
    i, j = shapely.STRtree(true).query(found, predicate="intersects")
    both = shapely.area(shapely.intersection(found[i], true[j]))
    iou = both / (shapely.area(found)[i] + shapely.area(true)[j] - both)
    order = np.argsort(-iou, kind="stable")
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for n in order[iou[order] >= LEAST_IOU]:
        if int(i[n]) not in pairs and int(j[n]) not in taken:
            pairs[int(i[n])] = int(j[n])
            taken.add(int(j[n]))
    return list(pairs.items())


def polis(one: shapely.Polygon, other: shapely.Polygon) -> float:
    """Return the PoLiS distance of two polygons, in the unit of their coordinates (Avbelj et al. 2015).

    It is the mean of two means: the vertices' distances to the other polygon's boundary, for each polygon. Holes
    count.
    """
    sides, others = _sides(one), _sides(other)
    return (_mean_distance(sides[:, 0], others) + _mean_distance(others[:, 0], sides)) / 2


def vertices(polygons: Polygons) -> NDArray[np.int64]:
    """Count the vertices of each polygon, including holes; the closing point of a ring is not counted."""
    rings = 1 + shapely.get_num_interior_rings(polygons)
    return np.asarray(shapely.get_num_coordinates(polygons) - rings, dtype=np.int64)


def _sides(polygon: shapely.Polygon) -> NDArray[np.float64]:
    """Return the sides of all rings of a polygon, (sides, 2 ends, 2 coordinates); one side starts at each vertex."""
    places, ring = shapely.get_coordinates(shapely.get_rings(polygon), return_index=True)
    return np.asarray(np.stack([places[:-1], places[1:]], axis=1)[ring[:-1] == ring[1:]], dtype=np.float64)


def _mean_distance(places: NDArray[np.float64], sides: NDArray[np.float64]) -> float:
    tree = shapely.STRtree(shapely.linestrings(sides))  # outlines of road networks have too many sides to try all
    _, distances = tree.query_nearest(shapely.points(places), return_distance=True, all_matches=False)
    return float(distances.mean())


def _area_iou(found: Polygons, true: Polygons) -> float:
    ours, theirs = shapely.union_all(found), shapely.union_all(true)
    both = shapely.area(shapely.intersection(ours, theirs))
    return float(both / (shapely.area(ours) + shapely.area(theirs) - both))
