"""Accuracy, counted by hand and by scikit-learn."""

import numpy as np
import pytest
from map_refiner.models.metrics import DISTANCES, Accuracy, boundary_counts, confusion, ratio
from map_refiner.models.score_maps import UNLABELLED

NAMES = ("a", "b", "c")


@pytest.fixture
def sklearn():
    return pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")


@pytest.fixture
def maps():
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 3, (60, 70)).astype(np.uint8)
    predicted = np.where(generator.random((60, 70)) < 0.6, truth, generator.integers(0, 3, (60, 70))).astype(np.uint8)
    truth[generator.random((60, 70)) < 0.1] = UNLABELLED
    predicted[generator.random((60, 70)) < 0.05] = UNLABELLED
    return truth, predicted


def test_counts_what_both_know(maps, sklearn):
    truth, predicted = maps
    known = (truth != UNLABELLED) & (predicted != UNLABELLED)
    expected = sklearn.confusion_matrix(truth[known], predicted[known], labels=[0, 1, 2])
    assert np.array_equal(confusion(truth, predicted, 3), expected)


def test_agrees_with_scikit_learn(maps, sklearn):
    truth, predicted = maps
    accuracy = Accuracy(NAMES, confusion(truth, predicted, 3))
    known = (truth != UNLABELLED) & (predicted != UNLABELLED)
    t, p = truth[known], predicted[known]
    assert accuracy.overall_accuracy == pytest.approx(sklearn.accuracy_score(t, p))
    assert accuracy.average_accuracy == pytest.approx(sklearn.balanced_accuracy_score(t, p))
    assert accuracy.kappa == pytest.approx(sklearn.cohen_kappa_score(t, p))
    assert accuracy.iou == pytest.approx(sklearn.jaccard_score(t, p, average=None))
    assert accuracy.mean_iou == pytest.approx(sklearn.jaccard_score(t, p, average="macro"))


def test_by_hand():
    accuracy = Accuracy(("no", "yes"), np.array([[5, 1], [2, 2]]))
    assert accuracy.overall_accuracy == pytest.approx(0.7)
    assert accuracy.average_accuracy == pytest.approx((5 / 6 + 0.5) / 2)
    assert accuracy.iou == pytest.approx((5 / 8, 2 / 5))
    assert accuracy.mean_iou == pytest.approx((5 / 8 + 2 / 5) / 2)
    assert accuracy.kappa == pytest.approx((0.7 - (0.6 * 0.7 + 0.4 * 0.3)) / (1 - (0.6 * 0.7 + 0.4 * 0.3)))


def test_a_class_without_labels_does_not_count():
    accuracy = Accuracy(NAMES, np.array([[4, 0, 1], [1, 4, 0], [0, 0, 0]]))
    assert accuracy.iou[2] is None
    assert accuracy.mean_iou == pytest.approx((4 / 6 + 4 / 5) / 2)
    assert accuracy.average_accuracy == pytest.approx(0.8)


def test_nothing_and_everything():
    nothing = Accuracy(NAMES, np.zeros((3, 3), dtype=np.int64))
    assert (nothing.overall_accuracy, nothing.mean_iou, nothing.kappa, nothing.average_accuracy) == (0, 0, 0, 0)
    assert nothing.iou == (None, None, None)
    alone = Accuracy(NAMES, np.array([[9, 0, 0], [0, 0, 0], [0, 0, 0]]))
    assert (alone.overall_accuracy, alone.mean_iou, alone.kappa) == (1, 1, 0)


def whole(shape):
    return tuple(slice(0, side) for side in shape)


def test_boundaries_by_hand():
    """A 6 x 6 square in the middle, predicted one pixel too far right."""
    truth, predicted = np.zeros((14, 14), np.uint8), np.zeros((14, 14), np.uint8)
    truth[4:10, 4:10] = 1
    predicted[4:10, 5:11] = 1
    counts = boundary_counts(truth, predicted, 2, whole(truth.shape), distances=(1, 2, 3))
    assert counts[0, 1].tolist() == [10, 30]  # d = 1: rings of 20 pixels, which share columns 5-9 of rows 4 and 9
    assert counts[2, 1].tolist() == [30, 42]  # d = 3: nothing is left inside, the regions are the squares themselves


def test_a_perfect_map_has_perfect_boundaries():
    truth = (np.add.outer(np.arange(40), np.arange(50)) // 9 % 3).astype(np.uint8)
    counts = boundary_counts(truth, truth, 3, whole(truth.shape))
    assert all(ratio(counts[d, k]) == 1 for d in range(len(DISTANCES)) for k in range(3))


def test_what_is_unlabelled_is_taken_from_both():
    truth = np.zeros((20, 20), np.uint8)
    truth[5:15, 5:15] = 1
    predicted = truth.copy()
    predicted[12:, 12:] = 0
    truth[12:, 12:] = UNLABELLED  # just where they differ
    counts = boundary_counts(truth, predicted, 2, whole(truth.shape))
    assert all(ratio(counts[d, k]) == 1 for d in range(len(DISTANCES)) for k in range(2))


def test_tiles_with_a_halo_add_up_to_the_whole(maps):
    truth, predicted = (np.kron(array, np.ones((3, 3), np.uint8)) for array in maps)
    untiled = boundary_counts(truth, predicted, 3, whole(truth.shape))
    height, width = truth.shape
    halo, total = max(DISTANCES), np.zeros_like(untiled)
    for row in range(0, height, 50):
        for column in range(0, width, 64):
            top, left = max(0, row - halo), max(0, column - halo)
            bottom, right = min(height, row + 50 + halo), min(width, column + 64 + halo)
            core = (slice(row - top, min(row + 50, height) - top), slice(column - left, min(column + 64, width) - left))
            total += boundary_counts(truth[top:bottom, left:right], predicted[top:bottom, left:right], 3, core)
    assert np.array_equal(total, untiled)
    assert (untiled[..., 0] > 0).all()
    assert (untiled[..., 0] < untiled[..., 1]).all()


def test_the_ratio_of_nothing_is_unknown():
    assert ratio(np.array([0, 0])) is None
    assert ratio(np.array([1, 4])) == 0.25
