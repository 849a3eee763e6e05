"""Shared vertices of adjacent polygons."""

import numpy as np
import pytest
import shapely
from map_refiner.models.arrays.grid import Grid
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.io.rasterize import trace
from map_refiner.models.polygons import shared_vertices
from map_refiner.models.polygons.shared_vertices import share_vertices, to_map
from scipy import ndimage


def noise(height, width, classes=3, smooth=0.0, seed=0):
    fields = np.random.default_rng(seed).normal(size=(classes, height, width))
    return ndimage.gaussian_filter(fields, (0, smooth, smooth)).argmax(axis=0).astype("uint8")


def matched(classes):
    return share_vertices([polygon for polygon, _ in trace(classes)], classes)


def test_a_neighbour_gets_the_vertex_that_two_others_share():
    classes = np.zeros((4, 4), "uint8")
    classes[:2, 2:], classes[2:, 2:] = 1, 2
    polygons = matched(classes)
    left = polygons[[polygon.bounds[0] == 0 for polygon in polygons].index(True)]
    assert (2.0, 2.0) in list(left.exterior.coords)
    assert len(left.exterior.coords) == 6  # four corners, the meeting point, and the first point again


CASES = {
    "noise": noise(40, 47),
    "noise with holes": np.where(noise(40, 47, seed=1) == 2, UNLABELLED, noise(40, 47, seed=2)).astype("uint8"),
    "patches": noise(90, 80, smooth=4),
    "one pixel": np.zeros((1, 1), "uint8"),
    "one row": np.array([[0, 1, 1, 255, 2]], "uint8"),
    "one column": np.array([[0], [1], [0]], "uint8"),
    "chequers": (np.indices((9, 8)).sum(axis=0) % 2).astype("uint8"),
    "a ring": np.pad(np.pad(np.full((3, 3), 2), 2, constant_values=1), 2).astype("uint8"),
}


@pytest.mark.parametrize("case", CASES)
def test_traced_polygons_form_a_coverage(case):
    classes = CASES[case]
    polygons = matched(classes)
    assert shapely.is_valid(polygons).all()
    assert shapely.coverage_is_valid(polygons)
    assert shapely.area(polygons).sum() == np.count_nonzero(classes != UNLABELLED)
    traced = [polygon for polygon, _ in trace(classes)]
    assert all(one.equals(two) for one, two in zip(polygons, traced, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_there_are_no_superfluous_vertices(case):
    """Each vertex is a corner of the polygon or a point where three parts meet."""
    classes = CASES[case]
    framed = np.pad(classes.astype(int), 1, constant_values=-1)
    for polygon in matched(classes):
        for ring in (polygon.exterior, *polygon.interiors):
            points = np.array(ring.coords[:-1])
            straight = (np.roll(points, 1, axis=0) == points) & (np.roll(points, -1, axis=0) == points)
            for column, row in points[straight.any(axis=1)].astype(int):
                around = framed[row : row + 2, column : column + 2]
                assert len(np.unique(np.where(around == UNLABELLED, -1, around))) == 3


def test_chunk_size_does_not_change_the_result(monkeypatch):
    classes = CASES["noise"]
    whole = matched(classes)
    monkeypatch.setattr(shared_vertices, "CHUNK_POINTS", 7)
    assert all(one.equals_exact(two) for one, two in zip(matched(classes), whole, strict=True))


def test_empty_input_gives_empty_output():
    assert share_vertices([], np.full((3, 3), UNLABELLED, "uint8")).size == 0
    assert to_map(np.array([], dtype=object), Grid("", (1, 0, 0, 0, -1, 0), 3, 3)).size == 0


def test_pixel_coordinates_are_converted_to_map_coordinates():
    turned = Grid("", (0.4, 0.3, 1000.0, 0.3, -0.4, 2000.0), 4, 4)
    (placed,) = to_map(np.array([shapely.box(1, 2, 3, 4)], dtype=object), turned)
    expected = shapely.Polygon([turned.point(1, 2), turned.point(3, 2), turned.point(3, 4), turned.point(1, 4)])
    assert placed.equals_exact(expected, 1e-9) or placed.symmetric_difference(expected).area < 1e-9
    assert placed.area == pytest.approx(1.0)
