"""Exact tiled inference: any number of steps, tiles of any size."""

import pytest
import torch
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.arrays.tiles import tiles
from map_refiner.models.refine.registry import make_refiner
from map_refiner.models.refine.unroll import from_prepared, refine_steps, total_halo
from map_refiner.models.shared.model_kinds import TRAINING_FREE

SIZES = [(1, 1), (1, 29), (31, 1), (13, 17), (29, 23)]


def last(steps):
    *_, scores = steps
    return scores


def refined_in_tiles(net, scores, image, steps, size):
    """Refine tile by tile, each with the halo for `steps` steps, and assemble the cores."""
    _, height, width = scores.shape
    whole = torch.full_like(scores, torch.nan)
    halo = total_halo(net, steps)
    for tile in tiles(height, width, size, halo):
        rows, columns = tile.outer.slices()
        after = last(refine_steps(net, scores[:, rows, columns], image[:, rows, columns], tile.borders, steps))
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
    untiled = last(refine_steps(net, scores, image, WHOLE, steps))
    for tile in (3, 8, 16):
        tiled = refined_in_tiles(net, scores, image, steps, tile)
        assert (tiled - untiled).abs().max() <= 1e-5 * untiled.abs().max()


@pytest.mark.parametrize("steps", range(1, 9))
@pytest.mark.parametrize("kind", sorted(TRAINING_FREE))
def test_tiled_equals_untiled_for_training_free_kinds(kind, steps):
    net = make_refiner(kind, 3, 2)
    values = net.candidates()[steps * 7 % len(net.candidates())]
    net.use({name: min(value, 4) if name == "inner" else value for name, value in values.items()})  # next test: all ten
    torch.manual_seed(steps)
    for size in SIZES:
        scores, image = 2 * torch.randn(3, *size), torch.randn(2, *size)
        untiled = last(refine_steps(net, scores, image, WHOLE, steps))
        assert untiled.shape == scores.shape
        tiled = refined_in_tiles(net, scores, image, steps, 13)
        assert (tiled - untiled).abs().max() <= 1e-5 * untiled.abs().max()


@pytest.mark.parametrize("kind", sorted(TRAINING_FREE))
def test_long_scenes_are_refined_exactly_in_tiles(kind):
    """A scene longer than two halos, so that some tiles end inside it; with the most time steps allowed."""
    net = make_refiner(kind, 3, 2)
    if "inner" in net.candidates()[0]:
        net.use({"inner": 10})
    steps = 2
    scores, image = 2 * torch.randn(3, 7, 211), torch.randn(2, 7, 211)
    for turned in (False, True):
        maps = (scores.mT, image.mT) if turned else (scores, image)
        untiled = last(refine_steps(net, *maps, WHOLE, steps))
        tiled = refined_in_tiles(net, *maps, steps, 31)
        assert (tiled - untiled).abs().max() <= 1e-5 * untiled.abs().max()
        other = maps[0].clone()
        other[0, 0, 0] += 9  # ensures that the scores change at all
        assert (last(refine_steps(net, other, maps[1], WHOLE, steps)) - untiled).abs().max() > 1e-2


@pytest.mark.parametrize("kind", sorted(TRAINING_FREE))
def test_steps_continue_from_a_stored_state(kind):
    """The whole state and a newly prepared image term are used, as in a session that reads the state from disk."""
    net = make_refiner(kind, 3, 2)
    scores, image = torch.randn(3, 19, 23), torch.randn(2, 19, 23)
    state = net.start(scores)
    assert state.shape == (net.channels, 19, 23)
    for index in range(3):
        (state,) = from_prepared(net, state.clone(), net.prepare(image, scores, WHOLE), WHOLE, range(index, index + 1))
    assert torch.equal(state[:3], last(refine_steps(net, scores, image, WHOLE, 3)))


def test_every_step_is_yielded(refiner):
    net = refiner()
    scores, image = torch.randn(3, 11, 12), torch.randn(3, 11, 12)
    every = list(refine_steps(net, scores, image, WHOLE, 4))
    assert len(every) == 4
    again = scores
    with torch.no_grad():
        for found in every:
            again = net.plain_step(again, image, WHOLE)
            assert torch.allclose(found, again, rtol=1e-4, atol=1e-4)


def test_pixels_without_data_are_unchanged(refiner):
    net = refiner()
    scores, image = torch.randn(3, 14, 15), torch.randn(3, 14, 15)
    valid = torch.rand(14, 15) > 0.3
    for after in refine_steps(net, scores, image, WHOLE, 3, valid):
        assert torch.equal(after[:, ~valid], scores[:, ~valid])
        assert not torch.equal(after[:, valid], scores[:, valid])


def test_refinement_keeps_no_gradients(refiner):
    net = refiner()
    after = last(refine_steps(net, torch.randn(3, 8, 8), torch.randn(3, 8, 8), WHOLE, 1))
    assert not after.requires_grad
