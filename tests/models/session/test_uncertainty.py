"""Uncertain places of a map."""

import numpy as np
import pytest
from map_refiner.models.arrays.grid import Window
from map_refiner.models.arrays.score_maps import ScoreMaps
from map_refiner.models.session.uncertainty import find_uncertain_places, place_radius, uncertainty


def ignore(_):
    return None


def maps_of(grid, blobs, height=120, width=160):
    """Return a reader and the whole of confident scores with uncertain discs: (row, column, radius)."""
    scores = np.zeros((3, height, width), "float32")
    scores[0] = 8
    rows, columns = np.mgrid[:height, :width]
    for row, column, radius in blobs:
        inside = np.hypot(rows - row, columns - column) <= radius
        scores[0][inside] = scores[2][inside] = 1
        scores[2][inside] += 0.2
    whole = ScoreMaps(scores, ("a", "b", "c"), grid(height, width), np.ones((height, width), bool))

    def read(window):
        rows, columns = window.slices()
        part = whole.grid.crop(window)
        return ScoreMaps(scores[:, rows, columns], whole.classes, part, whole.valid[rows, columns])

    return read, whole


def test_uncertainty_ranges_from_zero_to_one():
    scores = np.array([[[0.0, 50.0]], [[0.0, 0.0]], [[0.0, 0.0]]], "float32")
    assert uncertainty(scores)[0] == pytest.approx([1, 0], abs=1e-6)


def test_larger_uncertain_regions_rank_first(grid):
    read, whole = maps_of(grid, [(30, 40, 12), (90, 90, 4), (30, 140, 7)])
    found = find_uncertain_places(read, whole.grid, 0.5, 3, ignore)
    places = [(place.row, place.column) for place in found]
    assert np.hypot(*np.subtract(places[0], (30, 40))) < 8
    assert np.hypot(*np.subtract(places[1], (30, 140))) < 6
    assert np.hypot(*np.subtract(places[2], (90, 90))) < 4
    assert [place.first for place in found] == [2, 2, 2]
    assert [place.second for place in found] == [0, 0, 0]
    assert found[0].score > found[1].score > found[2].score > 0


def test_uncertain_places_keep_a_minimum_distance(grid):
    read, whole = maps_of(grid, [(60, 80, 55)])
    places = [(d.row, d.column) for d in find_uncertain_places(read, whole.grid, 0.5, 20, ignore)]
    apart = [np.hypot(*np.subtract(a, b)) for n, a in enumerate(places) for b in places[:n]]
    assert len(places) >= 3
    assert min(apart) >= 6 * place_radius(0.5)


def test_confident_maps_score_near_zero_and_nodata_yields_no_places(grid):
    read, whole = maps_of(grid, [])
    assert all(place.score < 0.01 for place in find_uncertain_places(read, whole.grid, 0.5, 5, ignore))
    scores = np.zeros((2, 30, 30), "float32")
    none = ScoreMaps(scores, ("a", "b"), grid(30, 30), np.zeros((30, 30), bool))
    assert find_uncertain_places(lambda _: none, none.grid, 0.5, 5, ignore) == []


def test_a_tiled_search_finds_the_same_places(grid, monkeypatch):
    read, whole = maps_of(grid, [(30, 40, 12), (90, 90, 4), (30, 140, 7)])
    once = find_uncertain_places(read, whole.grid, 0.5, 3, ignore)
    monkeypatch.setattr("map_refiner.models.session.uncertainty.SEARCH_TILE_PX", 50)
    tiled = find_uncertain_places(read, whole.grid, 0.5, 3, ignore)
    assert [(d.row, d.column) for d in tiled] == [(d.row, d.column) for d in once]


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (5, 3)])
def test_tiny_scenes_have_an_uncertain_place(grid, size):
    scores = np.zeros((2, *size), "float32")
    maps = ScoreMaps(scores, ("a", "b"), grid(*size), np.ones(size, bool))
    found = find_uncertain_places(lambda window: maps, maps.grid, None, 5, ignore)
    assert len(found) >= 1
    assert Window(found[0].row, found[0].column, 1, 1)
