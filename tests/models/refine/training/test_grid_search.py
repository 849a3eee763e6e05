"""Grid search: the parameters with the best held-out score are kept, whenever it is stopped.

Modules that this file covers: models/refine/tunable.py.
"""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.refine.crf import CRF
from map_refiner.models.refine.diffusion import Heat, PeronaMalik
from map_refiner.models.refine.opinion_pool import OpinionPool
from map_refiner.models.refine.registry import REFINER_TRAINERS, make_refiner
from map_refiner.models.refine.rnn import USUAL_STEPS
from map_refiner.models.refine.training import grid_search as searching
from map_refiner.models.refine.training.grid_search import grid_search
from map_refiner.models.refine.training.held_out import mean_iou_by_step
from map_refiner.models.refine.training.samples import LabelledTile, split
from map_refiner.models.refine.unroll import total_halo
from map_refiner.models.shared.model_kinds import TRAINING_FREE
from map_refiner.models.weights.checkpoint import ModelCard, load_refiner, save_model

CPU = torch.device("cpu")


def checkers(height, width, noise, seed=0, every=12):
    """Return a tile of two classes in squares, with a clean image and noisy scores."""
    generator = np.random.default_rng(seed)
    rows, columns = np.indices((height, width))
    labels = ((rows // every + columns // every) % 2).astype(np.uint8)
    image = (labels * 2.0 - 1 + 0.1 * generator.standard_normal((2, height, width))).astype(np.float32)
    scores = np.stack([1 - labels, labels]) + noise * generator.standard_normal((2, height, width))
    return LabelledTile(scores.astype(np.float32), image, labels)


@pytest.fixture(scope="module")
def tile():
    return checkers(72, 80, 1.5)


def values_of(refiner):
    return {each.name: pytest.approx(refiner.value(each.name)) for each in refiner.tunable}


@pytest.mark.parametrize("kind", sorted(TRAINING_FREE))
def test_all_candidate_parameters_are_valid(kind):
    refiner = make_refiner(kind, 2, 1)
    for each in refiner.tunable:
        assert each.usual in each.tried
        assert all(each.least <= value <= each.most for value in each.tried)
    candidates = refiner.candidates()
    assert candidates[0] == {each.name: each.usual for each in refiner.tunable} == values_of(refiner)
    assert len({tuple(each.values()) for each in candidates}) == len(candidates)
    assert len(candidates) == np.prod([len(each.tried) for each in refiner.tunable])
    for values in candidates:
        refiner.use(values)
        assert values == values_of(refiner)


def test_grid_search_trains_the_training_free_kinds():
    assert {kind for kind, train in REFINER_TRAINERS.items() if train is grid_search} == TRAINING_FREE


@pytest.mark.parametrize("kind", sorted(TRAINING_FREE))
def test_parameters_are_restored_from_the_weights_file(kind, tmp_path):
    refiner = make_refiner(kind, 2, 3)
    refiner.use(refiner.candidates()[-1])
    save_model(tmp_path / "r.safetensors", refiner, ModelCard(kind, ("a", "b"), 3, 0.5))
    again, card = load_refiner(tmp_path / "r.safetensors")
    assert card.kind == kind
    assert refiner.candidates()[-1] == values_of(again)
    state = again.start(torch.randn(2, 9, 8))
    assert state.shape == (again.channels, 9, 8)


def test_the_best_of_the_tried_parameters_are_kept(tile):
    refiner = CRF(2, 2)
    epochs = list(grid_search(refiner, [tile], 6, 0, CPU))
    held_out = [epoch.held_out_miou for epoch in epochs]
    assert [(each.update, each.updates) for each in epochs] == [(n, 6) for n in range(1, 7)]
    assert [epoch.is_best for epoch in epochs] == [
        value > max(held_out[:n], default=-1) for n, value in enumerate(held_out)
    ]
    learnt, judged = split([tile], 0)
    found = mean_iou_by_step(refiner, [tile], judged, USUAL_STEPS, CPU)
    assert found[-1] == pytest.approx(max(held_out))
    assert found[-1] > found[0] + 0.15
    best = epochs[held_out.index(max(held_out))]
    assert 1 - best.loss == pytest.approx(mean_iou_by_step(refiner, [tile], learnt, USUAL_STEPS, CPU)[-1])


def test_the_best_parameters_are_chosen_by_held_out_score_only(tile, monkeypatch):
    marks = iter([(0.5, 0.6), (0.9, 0.4), (0.1, 0.7), (0.8, 0.7)])
    monkeypatch.setattr(searching, "_score", lambda *_: next(marks))
    refiner = OpinionPool(2, 2)
    tried = []
    epochs = []
    for epoch in grid_search(refiner, [tile], 4, 0, CPU):
        tried.append(values(refiner))
        epochs.append(epoch)
    assert [epoch.is_best for epoch in epochs] == [True, False, True, False]
    assert [epoch.loss for epoch in epochs] == pytest.approx([0.5, 0.1, 0.9, 0.2])
    assert values(refiner) == tried[2]


def test_the_usual_parameters_come_first_and_the_seed_orders_the_others(tile, monkeypatch):
    tried = {}
    for seed in (0, 0, 1):
        order = []
        monkeypatch.setattr(
            searching, "_score", lambda refiner, *_, order=order: (0.5, order.append(values(refiner)) or 0.5)
        )
        list(grid_search(PeronaMalik(2, 2), [tile], 20, seed, CPU))
        assert order[0] == values(PeronaMalik(2, 2))
        assert len(set(order)) == 20
        assert seed not in tried or tried[seed] == order
        tried[seed] = order
    assert tried[0] != tried[1]


def values(refiner):
    return tuple(refiner.value(each.name) for each in refiner.tunable)


def test_each_candidate_of_a_small_grid_is_tried_once(tile):
    epochs = list(grid_search(Heat(2, 2), [tile], 1000, 0, CPU))
    assert len(epochs) == epochs[0].updates == len(Heat.candidates())


def test_closing_early_keeps_the_best_parameters(tile):
    refiner = OpinionPool(2, 2)
    epochs = grid_search(refiner, [tile], 9, 0, CPU)
    seen = []
    for epoch in epochs:
        seen.append((epoch.held_out_miou, values(refiner)))
        if len(seen) == 4:
            break
    epochs.close()
    assert values(refiner) == max(seen, key=lambda pair: pair[0])[1]


def test_a_part_of_a_large_tile_is_refined_like_the_whole():
    """Labels lie in one corner of 620 x 460 px; the part gives the mean IoU of the whole tile."""
    whole = checkers(620, 460, 1.5, every=9)
    labels = np.full_like(whole.labels, UNLABELLED)
    labels[430:, 250:] = whole.labels[430:, 250:]
    whole = LabelledTile(whole.scores, whole.image, labels)
    refiner = OpinionPool(2, 2)
    learnt, held_out = split([whole], 0)
    piece = searching._piece(whole, learnt[0], held_out[0], total_halo(refiner, USUAL_STEPS), CPU)
    assert piece.scores.shape == (2, 320 + 15, 360 + 15)
    assert piece.image.shape == (2, 320 + 15, 360 + 15)
    assert piece.borders == (False, False, True, True)
    assert piece.training.shape == piece.held_out.shape == (320, 360)
    (epoch,) = grid_search(refiner, [whole], 1, 0, CPU)
    assert epoch.held_out_miou == pytest.approx(mean_iou_by_step(refiner, [whole], held_out, USUAL_STEPS, CPU)[-1])
    assert 1 - epoch.loss == pytest.approx(mean_iou_by_step(refiner, [whole], learnt, USUAL_STEPS, CPU)[-1])


def test_the_part_contains_training_and_held_out_labels():
    """If the two lie farther apart than the width of a part, the whole tile is used."""
    learnt, held_out = np.full((2, 50, 1500), UNLABELLED, dtype=np.uint8)
    learnt[:, :20], held_out[:, -20:] = 1, 1
    assert searching._core(learnt, held_out) == (0, 50, 0, 1500)
    held_out[:, 300:330] = 1
    assert searching._core(learnt, held_out) == (0, 50, 0, 400)


def test_the_part_contains_rare_classes():
    labels = np.zeros((300, 2000), dtype=np.uint8)
    labels[100:120, 1700:1720] = 1
    assert searching._core(labels, labels) == (0, 300, 1400, 1800)


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (17, 3)])
@pytest.mark.parametrize("kind", ["crf", "geodesic"])
def test_grid_search_accepts_tiny_tiles(kind, size):
    (epoch,) = grid_search(make_refiner(kind, 2, 2), [checkers(*size, 1.0)], 1, 0, CPU)
    assert 0 <= epoch.held_out_miou <= 1
