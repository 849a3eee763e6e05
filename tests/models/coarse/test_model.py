"""Tiled scores of a coarse model: equal to untiled scores.

Modules that this file covers: models/tiling/classify_tile.py.
"""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.grid import Window
from map_refiner.models.arrays.tiles import tiles
from map_refiner.models.coarse.fcn import FCN
from map_refiner.models.scene.scene import Scene
from map_refiner.models.tiling.classify_tile import score_window


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return FCN(2, 1).eval()


def scored(net, scene, size):
    whole = np.full((2, scene.grid.height, scene.grid.width), np.nan, "float32")
    for tile in tiles(scene.grid.height, scene.grid.width, size, 0):
        part = score_window(net, scene, tile.core, torch.device("cpu"))
        whole[(slice(None), *tile.core.slices())] = part
    return whole


@pytest.mark.parametrize("size", [(1, 1), (1, 53), (61, 1), (7, 5), (53, 67), (64, 60)])
def test_tiled_equals_untiled(net, raster, size):
    image = np.random.default_rng(0).normal(100, 20, (1, *size)).astype("float32")
    with Scene(raster("a.tif", image)) as scene:
        untiled = scored(net, scene, 1000)
        assert np.isfinite(untiled).all()
        for tile in (8, 20, 64):
            assert np.abs(scored(net, scene, tile) - untiled).max() <= 1e-5 * np.abs(untiled).max()


def test_the_image_is_mirrored_only_at_the_borders_of_the_scene(net, raster):
    image = np.random.default_rng(0).normal(100, 20, (1, 90, 110)).astype("float32")
    with Scene(raster("a.tif", image)) as scene:
        standard, _ = scene.read(Window(0, 0, 90, 110))
        padded = np.pad(standard, ((0, 0), (30, 32), (30, 32)), mode="reflect")
        with torch.no_grad():
            expected = net(torch.from_numpy(padded)[None])[0].numpy()[:, :90, :110]
        assert np.allclose(scored(net, scene, 32), expected, atol=1e-5)
