"""Training of the faithful refiner: a better held-out score, reproducibility, and the best weights."""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.refine.rnn import RefinementRNN
from map_refiner.models.refine.training.held_out import coarse_miou, mean_iou_by_step
from map_refiner.models.refine.training.samples import LabelledTile
from map_refiner.models.refine.training.train_faithful import train_faithful
from map_refiner.models.training.holdout import hold_out

CPU = torch.device("cpu")


def fresh(seed=0):
    torch.manual_seed(seed)
    return RefinementRNN(3, 3)


def test_the_held_out_miou_beats_the_coarse_map(tile):
    refiner = fresh()
    coarse = coarse_miou([tile], 0)
    epochs = list(train_faithful(refiner, [tile], 8, 0, CPU))
    held_out = [hold_out(tile.labels, 0, 10)[1]]
    best = max(epoch.held_out_miou for epoch in epochs if epoch.held_out_miou is not None)
    assert best > coarse + 0.1
    assert mean_iou_by_step(refiner, [tile], held_out, 5, CPU)[-1] == pytest.approx(best)  # has the best weights
    assert epochs[-1].loss < epochs[0].loss
    assert [update.update for update in epochs if update.held_out_miou is not None] == [1, 8]


def test_the_same_seed_gives_the_same_losses_and_weights(tile):
    found = []
    for seed in (3, 3, 4):
        refiner = fresh()
        losses = [epoch.loss for epoch in train_faithful(refiner, [tile], 2, seed, CPU)]
        found.append((losses, refiner.hidden.detach().clone()))
    assert found[0][0] == found[1][0]
    assert torch.equal(found[0][1], found[1][1])
    assert found[0][0] != found[2][0]


def test_closing_early_keeps_the_best_weights(tile):
    refiner = fresh()
    epochs = train_faithful(refiner, [tile], 10, 0, CPU)
    first = next(epochs)
    kept = {name: value.clone() for name, value in refiner.state_dict().items()}
    next(epochs)
    assert not torch.equal(refiner.hidden, kept["hidden"])
    epochs.close()
    assert first.is_best
    assert all(torch.equal(value, kept[name]) for name, value in refiner.state_dict().items())


def test_held_out_pixels_do_not_influence_the_training(tile):
    """Neither labels, scores nor image of held-out blocks change the losses, even within the reach of a step."""
    held_out = hold_out(tile.labels, 0, 10)[1] != UNLABELLED
    wrong = LabelledTile(
        np.where(held_out, tile.scores + 3, tile.scores).astype("float32"),
        np.where(held_out, -2 * tile.image, tile.image).astype("float32"),
        np.where(held_out, 2 - tile.labels, tile.labels).astype("uint8"),
    )
    found = [[epoch.loss for epoch in train_faithful(fresh(), [one], 3, 0, CPU)] for one in (tile, wrong)]
    assert found[0] == pytest.approx(found[1], rel=1e-5)


def test_the_first_update_moves_many_weights_by_the_learning_rate(tile):
    """No weight moves farther, because AdaGrad normalizes the gradient."""
    refiner, other = fresh(), fresh()
    epochs = train_faithful(refiner, [tile], 5, 0, CPU)
    next(epochs)
    first = {name: value.clone() for name, value in refiner.state_dict().items()}
    epochs.close()
    for name, value in other.state_dict().items():
        moved = (first[name] - value).abs()
        assert moved.max() <= 0.01 * 1.001, name  # AdaGrad's first update is rate * sign(gradient)
        assert (moved > 0.0099).float().mean() > 0.3, name


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (30, 20)])
def test_training_accepts_tiles_smaller_than_a_patch(tile, size):
    rows, columns = size
    labels = tile.labels[36 : 36 + rows, 55 : 55 + columns].copy()
    small = LabelledTile(
        tile.scores[:, 36 : 36 + rows, 55 : 55 + columns].copy(),
        tile.image[:, 36 : 36 + rows, 55 : 55 + columns].copy(),
        labels,
    )
    epochs = list(train_faithful(fresh(), [small], 2, 0, CPU))
    assert all(np.isfinite(epoch.loss) for epoch in epochs)


def test_several_tiles_are_evaluated_together(tile):
    left = LabelledTile(tile.scores[:, :, :60].copy(), tile.image[:, :, :60].copy(), tile.labels[:, :60].copy())
    right = LabelledTile(tile.scores[:, :, 60:].copy(), tile.image[:, :, 60:].copy(), tile.labels[:, 60:].copy())
    epochs = list(train_faithful(fresh(), [left, right], 1, 0, CPU))
    assert 0 < epochs[0].held_out_miou < 1
    assert 0 < coarse_miou([left, right], 0) < 1
