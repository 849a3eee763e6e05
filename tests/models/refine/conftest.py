"""Fixture for refiner tests: a labelled tile."""

import pytest
import rasterio
from map_refiner.models.arrays.score_maps import logits
from map_refiner.models.refine.training.samples import LabelledTile


@pytest.fixture(scope="session")
def tile(town):
    """The small town with its coarse map, as a labelled tile."""
    with rasterio.open(town.image_path) as source:
        image = source.read().astype("float32")
    image = (image - image.mean(axis=(1, 2), keepdims=True)) / image.std(axis=(1, 2), keepdims=True)
    return LabelledTile(logits(town.scores), image, town.labels)
