"""Polygons against true ones, by hand and by trying every point."""

import numpy as np
import pytest
import shapely
from map_refiner.models.metrics.polygons import compare, match, polis, vertices
from shapely import affinity, box


def array(*polygons):
    return np.array(polygons, dtype=object)


def star(points, seed):
    """A polygon around 0, 0 with a hole, as no formula makes it."""
    generator = np.random.default_rng(seed)
    angles = np.sort(generator.uniform(0, 2 * np.pi, points))
    radii = generator.uniform(8, 12, points)
    return shapely.Polygon(np.c_[radii * np.cos(angles), radii * np.sin(angles)], [box(-1, -1, 1, 1).exterior.coords])


def test_polis_by_hand():
    # Moved by 1 along x: two corners of each lie 1 from the other's side, the other two on it.
    assert polis(box(0, 0, 10, 10), box(1, 0, 11, 10)) == pytest.approx(0.5)
    # Concentric, 1 apart: the outer's corners are sqrt(2) from the inner's, the inner's 1 from the outer's sides.
    assert polis(box(0, 0, 10, 10), box(1, 1, 9, 9)) == pytest.approx((np.sqrt(2) + 1) / 2)


def test_polis_weighs_both_polygons_alike_and_counts_each_vertex_once():
    gabled = shapely.Polygon([(0, 0), (10, 0), (10, 10), (5, 12), (0, 10)])
    # Of its five vertices the gable alone is 2 off; of the square's four, two lie at 0 and two at the shared corners.
    assert polis(gabled, box(0, 0, 10, 10)) == pytest.approx((2 / 5 + 0) / 2)
    assert polis(box(0, 0, 10, 10), gabled) == polis(gabled, box(0, 0, 10, 10))


def test_polis_sees_a_hole():
    solid = box(0, 0, 10, 10)
    hollow = shapely.Polygon(solid.exterior.coords, [box(4, 4, 6, 6).exterior.coords])
    assert polis(solid, hollow) == pytest.approx((0 + 4 * 4 / 8) / 2)


def test_polis_by_trying_every_vertex():
    one, other = star(60, 1), star(45, 2)
    means = []
    for a, b in ((one, other), (other, one)):
        rings = [a.exterior, *a.interiors]
        places = [place for ring in rings for place in ring.coords[:-1]]
        means.append(np.mean([b.boundary.distance(shapely.Point(place)) for place in places]))
    assert polis(one, other) == pytest.approx(np.mean(means))
    assert polis(one, one) == 0


def test_vertices():
    hollow = shapely.Polygon(box(0, 0, 10, 10).exterior.coords, [[(4, 4), (6, 4), (5, 6)]])
    assert vertices(array(box(0, 0, 1, 1), hollow)).tolist() == [4, 7]
    assert vertices(array()).tolist() == []


def test_each_polygon_matches_once():
    true = array(box(0, 0, 10, 10), box(20, 0, 30, 10), box(40, 0, 50, 10))
    found = array(
        box(0, 0, 10, 5),  # half of the first: just enough, and worse than the next
        box(0, 0, 10, 9),
        box(20, 0, 30, 4.9),  # not enough
        box(100, 0, 110, 10),  # nowhere
    )
    assert match(found, true) == [(1, 0)]
    assert match(found[[0]], true) == [(0, 0)]
    assert match(array(box(40, 0, 49, 10), true[1]), true) == [(1, 1), (0, 2)]  # the best first
    assert match(array(), true) == []


def test_one_polygon_over_two_matches_one():
    assert match(array(box(0, 0, 20, 10)), array(box(0, 0, 10, 10), box(10, 0, 20, 10))) == [(0, 0)]


def test_figures_by_hand():
    true = array(box(0, 0, 10, 10), box(20, 0, 30, 10), box(40, 0, 50, 10))
    gabled = shapely.Polygon([(20, 0), (30, 0), (30, 10), (25, 12), (20, 10)])  # 110 square metres
    figures = compare(array(box(1, 0, 11, 10), gabled, box(60, 0, 65, 10), box(60, 20, 65, 30)), true)
    iou = (90 + 100) / (110 + 110 + 100 + 50 + 50)
    assert figures == {
        "found": 4,
        "true": 3,
        "matched": 2,
        "missed": 1,
        "false": 2,
        "vertices": 17 / 4,
        "true_vertices": 4,
        "iou": pytest.approx(iou),
        "c_iou": pytest.approx(iou * (1 - (17 - 12) / (17 + 12))),
        "polis_m": pytest.approx((0.5 + 0.2) / 2),
    }


def test_overlaps_count_once():
    true = array(box(0, 0, 10, 10))
    assert compare(array(box(0, 0, 10, 10), box(0, 0, 5, 10)), true)["iou"] == pytest.approx(1)


def test_a_perfect_outline_of_many_vertices_pays_for_them():
    true = array(box(0, 0, 10, 10))
    stairs = shapely.segmentize(true, 1)  # 40 vertices
    figures = compare(stairs, true)
    assert figures["iou"] == pytest.approx(1)
    assert figures["c_iou"] == pytest.approx(1 - 36 / 44)
    assert figures["polis_m"] == 0
    assert compare(true, true)["c_iou"] == 1


def test_nothing_found():
    figures = compare(array(), array(box(0, 0, 10, 10)))
    assert (figures["found"], figures["missed"], figures["false"], figures["iou"], figures["c_iou"]) == (0, 1, 0, 0, 0)
    assert figures["vertices"] is None
    assert figures["polis_m"] is None


def test_a_town_of_moved_houses():
    true = array(*[affinity.rotate(box(x, y, x + 12, y + 8), 7 * x) for x in range(0, 400, 20) for y in (0, 20, 40)])
    order = np.random.default_rng(0).permutation(len(true))
    figures = compare(shapely.transform(true, lambda places: places + np.array([0.3, 0.4]))[order], true)
    assert figures["matched"] == len(true) == 60
    assert 0.2 < figures["polis_m"] < 0.5  # none lies farther off than it was moved
