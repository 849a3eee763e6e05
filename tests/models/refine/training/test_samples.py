"""Held-out evaluation of a refiner: all of a small tile, some cells of a large one.

Modules that this file covers: models/refine/training/held_out.py.
"""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.errors import Interrupted
from map_refiner.models.refine.extended import ExtendedRefiner
from map_refiner.models.refine.registry import REFINER_TRAINERS, make_refiner
from map_refiner.models.refine.training import held_out, samples
from map_refiner.models.refine.training.held_out import held_out_parts, mean_iou_by_step
from map_refiner.models.refine.training.samples import split

CPU = torch.device("cpu")


@pytest.fixture
def large(monkeypatch):
    """Lower limits, so that the test tiles count as large."""
    monkeypatch.setattr(held_out, "WHOLE_PX", 100)
    monkeypatch.setattr(held_out, "CELL_PX", 32)


@pytest.fixture
def refiner():
    torch.manual_seed(0)
    refiner = ExtendedRefiner(3, 3)
    torch.nn.init.normal_(refiner.out.weight, std=0.5)
    return refiner


def test_cells_are_evaluated_as_in_the_whole_tile(tile, refiner, large, monkeypatch):
    known = np.where(np.arange(tile.labels.shape[1]) % 50 < 20, tile.labels, UNLABELLED).astype("uint8")
    monkeypatch.setattr(held_out, "MOST_CELLS", 1000)
    by_cells = mean_iou_by_step(refiner, [tile], [known], 4, CPU)
    monkeypatch.setattr(held_out, "WHOLE_PX", known.size)
    assert len(held_out_parts([tile], [known], 0)) == 1
    assert by_cells == pytest.approx(mean_iou_by_step(refiner, [tile], [known], 4, CPU))
    assert by_cells[4] != by_cells[0]


def test_the_same_few_cells_of_a_large_tile_are_evaluated_each_time(tile, refiner, large, monkeypatch):
    monkeypatch.setattr(held_out, "MOST_CELLS", 3)
    parts = held_out_parts([tile, tile], [tile.labels] * 2, 0)
    assert len(parts) == 3
    assert all(part.labels.shape == part.scores.shape[1:] == part.image.shape[1:] for part in parts)
    assert all(max(part.labels.shape) <= 32 for part in parts)
    wider = held_out_parts([tile, tile], [tile.labels] * 2, 10)
    for narrow, wide in zip(parts, wider, strict=True):
        assert np.count_nonzero(wide.labels != UNLABELLED) == np.count_nonzero(narrow.labels != UNLABELLED)
    first, *_ = mean_iou_by_step(refiner, [tile, tile], [tile.labels] * 2, 2, CPU)
    assert first == mean_iou_by_step(None, [tile, tile], [tile.labels] * 2, 0, CPU)[0]


def broken_off_after(steps, kind, monkeypatch):
    """Return a check that interrupts after `steps` evaluated steps of the class `kind`, and the list of these steps."""
    made, step = [], kind.step

    def counted(*arguments):
        if torch.is_inference_mode_enabled():  # evaluation, not training
            made.append(arguments)
        return step(*arguments)

    def check():
        if len(made) >= steps:
            raise Interrupted("Cancelled.")

    monkeypatch.setattr(kind, "step", counted)
    return check, made


@pytest.mark.parametrize("steps", [4, 5])  # at the end of a cell, and within one
def test_evaluation_can_be_cancelled_between_cells_and_steps(tile, refiner, large, monkeypatch, steps):
    assert len(held_out_parts([tile], [tile.labels], 0)) > 2
    check, made = broken_off_after(steps, ExtendedRefiner, monkeypatch)
    with pytest.raises(Interrupted):
        mean_iou_by_step(refiner, [tile], [tile.labels], 4, CPU, check)
    assert len(made) == steps
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize("kind", ["extended", "faithful", "crf"])
def test_every_trainer_can_be_cancelled_during_evaluation(tile, kind, monkeypatch):
    refiner = make_refiner(kind, 3, 3)
    check, made = broken_off_after(2, type(refiner), monkeypatch)
    with pytest.raises(Interrupted):
        list(REFINER_TRAINERS[kind](refiner, [tile], 1, 0, CPU, check))
    assert len(made) == 2
    assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize(("count", "away"), [(4, 1), (6, 2), (12, 3)])
def test_whole_tiles_are_held_out_if_there_are_many(tile, count, away):
    for learnt, held in (split([tile] * count, 0), split([tile] * count, 1)):
        shares = [(np.mean(known != UNLABELLED), np.mean(apart != UNLABELLED)) for known, apart in zip(learnt, held)]
        whole = np.mean(tile.labels != UNLABELLED)
        assert sorted(shares) == [(0, whole)] * away + [(whole, 0)] * (count - away)


def test_blocks_are_held_out_if_there_are_few_tiles(tile):
    learnt, held_out = split([tile] * 3, 0)
    assert all((labels != UNLABELLED).any() for labels in (*learnt, *held_out))


@pytest.mark.parametrize("kind", ["extended", "faithful", "crf"])
def test_every_trainer_accepts_many_tiles(tile, kind):
    small = samples.LabelledTile(*(each[..., 30:80, 40:90].copy() for each in (tile.scores, tile.image, tile.labels)))
    epochs = list(REFINER_TRAINERS[kind](make_refiner(kind, 3, 3), [small] * 4, 2, 0, CPU))
    assert all(np.isfinite(epoch.loss) for epoch in epochs)
    assert epochs[-1].held_out_miou > 0
