"""Labelled pixels: the given number per class, with their spectra; whole regions are held out."""

import numpy as np
import pytest
from map_refiner.models.coarse.spectral.samples import SpectralSamples, hold_out_parts
from map_refiner.models.errors import LabelError
from map_refiner.models.scene.scene import Scene
from map_refiner.models.scene.spectral_examples import regions, training_pixels

NAMES = ("background", "grass", "soil")


@pytest.fixture
def labels():
    """Labels of five fields of grass and three of soil; all other pixels are unlabelled."""
    found = np.full((300, 280), 255, dtype="uint8")
    for row in range(5):
        found[row * 50 : row * 50 + 20, 10:30] = 1
    for row in range(3):
        found[row * 80 : row * 80 + 30, 250:270] = 2
    return found


@pytest.fixture
def scene(raster, labels):
    cube = np.random.default_rng(0).normal(100, 20, (20, 300, 280)).astype("float32")
    cube[0] = labels  # so that a spectrum identifies its class
    cube[1] = np.arange(300)[:, None]
    cube[2] = np.arange(280)[None]
    with Scene(raster("cube.tif", cube)) as opened:
        yield opened


def test_regions_are_connected_and_of_one_class(labels):
    numbers = regions(labels)
    assert (numbers[labels == 255] == 0).all()
    assert len(np.unique(numbers[labels == 1])) == 5
    assert len(np.unique(numbers[labels == 2])) == 3
    assert not set(np.unique(numbers[labels == 1])) & set(np.unique(numbers[labels == 2]))


def test_a_class_with_a_single_region_is_cut_into_blocks():
    one = np.zeros((40, 60), dtype="uint8")
    one[8:10, 3:5] = 1
    numbers = regions(one)
    assert len(np.unique(numbers[one == 0])) == 16
    assert numbers[0, 0] != numbers[0, 59] != numbers[39, 59]


def test_the_given_number_of_pixels_per_class_is_read(scene, labels):
    pixels = training_pixels(scene, labels, NAMES, 150, 0)
    assert np.bincount(pixels.labels).tolist() == [0, 150, 150]
    assert pixels.spectra.shape == (300, 20)
    mean, std = scene.statistics.mean, scene.statistics.std
    rows = np.round(pixels.spectra[:, 1] * std[1] + mean[1]).astype(int)
    columns = np.round(pixels.spectra[:, 2] * std[2] + mean[2]).astype(int)
    assert np.array_equal(labels[rows, columns], pixels.labels)
    assert np.array_equal(regions(labels)[rows, columns], pixels.parts)
    everything = training_pixels(scene, labels, NAMES, 0, 0)
    assert len(everything.labels) == np.count_nonzero(labels != 255)


def test_labels_of_a_single_class_are_refused(scene, labels):
    with pytest.raises(LabelError, match="only one class"):
        training_pixels(scene, np.where(labels == 2, 255, labels).astype("uint8"), NAMES, 10, 0)


@pytest.mark.parametrize("seed", range(5))
def test_whole_regions_are_held_out(scene, labels, seed):
    pixels = training_pixels(scene, labels, NAMES, 0, 0)
    learn, held = hold_out_parts(pixels, seed)
    assert sorted([*learn, *held]) == list(range(len(pixels.labels)))
    assert not set(pixels.parts[learn]) & set(pixels.parts[held])
    for k in (1, 2):
        share = np.mean(pixels.labels[held] == k) * len(held) / np.count_nonzero(pixels.labels == k)
        assert 0.15 < share < 0.5
        assert (pixels.labels[learn] == k).any()


def test_without_further_regions_all_pixels_are_used_for_both_purposes():
    spectra = np.zeros((6, 2), dtype="float32")
    pixels = SpectralSamples(
        spectra, np.array([0, 0, 0, 1, 1, 1], dtype="uint8"), np.array([1, 1, 1, 2, 2, 2], dtype="int32")
    )
    learn, held = hold_out_parts(pixels, 0)
    assert learn.tolist() == held.tolist() == list(range(6))
