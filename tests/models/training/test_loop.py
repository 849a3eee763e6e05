"""Held-out blocks, drawn patches, and the weights that are kept.

Modules that this file covers: models/training/holdout.py, models/training/patches.py.
"""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.errors import LabelError
from map_refiner.models.training.holdout import HELD_OUT, check_classes, hold_out, present_classes
from map_refiner.models.training.loop import BestWeights
from map_refiner.models.training.patches import Sampler, dihedral
from scipy import ndimage

CLASSES = ("background", "building", "road")


def labels_of(kind, height=100, width=130):
    labels = np.random.default_rng(1).integers(0, 3, (height, width)).astype("uint8")
    if kind == "a tile inside":
        inside = np.full_like(labels, UNLABELLED)
        inside[20:80, 30:110] = labels[20:80, 30:110]
        return inside
    if kind == "sparse":
        labels[np.random.default_rng(2).random(labels.shape) < 0.95] = UNLABELLED
    if kind == "two corners":
        labels[:, 40:90] = UNLABELLED
    return labels


@pytest.mark.parametrize("kind", ["everywhere", "a tile inside", "sparse", "two corners"])
@pytest.mark.parametrize("margin", [0, 10])
@pytest.mark.parametrize("seed", range(4))
def test_training_and_held_out_labels_are_disjoint_and_separated(kind, margin, seed):
    labels = labels_of(kind)
    learn, judge = hold_out(labels, seed, margin)
    known = labels != UNLABELLED
    learnt, judged = learn != UNLABELLED, judge != UNLABELLED
    assert learnt.any()
    assert judged.any()
    assert not (learnt & judged).any()
    assert np.array_equal(learn[learnt], labels[learnt])
    assert np.array_equal(judge[judged], labels[judged])
    if margin:
        distance = ndimage.distance_transform_cdt(~judged, "chessboard")
        assert distance[learnt].min() > margin
    else:
        assert np.array_equal(learnt | judged, known)
    share = judged.sum() / known.sum()
    assert 0.5 * HELD_OUT < share < 2 * HELD_OUT


def test_another_seed_holds_out_other_blocks():
    labels = labels_of("everywhere")
    parts = [hold_out(labels, seed, 0)[1] for seed in (0, 0, 1, 2)]
    assert np.array_equal(parts[0], parts[1])
    assert not all(np.array_equal(parts[0], part) for part in parts[2:])


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (2, 2), (5, 4)])
def test_tiny_labels_are_used_for_both_training_and_evaluation(shape):
    labels = np.ones(shape, "uint8")
    learn, judge = hold_out(labels, 0, 10)
    assert np.array_equal(learn, labels)
    assert np.array_equal(judge, labels)


def test_empty_labels_are_refused():
    nothing = np.full((9, 9), UNLABELLED, "uint8")
    for refused in (lambda: hold_out(nothing, 0, 2), lambda: check_classes(nothing, CLASSES)):
        with pytest.raises(LabelError, match="Nothing is labelled within the scene"):
            refused()


def test_labels_with_one_class_or_an_unknown_index_are_refused():
    alone = np.full((9, 9), 1, "uint8")
    with pytest.raises(LabelError, match="only one class, 'building'"):
        check_classes(alone, CLASSES)
    alone[0, 0] = 3
    with pytest.raises(LabelError, match="index 3, but there are 3 classes: background, building, road"):
        check_classes(alone, CLASSES)
    alone[0, 0] = 2
    check_classes(alone, CLASSES)
    assert present_classes(alone, CLASSES).tolist() == [1, 2]


def test_the_best_weights_are_restored():
    model = torch.nn.Linear(2, 2)
    best = BestWeights(model)
    weights = {}
    for name, score in (("first", 0.3), ("best", 0.7), ("worse", 0.5), ("equal", 0.7)):
        with torch.no_grad():
            for value in model.parameters():
                value.normal_()
        weights[name] = model.weight.detach().clone()
        assert best.update(score) == (name in ("first", "best"))
    best.restore()
    assert torch.equal(model.weight, weights["best"])
    assert best.score == 0.7


def test_restore_without_an_evaluation_keeps_the_weights():
    model = torch.nn.Linear(2, 2)
    before = model.weight.detach().clone()
    BestWeights(model).restore()
    assert torch.equal(model.weight, before)


@pytest.mark.parametrize("shape", [(64, 64), (64, 300), (200, 90)])
def test_patches_lie_inside_and_contain_labels(shape):
    labels = np.full(shape, UNLABELLED, "uint8")
    labels[-3:, -5:] = 0
    labels[40:42, 30:33] = 2
    generator = np.random.default_rng(0)
    sampler = Sampler(labels, 64)
    tops = set()
    for _ in range(200):
        top, left = sampler.draw(generator)
        tops.add((top, left))
        assert 0 <= top <= shape[0] - 64
        assert 0 <= left <= shape[1] - 64
        assert (labels[top : top + 64, left : left + 64] != UNLABELLED).any()
    assert shape == (64, 64) or len(tops) > 10


def test_rare_classes_are_drawn_half_the_time():
    labels = np.zeros((400, 400), "uint8")
    labels[10:14, 10:14] = 2
    generator = np.random.default_rng(0)
    sampler = Sampler(labels, 32)
    hits = 0
    for _ in range(300):
        top, left = sampler.draw(generator)
        hits += bool((labels[top : top + 32, left : left + 32] == 2).any())
    assert 110 < hits < 200


def test_the_eight_dihedral_transforms_differ_and_agree_for_maps_and_labels():
    maps = torch.arange(12).reshape(1, 3, 4)
    turned = [dihedral(maps, way) for way in range(8)]
    assert len({tuple(found.shape) + tuple(found.flatten().tolist()) for found in turned}) == 8
    assert torch.equal(turned[0], maps)
    labels = (maps[0] % 3).long()
    for way in range(8):
        assert torch.equal(dihedral(labels, way), turned[way][0] % 3)
