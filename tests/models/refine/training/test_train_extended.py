"""Training of the extended refiner: held-out scores, best weights, and reproducibility."""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.refine.extended import ExtendedRefiner
from map_refiner.models.refine.training.held_out import best_step, coarse_miou, mean_iou_by_step
from map_refiner.models.refine.training.samples import LabelledTile, split
from map_refiner.models.refine.training.train_extended import train_extended

CPU = torch.device("cpu")


def fresh(seed=0):
    torch.manual_seed(seed)
    return ExtendedRefiner(3, 3)


def test_the_held_out_miou_beats_the_coarse_map_and_stays_high(tile):
    refiner = fresh()
    epochs = list(train_extended(refiner, [tile], 30, 0, CPU))
    by_step = mean_iou_by_step(refiner, [tile], split([tile], 0)[1], 20, CPU)
    assert by_step[0] == pytest.approx(coarse_miou([tile], 0))
    assert by_step[5] > by_step[0] + 0.05
    assert by_step[5] == pytest.approx(epochs[-1].held_out_miou)  # the last average is kept
    assert epochs[-1].is_best
    assert by_step[20] > by_step[5] - 0.05
    assert epochs[-1].loss < epochs[0].loss


@pytest.fixture
def misled(tile):
    """A tile with wrong training labels; its held-out labels equal the coarse map."""
    _, (held_out,) = split([tile], 0)
    own = tile.scores.argmax(0).astype("uint8")
    return LabelledTile(tile.scores, tile.image, np.where(held_out != UNLABELLED, own, 2 - own).astype("uint8"))


def test_weights_that_lower_the_held_out_miou_are_kept_with_best_step_0(misled):
    """The held-out blocks are few and may be unrepresentative; the user is informed and can inspect the map."""
    refiner = fresh()
    list(train_extended(refiner, [misled], 6, 0, CPU))
    by_step = mean_iou_by_step(refiner, [misled], split([misled], 0)[1], 5, CPU)
    assert by_step[0] == 1
    assert by_step[5] < 1
    assert best_step(by_step) == 0


def test_the_same_seed_gives_the_same_losses(tile):
    losses = [[epoch.loss for epoch in train_extended(fresh(), [tile], 2, seed, CPU)] for seed in (3, 3, 4)]
    assert losses[0] == losses[1] != losses[2]


def test_closing_early_keeps_the_best_weights(misled):
    """If all updates lowered the score, these are the initial weights, which leave the map unchanged."""
    refiner = fresh()
    epochs = train_extended(refiner, [misled], 10, 0, CPU)
    for _ in range(6):
        next(epochs)
    epochs.close()
    assert mean_iou_by_step(refiner, [misled], split([misled], 0)[1], 5, CPU)[5] == 1


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (30, 20)])
def test_training_accepts_tiles_smaller_than_a_patch(tile, size):
    place = (..., slice(36, 36 + size[0]), slice(55, 55 + size[1]))
    small = LabelledTile(tile.scores[place].copy(), tile.image[place].copy(), tile.labels[place].copy())
    assert all(np.isfinite(epoch.loss) for epoch in train_extended(fresh(), [small], 2, 0, CPU))


@pytest.mark.parametrize("updates", [1, 5])
def test_training_accepts_a_handful_of_updates(tile, updates):
    assert len(list(train_extended(fresh(), [tile], updates, 0, CPU))) == updates
