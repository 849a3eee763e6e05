"""How right polygons are: what is found and what is missed, their vertices, and the distance of their outlines."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import shapely
from numpy.typing import NDArray

from ..runtime.progress import CancelCheck, never_cancel, with_cancel

LEAST_IOU = 0.5  # of a found polygon and a true one that match

Polygons = NDArray[np.object_]


class PolygonFigures(TypedDict):
    """The accuracy of the polygons of one class, ready for JSON; fractions are 0-1, None where there is nothing."""

    found: int
    true: int
    matched: int
    missed: int  # true polygons that no found one matches
    false: int  # found polygons that match no true one
    vertices: float | None  # a found polygon
    true_vertices: float  # a true polygon
    iou: float  # of the areas that all of them cover
    c_iou: float  # the same, less what more or fewer vertices cost
    polis_m: float | None  # mean of the matched, metres on the ground; None also where these are unknown


def compare(found: Polygons, true: Polygons, check: CancelCheck = never_cancel) -> PolygonFigures:
    """Compare valid polygons of one class with the true ones, of which there must be one; coordinates in metres.

    `check` is called between the pairs whose outlines are compared.

    The C-IoU is that of Zorzi et al. 2022 (PolyWorld): the IoU of what all of them cover, times
    1 - |N - N'| / (N + N'), with N and N' the vertices of all of them.
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
    """Pair found polygons with true ones, one to one, of an IoU of at least `LEAST_IOU`; the best pairs first.

    Returns:
        The index of a found polygon and that of its true one.
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

    It is the mean of two means: of the distances of the vertices of each to the boundary of the other. Holes count.
    """
    sides, others = _sides(one), _sides(other)
    return (_mean_distance(sides[:, 0], others) + _mean_distance(others[:, 0], sides)) / 2


def vertices(polygons: Polygons) -> NDArray[np.int64]:
    """Count the vertices of each polygon, those of its holes too; what closes a ring is no vertex more."""
    rings = 1 + shapely.get_num_interior_rings(polygons)
    return np.asarray(shapely.get_num_coordinates(polygons) - rings, dtype=np.int64)


def _sides(polygon: shapely.Polygon) -> NDArray[np.float64]:
    """Return the sides of all rings of a polygon: (sides, 2 ends, 2 coordinates); each vertex begins one."""
    places, ring = shapely.get_coordinates(shapely.get_rings(polygon), return_index=True)
    return np.asarray(np.stack([places[:-1], places[1:]], axis=1)[ring[:-1] == ring[1:]], dtype=np.float64)


def _mean_distance(places: NDArray[np.float64], sides: NDArray[np.float64]) -> float:
    tree = shapely.STRtree(shapely.linestrings(sides))  # the outline of a road network has too many to try them all
    _, distances = tree.query_nearest(shapely.points(places), return_distance=True, all_matches=False)
    return float(distances.mean())


def _area_iou(found: Polygons, true: Polygons) -> float:
    ours, theirs = shapely.union_all(found), shapely.union_all(true)
    both = shapely.area(shapely.intersection(ours, theirs))
    return float(both / (shapely.area(ours) + shapely.area(theirs) - both))
