"""Pixel accuracy, computed by hand and by scikit-learn."""

import numpy as np
import pytest
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.metrics.pixels import (
    DISTANCES,
    MAX_DISTANCE_PX,
    TRIMAP_WIDTHS,
    ConfusionAccuracy,
    boundary_counts,
    confusion,
    ratio,
    relaxed_counts,
    trimap_confusion,
)
from scipy import ndimage
from scipy.spatial import cKDTree

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


def test_the_confusion_counts_pixels_known_in_both_maps(maps, sklearn):
    truth, predicted = maps
    known = (truth != UNLABELLED) & (predicted != UNLABELLED)
    expected = sklearn.confusion_matrix(truth[known], predicted[known], labels=[0, 1, 2])
    assert np.array_equal(confusion(truth, predicted, 3), expected)


def test_figures_agree_with_scikit_learn(maps, sklearn):
    truth, predicted = maps
    accuracy = ConfusionAccuracy(NAMES, confusion(truth, predicted, 3))
    known = (truth != UNLABELLED) & (predicted != UNLABELLED)
    t, p = truth[known], predicted[known]
    assert accuracy.overall_accuracy == pytest.approx(sklearn.accuracy_score(t, p))
    assert accuracy.average_accuracy == pytest.approx(sklearn.balanced_accuracy_score(t, p))
    assert accuracy.kappa == pytest.approx(sklearn.cohen_kappa_score(t, p))
    assert accuracy.iou == pytest.approx(sklearn.jaccard_score(t, p, average=None))
    assert accuracy.mean_iou == pytest.approx(sklearn.jaccard_score(t, p, average="macro"))


def test_figures_match_hand_computed_values():
    accuracy = ConfusionAccuracy(("no", "yes"), np.array([[5, 1], [2, 2]]))
    assert accuracy.overall_accuracy == pytest.approx(0.7)
    assert accuracy.average_accuracy == pytest.approx((5 / 6 + 0.5) / 2)
    assert accuracy.iou == pytest.approx((5 / 8, 2 / 5))
    assert accuracy.mean_iou == pytest.approx((5 / 8 + 2 / 5) / 2)
    assert accuracy.kappa == pytest.approx((0.7 - (0.6 * 0.7 + 0.4 * 0.3)) / (1 - (0.6 * 0.7 + 0.4 * 0.3)))


def test_a_class_without_labels_does_not_count():
    accuracy = ConfusionAccuracy(NAMES, np.array([[4, 0, 1], [1, 4, 0], [0, 0, 0]]))
    assert accuracy.iou[2] is None
    assert accuracy.mean_iou == pytest.approx((4 / 6 + 4 / 5) / 2)
    assert accuracy.average_accuracy == pytest.approx(0.8)


def test_figures_of_no_pixels_and_of_one_class():
    nothing = ConfusionAccuracy(NAMES, np.zeros((3, 3), dtype=np.int64))
    assert (nothing.overall_accuracy, nothing.mean_iou, nothing.kappa, nothing.average_accuracy) == (0, 0, 0, 0)
    assert nothing.iou == (None, None, None)
    alone = ConfusionAccuracy(NAMES, np.array([[9, 0, 0], [0, 0, 0], [0, 0, 0]]))
    assert (alone.overall_accuracy, alone.mean_iou, alone.kappa) == (1, 1, 0)


def whole(shape):
    return tuple(slice(0, side) for side in shape)


def test_boundary_counts_match_hand_computed_values():
    """Predict a 6 x 6 square in the middle one pixel too far right."""
    truth, predicted = np.zeros((14, 14), np.uint8), np.zeros((14, 14), np.uint8)
    truth[4:10, 4:10] = 1
    predicted[4:10, 5:11] = 1
    counts = boundary_counts(truth, predicted, 2, whole(truth.shape), distances=(1, 2, 3))
    assert counts[0, 1].tolist() == [10, 30]  # d = 1: rings of 20 pixels, sharing columns 5-9 of rows 4 and 9
    assert counts[2, 1].tolist() == [30, 42]  # d = 3: the regions are the whole squares


def test_a_perfect_map_has_perfect_boundaries():
    truth = (np.add.outer(np.arange(40), np.arange(50)) // 9 % 3).astype(np.uint8)
    counts = boundary_counts(truth, truth, 3, whole(truth.shape))
    assert all(ratio(counts[d, k]) == 1 for d in range(len(DISTANCES)) for k in range(3))


def test_unlabelled_pixels_are_excluded_from_both_maps():
    truth = np.zeros((20, 20), np.uint8)
    truth[5:15, 5:15] = 1
    predicted = truth.copy()
    predicted[12:, 12:] = 0
    truth[12:, 12:] = UNLABELLED  # exactly the differing pixels
    counts = boundary_counts(truth, predicted, 2, whole(truth.shape))
    assert all(ratio(counts[d, k]) == 1 for d in range(len(DISTANCES)) for k in range(2))


@pytest.fixture
def fields():
    """Two wide maps of three classes with boundaries up to 60 px apart, and with unlabelled parts."""
    generator = np.random.default_rng(5)
    noise = ndimage.gaussian_filter(generator.normal(size=(150, 190)), 14)
    truth = np.digitize(noise, np.quantile(noise, [0.45, 0.7])).astype(np.uint8)
    predicted = np.roll(truth, (2, 3), axis=(0, 1))
    predicted[generator.random(truth.shape) < 0.02] = 2
    truth[100:120, 20:50], predicted[40:60, 80:84] = UNLABELLED, UNLABELLED
    return truth, predicted


def tiled(count, truth, predicted, halo):
    """Sum the counts over tiles of 50 x 64 pixels with a halo."""
    height, width = truth.shape
    total = 0
    for row in range(0, height, 50):
        for column in range(0, width, 64):
            top, left = max(0, row - halo), max(0, column - halo)
            bottom, right = min(height, row + 50 + halo), min(width, column + 64 + halo)
            core = (slice(row - top, min(row + 50, height) - top), slice(column - left, min(column + 64, width) - left))
            total = total + count(truth[top:bottom, left:right], predicted[top:bottom, left:right], 3, core)
    return total


@pytest.mark.parametrize(
    ("count", "halo"),
    [
        (boundary_counts, max(DISTANCES)),
        (trimap_confusion, max(TRIMAP_WIDTHS)),
        (relaxed_counts, 3),
        (relaxed_counts, MAX_DISTANCE_PX),
    ],
    ids=["boundary", "trimap", "relaxed", "all"],
)
def test_tiles_with_a_halo_add_up_to_the_whole(fields, count, halo):
    untiled = count(*fields, 3, whole(fields[0].shape))
    assert np.array_equal(tiled(count, *fields, halo), untiled)
    assert not np.array_equal(tiled(count, *fields, 1), untiled)  # the halo is needed
    assert (untiled.sum(axis=-1) > 0).all()


def test_trimap_matches_hand_computed_values():
    """Predict a straight boundary one pixel too far right."""
    truth, predicted = np.zeros((5, 9), np.uint8), np.zeros((5, 9), np.uint8)
    truth[:, 5:], predicted[:, 6:] = 1, 1
    found = trimap_confusion(truth, predicted, 2, whole(truth.shape), widths=(1, 2, 40))
    assert found[0].tolist() == [[5, 0], [5, 0]]  # columns 4 and 5
    assert found[1].tolist() == [[10, 0], [5, 5]]  # columns 3 to 6
    assert found[2].tolist() == [[25, 0], [5, 15]]  # all columns
    assert ConfusionAccuracy(("a", "b"), found[1]).iou == pytest.approx((10 / 15, 5 / 10))


def test_trimap_distances_are_euclidean():
    truth = np.zeros((21, 21), np.uint8)
    truth[10, 10] = 1
    found = trimap_confusion(truth, truth, 2, whole(truth.shape), widths=(1, 2, 3, 5))
    assert found[:, 0, 0].tolist() == [4, 12, 28, 80]  # grid points within d of a grid point
    assert found[:, 1, 1].tolist() == [1, 1, 1, 1]


def test_trimap_of_one_class_is_empty_and_unlabelled_borders_do_not_count():
    truth = np.zeros((9, 9), np.uint8)
    truth[:, 4:] = UNLABELLED
    assert not trimap_confusion(truth, truth, 2, whole(truth.shape)).any()


def test_trimap_matches_a_nearest_neighbour_search(fields):
    truth, predicted = fields
    places = {k: np.argwhere(truth == k) for k in range(3)}
    distance = np.full(truth.shape, np.inf)
    for k, own in places.items():
        others = np.concatenate([places[other] for other in range(3) if other != k])
        distance[tuple(own.T)] = cKDTree(others).query(own)[0]
    found = trimap_confusion(truth, predicted, 3, whole(truth.shape))
    for n, width in enumerate(TRIMAP_WIDTHS):
        band = distance <= width
        assert np.array_equal(found[n], confusion(truth[band], predicted[band], 3))


def test_relaxed_counts_match_hand_computed_values():
    """Roads one column wide: predicted four columns off, three columns off, and only half."""
    truth, predicted = np.zeros((10, 40), np.uint8), np.zeros((10, 40), np.uint8)
    truth[:, 4], predicted[:, 8] = 1, 1  # not within 3
    truth[:, 20], predicted[:, 23] = 1, 1  # just within 3
    truth[:, 35], predicted[:5, 35] = 1, 1  # rows 5 to 7 are within 3 of row 4
    counts = relaxed_counts(truth, predicted, 2, whole(truth.shape))
    assert counts[1].tolist() == [[10 + 5, 25], [10 + 8, 30]]
    assert relaxed_counts(truth, predicted, 2, whole(truth.shape), tolerance=0)[1].tolist() == [[5, 25], [5, 30]]


def test_relaxed_counts_match_a_nearest_neighbour_search(fields):
    truth, predicted = fields
    known = (truth != UNLABELLED) & (predicted != UNLABELLED)
    counts = relaxed_counts(truth, predicted, 3, whole(truth.shape))
    for k in range(3):
        ours, theirs = np.argwhere(known & (predicted == k)), np.argwhere(known & (truth == k))
        near = [(cKDTree(b).query(a)[0] <= 3).sum() for a, b in ((ours, theirs), (theirs, ours))]
        assert counts[k].tolist() == [[near[0], len(ours)], [near[1], len(theirs)]]
        assert near[0] < len(ours)


def test_relaxed_counts_exclude_unlabelled_pixels_from_both_maps():
    truth, predicted = np.zeros((5, 30), np.uint8), np.zeros((5, 30), np.uint8)
    truth[:, 10], predicted[:, 9] = 1, 1
    truth[:, 9], predicted[:, 20], truth[:, 20:] = UNLABELLED, 1, UNLABELLED
    assert relaxed_counts(truth, predicted, 2, whole(truth.shape))[1].tolist() == [[0, 0], [0, 5]]
    assert ratio(relaxed_counts(truth, predicted, 2, whole(truth.shape))[1, 0]) is None


def test_the_ratio_of_zero_counts_is_none():
    assert ratio(np.array([0, 0])) is None
    assert ratio(np.array([1, 4])) == 0.25
