"""Strip-by-strip sieving: the same result as for the whole raster, without small parts at the seams."""

import numpy as np
import pytest
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.io.rasterize import sieve
from map_refiner.models.polygons import sieve as sieving
from map_refiner.models.polygons.sieve import sieve_classes
from scipy import ndimage


@pytest.fixture
def strips(monkeypatch):
    """Strips of eight rows."""
    monkeypatch.setattr(sieving, "STRIP_PX", 1)
    monkeypatch.setattr(sieving, "STRIP_ROWS", 8)


def by_strips(classes, fewest):
    looks = []

    def read(window):
        looks.append(window.height)
        return classes[window.slices()]

    result, done = np.empty_like(classes), 0
    for window, strip in sieve_classes(read, *classes.shape, fewest):
        assert window.row == done
        result[window.slices()], done = strip, done + window.height
    assert done == len(classes)
    assert len(looks) == -(-done // 8)
    assert max(looks) <= 8 + fewest
    return result


def test_strips_sieve_small_parts_like_the_whole_raster(strips):
    classes = np.zeros((40, 30), "uint8")
    classes[:, 20:] = 2
    classes[2:4, 3:5] = classes[7:9, 3:5] = classes[15:18, 10:13] = classes[20:30, 5:9] = 1
    classes[31:33, 18:20] = 1  # between two large parts
    classes[38:, 28:] = UNLABELLED
    found = by_strips(classes, 10)
    assert np.array_equal(found, sieve(classes, 10))
    assert (found[20:30, 5:9] == 1).all()
    assert np.count_nonzero(found == 1) == 40


def test_a_long_part_cut_by_strips_is_not_sieved(strips):
    classes = np.zeros((40, 12), "uint8")
    classes[:, 5] = 1
    assert np.array_equal(by_strips(classes, 9), classes)


def test_no_small_parts_remain_in_noise(strips):
    noise = np.random.default_rng(0).integers(0, 3, (83, 60)).astype("uint8")
    found = by_strips(noise, 20)
    for k in range(3):
        parts, _ = ndimage.label(found == k)
        sizes = np.bincount(parts.ravel())[1:]
        assert sizes.size == 0 or sizes.min() >= 20
