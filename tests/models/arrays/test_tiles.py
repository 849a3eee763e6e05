"""Tiles that cover a scene once, with the available neighbours."""

import numpy as np
import pytest
from map_refiner.models.arrays.borders import WHOLE, Borders
from map_refiner.models.arrays.grid import Window
from map_refiner.models.arrays.tiles import count, surround, tiles

SIZES = [(1, 1), (1, 17), (23, 1), (16, 16), (17, 31), (64, 5)]


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("size", [1, 4, 16, 1000])
@pytest.mark.parametrize("halo", [0, 2, 30])
def test_cores_cover_every_pixel_once_and_outers_stay_inside(height, width, size, halo):
    seen = np.zeros((height, width), dtype=int)
    found = list(tiles(height, width, size, halo))
    for tile in found:
        seen[tile.core.slices()] += 1
        assert tile.outer.row >= 0
        assert tile.outer.column >= 0
        assert tile.outer.row + tile.outer.height <= height
        assert tile.outer.column + tile.outer.width <= width
    assert (seen == 1).all()
    assert len(found) == count(height, width, size)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_a_side_is_a_border_only_if_neighbours_are_missing(height, width):
    for tile in tiles(height, width, 4, 3):
        core, outer = tile.core, tile.outer
        missing = Borders(
            core.row - outer.row < 3,
            core.column - outer.column < 3,
            outer.row + outer.height - core.row - core.height < 3,
            outer.column + outer.width - core.column - core.width < 3,
        )
        assert tile.borders == missing


def test_a_whole_scene_has_four_borders():
    (tile,) = tiles(5, 7, 10, 2)
    assert tile.borders == WHOLE
    assert tile.core == tile.outer == Window(0, 0, 5, 7)


def test_a_side_with_just_enough_neighbours_is_not_a_border():
    assert surround(Window(2, 2, 4, 4), 8, 8, 2).borders == Borders(False, False, False, False)
    assert surround(Window(2, 2, 4, 4), 8, 7, 2).borders == Borders(False, False, False, True)
