"""Scores, grids and windows.

Modules that this file covers: models/arrays/grid.py.
"""

import numpy as np
import pytest
import shapely
from map_refiner.models.arrays.grid import Grid, Window
from map_refiner.models.arrays.score_maps import LOG_FLOOR, UNLABELLED, ScoreMaps, logits, probabilities
from map_refiner.models.errors import RefinerError

TURNED = Grid("", (0.4, 0.3, 1000.0, 0.3, -0.4, 2000.0), 30, 20)


def random_scores(classes=3, height=4, width=5, spread=3):
    return np.random.default_rng(0).normal(0, spread, (classes, height, width)).astype(np.float32)


def test_probabilities_sum_to_one_and_keep_the_order():
    scores = random_scores(spread=40)
    found = probabilities(scores)
    assert found.dtype == np.float32
    assert np.allclose(found.sum(axis=0), 1, atol=1e-6)
    assert np.array_equal(found.argmax(axis=0), scores.argmax(axis=0))


def test_logits_equal_the_scores_up_to_a_constant_per_pixel():
    scores = random_scores(spread=1)
    difference = logits(probabilities(scores)) - scores
    assert np.allclose(difference, difference[:1], atol=1e-5)


def test_logits_of_zero_are_finite_and_sums_are_normalised():
    maps = np.array([[[0.0, 2.0, 0.0]], [[1.0, 6.0, 0.0]]], dtype=np.float32)
    found = logits(maps)
    assert np.isfinite(found).all()
    assert found[0, 0, 0] == pytest.approx(np.log(LOG_FLOOR), abs=1e-4)
    assert np.exp(found[:, 0, 1]).tolist() == pytest.approx([0.25, 0.75])
    assert found[0, 0, 2] == found[1, 0, 2]


def test_class_indices_mark_pixels_without_data_as_unlabelled():
    scores = random_scores()
    valid = np.ones((4, 5), dtype=bool)
    valid[1, 2] = False
    found = ScoreMaps(scores, ("a", "b", "c"), Grid("", (1, 0, 0, 0, -1, 0), 5, 4), valid).class_indices()
    assert found[1, 2] == UNLABELLED
    assert np.array_equal(found[valid], scores.argmax(axis=0)[valid])


@pytest.mark.parametrize(
    ("shape", "classes", "mask"), [((2, 4, 5), 3, (4, 5)), ((3, 5, 4), 3, (4, 5)), ((3, 4, 5), 3, (5, 4))]
)
def test_mismatched_shapes_are_refused(shape, classes, mask):
    grid = Grid("", (1, 0, 0, 0, -1, 0), 5, 4)
    with pytest.raises(RefinerError, match="4 rows x 5 columns"):
        ScoreMaps(np.zeros(shape, np.float32), tuple("abc"[:classes]), grid, np.ones(mask, bool))


@pytest.mark.parametrize("size", [(0, 3), (3, 0), (-1, 2)])
def test_a_grid_without_pixels_is_refused(size):
    with pytest.raises(RefinerError, match="at least one pixel"):
        Grid("", (1, 0, 0, 0, -1, 0), *size)


def test_a_cropped_grid_keeps_the_coordinates_of_its_pixels():
    part = TURNED.crop(Window(5, 7, 4, 6))
    assert (part.height, part.width) == (4, 6)
    for column, row in ((0, 0), (6, 4), (2.5, 1.5)):
        assert part.point(column, row) == pytest.approx(TURNED.point(column + 7, row + 5))


def test_resizing_keeps_the_extent():
    other = TURNED.resized(7, 11)
    assert (other.width, other.height) == (7, 11)
    for one, two in zip(other.corners(), TURNED.corners(), strict=True):
        assert one == pytest.approx(two)


def test_corners_are_in_ring_order():
    assert shapely.Polygon(TURNED.corners()).area == pytest.approx(30 * 20 * 0.25)


def test_grids_match_within_a_hundredth_of_a_pixel():
    near = Grid("", (0.4, 0.3, 1000.002, 0.3, -0.4, 2000.0), 30, 20)
    off = Grid("", (0.4, 0.3, 1000.02, 0.3, -0.4, 2000.0), 30, 20)
    stretched = Grid("", (0.4005, 0.3, 1000.0, 0.3, -0.4, 2000.0), 30, 20)
    assert TURNED.matches(near)
    assert not TURNED.matches(off)
    assert not TURNED.matches(stretched)
    assert not TURNED.matches(TURNED.crop(Window(0, 0, 19, 30)))


def test_windows_cut_arrays():
    array = np.arange(48).reshape(6, 8)
    inner, outer = Window(2, 3, 3, 4), Window(1, 1, 5, 7)
    assert array[inner.slices()].shape == (3, 4)
    assert array[inner.slices()][0, 0] == 2 * 8 + 3
    assert np.array_equal(array[outer.slices()][inner.slices(outer)], array[inner.slices()])
