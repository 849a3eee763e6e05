"""Mirroring at the borders of a scene."""

import numpy as np
import pytest
from map_refiner.models.arrays.borders import reflect


@pytest.mark.parametrize("length", [2, 3, 7, 20])
@pytest.mark.parametrize("width", [0, 1, 5, 30])
def test_reflect_matches_numpy_pad(length, width):
    line = np.arange(length)
    assert np.array_equal(line[reflect(-width, length + width, length)], np.pad(line, width, mode="reflect"))


def test_one_pixel_is_its_own_mirror():
    assert reflect(-30, 31, 1).tolist() == [0] * 61


def test_reflect_accepts_a_part_of_the_axis():
    assert reflect(2, 6, 4).tolist() == [2, 3, 2, 1]
