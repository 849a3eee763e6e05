"""Sizes of the 1-D CNN in its published configurations."""

import pytest
import torch
from map_refiner.models.coarse.spectral.cnn1d import CNN1D, sizes


@pytest.mark.parametrize(
    ("bands", "classes", "kernel", "pooled", "weights"),
    [(220, 8, 24, 40, 81_408), (224, 16, 24, 40, 82_216), (103, 9, 11, 30, 61_249)],
    ids=["Indian Pines", "Salinas", "PaviaU"],
)
def test_the_weight_counts_match_the_publication(bands, classes, kernel, pooled, weights):
    assert sizes(bands) == (kernel, pooled)
    assert sum(weight.numel() for weight in CNN1D(classes, bands).parameters()) == weights


@pytest.mark.parametrize("bands", [1, 3, 8, 20, 60, 500])
def test_any_number_of_bands_is_accepted(bands):
    assert CNN1D(3, bands)(torch.randn(2, bands)).shape == (2, 3)
