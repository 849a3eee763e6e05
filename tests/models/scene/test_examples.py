"""Training examples from a scene."""

import numpy as np
import pytest
from map_refiner.models.arrays.grid import Window
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.errors import LabelError
from map_refiner.models.io.score_raster import ScoreRaster
from map_refiner.models.scene import examples
from map_refiner.models.scene.examples import labelled_tile, training_images
from map_refiner.models.scene.scene import Scene


@pytest.fixture
def scene(town):
    with Scene(town.image_path) as opened:
        yield opened


@pytest.fixture
def scores(town):
    existing = ScoreRaster(town.scores_path)
    yield existing
    existing.close()


def only(labels, rows, columns):
    kept = np.full_like(labels, UNLABELLED)
    kept[rows, columns] = labels[rows, columns]
    return kept


def test_a_tile_is_read_with_its_surroundings(town, scene, scores):
    labels = only(town.labels, slice(40, 50), slice(50, 80))
    tile = labelled_tile(scene, scores.read, labels, town.classes)
    around = Window(8, 18, 74, 94)
    assert np.array_equal(tile.labels, labels[around.slices()])
    assert np.array_equal(tile.image, scene.read(around)[0])
    assert np.array_equal(tile.scores, scores.read(around)[0])


def test_a_tile_at_the_corner_ends_at_the_scene_border(town, scene, scores):
    tile = labelled_tile(scene, scores.read, only(town.labels, slice(0, 45), slice(100, 120)), town.classes)
    assert tile.labels.shape == (77, 52)


def test_labels_on_nodata_are_not_used(raster, town, scores):
    image = np.random.default_rng(0).integers(1, 250, (3, 96, 120)).astype("uint8")
    image[:, :, :60] = 0
    with Scene(raster("a.tif", image, nodata=0)) as half:
        tile = labelled_tile(half, scores.read, town.labels, town.classes)
        assert (tile.labels[:, :60] == UNLABELLED).all()
        assert (tile.labels[:, 60:] != UNLABELLED).all()
        with pytest.raises(LabelError, match="Nothing is labelled"):
            labelled_tile(half, scores.read, only(town.labels, slice(0, 96), slice(0, 50)), town.classes)


def test_a_tile_that_is_too_large_is_refused(town, scene, scores, monkeypatch):
    monkeypatch.setattr(examples, "LARGEST_TILE_AREA_PX", 10_000)
    with pytest.raises(LabelError, match="120 x 96 pixels"):
        labelled_tile(scene, scores.read, town.labels, town.classes)


def test_labels_of_a_single_class_are_refused(town, scene, scores):
    with pytest.raises(LabelError, match="only one class, 'building'"):
        labelled_tile(scene, scores.read, only(town.labels, slice(8, 20), slice(8, 20)), town.classes)


def test_a_small_scene_is_one_training_image(town, scene):
    (image,) = training_images(scene, town.labels, 0)
    assert np.array_equal(image.labels, town.labels)
    assert image.image.shape == (3, 96, 120)


def test_the_parts_with_most_labels_of_a_large_scene_are_used(town, scene, monkeypatch):
    monkeypatch.setattr(examples, "PART_PX", 24)
    monkeypatch.setattr(examples, "MOST_PARTS", 4)
    images = training_images(scene, town.labels, 0)
    assert [image.labels.shape for image in images] == [(24, 24)] * 4
    filled = [np.count_nonzero(image.labels) for image in images[:3]]
    every = [np.count_nonzero(town.labels[r : r + 24, c : c + 24]) for r in range(0, 96, 24) for c in range(0, 120, 24)]
    assert sorted(filled) == sorted(every)[-3:]
    again = training_images(scene, town.labels, 0)
    assert all(np.array_equal(one.labels, two.labels) for one, two in zip(images, again, strict=True))


def test_scenes_without_usable_labels_are_refused(scene, town):
    with pytest.raises(LabelError, match="Nothing is labelled where the image has data"):
        training_images(scene, np.full_like(town.labels, UNLABELLED), 0)
