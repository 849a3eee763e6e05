"""Tiles are exact: at every number of steps, in tiles of any size."""

import pytest
import torch
from map_refiner.models.borders import WHOLE
from map_refiner.models.refine.run import refine
from map_refiner.models.tiles import tiles

SIZES = [(1, 1), (1, 29), (31, 1), (13, 17), (29, 23)]


def last(steps):
    *_, scores = steps
    return scores


def refined_in_tiles(net, scores, image, steps, size):
    """Refine tile by tile, each with a halo of what `steps` steps reach, and put the cores together."""
    _, height, width = scores.shape
    whole = torch.full_like(scores, torch.nan)
    halo = steps * net.halo
    for tile in tiles(height, width, size, halo):
        rows, columns = tile.outer.slices()
        after = last(refine(net, scores[:, rows, columns], image[:, rows, columns], tile.borders, steps))
        top = tile.core.row - (tile.outer.row if tile.borders.top else tile.core.row)
        left = tile.core.column - (tile.outer.column if tile.borders.left else tile.core.column)
        core = after[:, top : top + tile.core.height, left : left + tile.core.width]
        whole[(slice(None), *tile.core.slices())] = core
    return whole


@pytest.mark.parametrize("steps", range(1, 9))
@pytest.mark.parametrize("size", SIZES)
def test_tiled_equals_untiled(refiner, steps, size):
    net = refiner(scale=0.5, seed=steps)
    scores, image = 2 * torch.randn(3, *size), torch.randn(3, *size)
    untiled = last(refine(net, scores, image, WHOLE, steps))
    for tile in (3, 8, 16):
        tiled = refined_in_tiles(net, scores, image, steps, tile)
        assert (tiled - untiled).abs().max() <= 1e-5 * untiled.abs().max()


def test_yields_every_step(refiner):
    net = refiner()
    scores, image = torch.randn(3, 11, 12), torch.randn(3, 11, 12)
    every = list(refine(net, scores, image, WHOLE, 4))
    assert len(every) == 4
    again = scores
    with torch.no_grad():
        for found in every:
            again = net.plain_step(again, image, WHOLE)
            assert torch.allclose(found, again, rtol=1e-4, atol=1e-4)


def test_what_has_no_data_stays_as_it_came(refiner):
    net = refiner()
    scores, image = torch.randn(3, 14, 15), torch.randn(3, 14, 15)
    valid = torch.rand(14, 15) > 0.3
    for after in refine(net, scores, image, WHOLE, 3, valid):
        assert torch.equal(after[:, ~valid], scores[:, ~valid])
        assert not torch.equal(after[:, valid], scores[:, valid])


def test_keeps_no_gradients(refiner):
    net = refiner()
    after = last(refine(net, torch.randn(3, 8, 8), torch.randn(3, 8, 8), WHOLE, 1))
    assert not after.requires_grad
