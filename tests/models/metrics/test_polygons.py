"""Polygons compared with true polygons, by hand and by brute force."""

import numpy as np
import pytest
import shapely
from map_refiner.models.metrics.polygons import compare, match, polis, vertices
from shapely import affinity, box


def array(*polygons):
    return np.array(polygons, dtype=object)


def star(points, seed):
    """Return an irregular polygon around 0, 0 with a hole."""
    generator = np.random.default_rng(seed)
    angles = np.sort(generator.uniform(0, 2 * np.pi, points))
    radii = generator.uniform(8, 12, points)
    return shapely.Polygon(np.c_[radii * np.cos(angles), radii * np.sin(angles)], [box(-1, -1, 1, 1).exterior.coords])


def test_polis_matches_hand_computed_values():
    # Moved by 1 along x: two corners of each are 1 from the other's side, the other two lie on it.
    assert polis(box(0, 0, 10, 10), box(1, 0, 11, 10)) == pytest.approx(0.5)
    # Concentric, 1 apart: the outer's corners are sqrt(2) from the inner's, the inner's 1 from the outer's sides.
    assert polis(box(0, 0, 10, 10), box(1, 1, 9, 9)) == pytest.approx((np.sqrt(2) + 1) / 2)


def test_polis_is_symmetric_and_counts_each_vertex_once():
    gabled = shapely.Polygon([(0, 0), (10, 0), (10, 10), (5, 12), (0, 10)])
    # Of its five vertices only the gable is 2 off; the square's four corners are all on the gabled outline.
    assert polis(gabled, box(0, 0, 10, 10)) == pytest.approx((2 / 5 + 0) / 2)
    assert polis(box(0, 0, 10, 10), gabled) == polis(gabled, box(0, 0, 10, 10))


def test_polis_includes_holes():
    solid = box(0, 0, 10, 10)
    hollow = shapely.Polygon(solid.exterior.coords, [box(4, 4, 6, 6).exterior.coords])
    assert polis(solid, hollow) == pytest.approx((0 + 4 * 4 / 8) / 2)


def test_polis_matches_a_search_over_all_vertices():
    one, other = star(60, 1), star(45, 2)
    means = []
    for a, b in ((one, other), (other, one)):
        rings = [a.exterior, *a.interiors]
        places = [place for ring in rings for place in ring.coords[:-1]]
        means.append(np.mean([b.boundary.distance(shapely.Point(place)) for place in places]))
    assert polis(one, other) == pytest.approx(np.mean(means))
    assert polis(one, one) == 0


def test_vertices_are_counted_per_polygon():
    hollow = shapely.Polygon(box(0, 0, 10, 10).exterior.coords, [[(4, 4), (6, 4), (5, 6)]])
    assert vertices(array(box(0, 0, 1, 1), hollow)).tolist() == [4, 7]
    assert vertices(array()).tolist() == []


def test_each_polygon_is_matched_once():
    true = array(box(0, 0, 10, 10), box(20, 0, 30, 10), box(40, 0, 50, 10))
    found = array(
        box(0, 0, 10, 5),  # half of the first: just enough, but worse than the next
        box(0, 0, 10, 9),
        box(20, 0, 30, 4.9),  # not enough
        box(100, 0, 110, 10),  # no overlap
    )
    assert match(found, true) == [(1, 0)]
    assert match(found[[0]], true) == [(0, 0)]
    assert match(array(box(40, 0, 49, 10), true[1]), true) == [(1, 1), (0, 2)]  # best match first
    assert match(array(), true) == []


def test_one_polygon_over_two_matches_only_one():
    assert match(array(box(0, 0, 20, 10)), array(box(0, 0, 10, 10), box(10, 0, 20, 10))) == [(0, 0)]


def test_figures_match_hand_computed_values():
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


def test_overlaps_are_counted_once():
    true = array(box(0, 0, 10, 10))
    assert compare(array(box(0, 0, 10, 10), box(0, 0, 5, 10)), true)["iou"] == pytest.approx(1)


def test_c_iou_penalises_a_perfect_outline_with_many_vertices():
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


def test_moved_houses_are_all_matched():
    true = array(*[affinity.rotate(box(x, y, x + 12, y + 8), 7 * x) for x in range(0, 400, 20) for y in (0, 20, 40)])
    order = np.random.default_rng(0).permutation(len(true))
    figures = compare(shapely.transform(true, lambda places: places + np.array([0.3, 0.4]))[order], true)
    assert figures["matched"] == len(true) == 60
    assert 0.2 < figures["polis_m"] < 0.5  # no house is farther off than its shift
