"""Weights of the classes: more for what a map lacks, bounded, and one in the mean of the pixels."""

import pytest
import torch
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.refine.training.class_balance import LARGEST_LOG_WEIGHT, ClassBalance, class_counts


def adjusted(counts, times):
    shares = ClassBalance(3, torch.device("cpu"))
    for _ in range(times):
        shares.adjust(torch.tensor(counts, dtype=torch.float32))
    return shares.weights


def test_a_class_that_the_map_lacks_weighs_more_and_one_that_it_overdoes_less():
    first, lacking, overdone = adjusted([[800, 100, 100], [800, 20, 180]], 10)
    assert overdone < first < lacking
    assert 800 * first + 100 * lacking + 100 * overdone == pytest.approx(1000, rel=0.01)


def test_a_map_that_gives_what_there_is_changes_nothing():
    assert adjusted([[800, 150, 50], [800, 150, 50]], 10).tolist() == pytest.approx([1, 1, 1])


def test_weights_are_bounded_also_for_what_is_never_there():
    weights = adjusted([[1000, 10, 0], [1010, 0, 0]], 1000)
    first, lacking, absent = (weights / weights[0]).log().tolist()
    assert lacking == pytest.approx(LARGEST_LOG_WEIGHT)
    assert first == 0 <= absent < LARGEST_LOG_WEIGHT


def test_counting_passes_over_what_is_unlabelled():
    labels = torch.tensor([[[0, 1, UNLABELLED], [2, 2, UNLABELLED]]])
    refined = torch.nn.functional.one_hot(torch.tensor([[[0, 0, 1], [2, 1, 1]]]), 3).movedim(-1, -3).float()
    assert class_counts(labels, refined).tolist() == [[1, 1, 2], [2, 1, 1]]
