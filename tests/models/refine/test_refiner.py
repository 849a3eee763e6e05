"""Padding at scene borders and cropping at other sides."""

from itertools import product

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.borders import WHOLE, Borders
from map_refiner.models.refine.refiner import crop_halo, pad

SHAPES = [(3, 3), (5, 8), (3, 31)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("borders", [Borders(*sides) for sides in product((False, True), repeat=4)])
def test_padding_equals_numpy_at_borders_only(shape, borders):
    maps = torch.randn(2, *shape)
    widths = ((0, 0), (2 * borders.top, 2 * borders.bottom), (2 * borders.left, 2 * borders.right))
    assert np.array_equal(pad(maps, 2, borders).numpy(), np.pad(maps.numpy(), widths, mode="reflect"))


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (2, 2), (2, 1)])
def test_scenes_smaller_than_the_padding_are_padded(shape):
    maps = torch.randn(3, *shape)
    padded = pad(maps, 4, WHOLE)
    assert padded.shape == (3, shape[0] + 8, shape[1] + 8)
    assert np.array_equal(padded.numpy(), np.pad(maps.numpy(), ((0, 0), (4, 4), (4, 4)), mode="reflect"))


@pytest.mark.parametrize("borders", [Borders(*sides) for sides in product((False, True), repeat=4)])
def test_sides_that_are_not_borders_are_cropped(borders):
    maps = torch.arange(9 * 11).reshape(1, 9, 11)
    cut = crop_halo(maps, 3, borders)
    assert cut.shape == (1, 9 - 3 * (2 - borders.top - borders.bottom), 11 - 3 * (2 - borders.left - borders.right))
    assert cut[0, 0, 0] == maps[0, 0 if borders.top else 3, 0 if borders.left else 3]
    assert cut[0, -1, -1] == maps[0, -1 if borders.bottom else -4, -1 if borders.right else -4]
