"""Class weights: larger for classes underrepresented in the map, bounded, and on average one over the pixels."""

import pytest
import torch
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.refine.training.class_balance import LARGEST_LOG_WEIGHT, ClassBalance, class_counts


def adjusted(counts, times):
    shares = ClassBalance(3, torch.device("cpu"))
    for _ in range(times):
        shares.adjust(torch.tensor(counts, dtype=torch.float32))
    return shares.weights


def test_underrepresented_classes_weigh_more_and_overrepresented_ones_less():
    first, lacking, overdone = adjusted([[800, 100, 100], [800, 20, 180]], 10)
    assert overdone < first < lacking
    assert 800 * first + 100 * lacking + 100 * overdone == pytest.approx(1000, rel=0.01)


def test_a_map_with_the_labelled_proportions_keeps_all_weights_at_one():
    assert adjusted([[800, 150, 50], [800, 150, 50]], 10).tolist() == pytest.approx([1, 1, 1])


def test_weights_are_bounded_even_for_absent_classes():
    weights = adjusted([[1000, 10, 0], [1010, 0, 0]], 1000)
    first, lacking, absent = (weights / weights[0]).log().tolist()
    assert lacking == pytest.approx(LARGEST_LOG_WEIGHT)
    assert first == 0 <= absent < LARGEST_LOG_WEIGHT


def test_unlabelled_pixels_are_not_counted():
    labels = torch.tensor([[[0, 1, UNLABELLED], [2, 2, UNLABELLED]]])
    refined = torch.nn.functional.one_hot(torch.tensor([[[0, 0, 1], [2, 1, 1]]]), 3).movedim(-1, -3).float()
    assert class_counts(labels, refined).tolist() == [[1, 1, 2], [2, 1, 1]]
