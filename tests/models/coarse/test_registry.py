"""Every kind of coarse model: created, trained, saved, loaded, and evaluated in tiles.

Modules that this file covers: models/coarse/spectral/crnn.py, models/coarse/spectral/pixel_model.py.
"""

import json

import numpy as np
import pytest
import rasterio
import torch
from map_refiner.models.arrays.grid import Window
from map_refiner.models.arrays.tiles import tiles
from map_refiner.models.coarse.registry import COARSE_CLASSES
from map_refiner.models.coarse.train_patches import TrainingOptions
from map_refiner.models.errors import CheckpointError
from map_refiner.models.pipelines.train_coarse import coarse_model_info, train_coarse
from map_refiner.models.scene.examples import coarse_examples
from map_refiner.models.scene.labels import raster_labels
from map_refiner.models.scene.scene import Scene
from map_refiner.models.shared.model_kinds import COARSE_KINDS
from map_refiner.models.tiling.classify_tile import score_window
from map_refiner.models.weights.checkpoint import ModelCard, load_coarse, save_model
from rasterio.transform import from_origin
from safetensors.torch import load_file, save_file

CPU = torch.device("cpu")
NAMES = ("grass", "soil", "water")
BANDS, SIDE = 17, 72
SPECTRAL = [kind for kind, how in COARSE_KINDS.items() if how.is_spectral]
NEEDS_SCIKIT_LEARN = {"random-forest", "svm-rbf"}


def write_raster(path, array):
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=len(array),
        height=array.shape[1],
        width=array.shape[2],
        dtype=array.dtype,
        crs="EPSG:32633",
        transform=from_origin(300_000, 5_800_000, 30, 30),
    ) as target:
        target.write(array)
    return str(path)


@pytest.fixture(scope="module")
def cube():
    """Patches of three noisy spectra, and their classes."""
    random = np.random.default_rng(0)
    labels = np.kron(random.integers(0, 3, (6, 6)), np.ones((SIDE // 6, SIDE // 6))).astype("uint8")
    spectra = 1000 + 300 * np.cumsum(random.normal(0, 1, (3, BANDS)), axis=1)
    image = spectra[labels].transpose(2, 0, 1) + random.normal(0, 60, (BANDS, SIDE, SIDE))
    return image.astype("float32"), labels


@pytest.fixture(scope="module", params=[kind for kind in COARSE_KINDS if not kind.endswith("-vgg16")])
def trained(request, cube, tmp_path_factory):
    """A loaded model of each kind except the largest (see test_backbone), with the scene and the labels."""
    if request.param in NEEDS_SCIKIT_LEARN:
        pytest.importorskip("sklearn", reason="scikit-learn is an extra")
    folder = tmp_path_factory.mktemp("kinds")
    image, labels = cube
    scene = Scene(write_raster(folder / "cube.tif", image))
    truth = raster_labels(write_raster(folder / "labels.tif", labels[None]), scene.grid)
    kind = request.param
    path = str(folder / "model.safetensors")
    if COARSE_KINDS[kind].is_spectral:
        examples = coarse_examples(kind, scene, truth, NAMES, 60, 0)
        about = coarse_model_info(kind, NAMES, scene, "patches")
        recipe = TrainingOptions({"random-forest": 20, "svm-rbf": 2}.get(kind, 30), 0)
        train_coarse(
            examples, about, recipe, path=path, device=CPU, stop=lambda: False, report=lambda *_: None, kind=kind
        )
    else:
        torch.manual_seed(0)
        net = shaken(COARSE_CLASSES[kind](len(NAMES), len(scene.bands)))
        save_model(path, net, ModelCard(kind, NAMES, len(scene.bands), 30))
    yield kind, path, scene, labels
    scene.close()


def shaken(net):
    """Draw all weights at random, so that no layer is zero and every layer affects the scores."""
    with torch.no_grad():
        for name, weight in [*net.named_parameters(), *net.named_buffers()]:
            if name.endswith("running_var"):
                weight.uniform_(0.5, 2)
            elif weight.is_floating_point():
                fan_in = weight[0].numel() if weight.dim() > 1 else 10
                weight.normal_(0, fan_in**-0.5)
    return net


def test_the_file_stores_the_kind_and_the_statistics(trained):
    kind, path, scene, _ = trained
    _, card = load_coarse(path)
    assert (card.kind, card.role, card.classes, card.bands) == (kind, "coarse", NAMES, BANDS)
    if COARSE_KINDS[kind].is_spectral:
        assert card.statistics == scene.statistics
        assert card.quality.startswith("mean IoU ")
    else:
        assert card.statistics is None


def test_tiled_equals_untiled(trained):
    _, path, scene, _ = trained
    model, card = load_coarse(path)
    whole = Window(0, 0, SIDE, SIDE)
    untiled = score_window(model, scene, whole, CPU, card.statistics)
    assert np.isfinite(untiled).all()
    for size in (64,) if model.halo > 100 else (32, 64):
        tiled = np.full_like(untiled, np.nan)
        for tile in tiles(SIDE, SIDE, size, 0):
            part = score_window(model, scene, tile.core, CPU, card.statistics)
            tiled[(slice(None), *tile.core.slices())] = part
        assert np.abs(tiled - untiled).max() <= 1e-5 * np.abs(untiled).max()


@pytest.mark.parametrize("trained", SPECTRAL, indirect=True)
def test_the_spectral_kinds_are_trained(trained):
    kind, path, scene, labels = trained
    model, card = load_coarse(path)
    scores = score_window(model, scene, Window(0, 0, SIDE, SIDE), CPU, card.statistics)
    enough = 0.9 if kind in NEEDS_SCIKIT_LEARN else 0.45  # a third is chance; networks need more updates than these
    assert (scores.argmax(axis=0) == labels).mean() > enough


@pytest.mark.parametrize("trained", SPECTRAL, indirect=True)
def test_a_spectral_model_classifies_a_part_of_the_scene_as_in_the_whole(trained, tmp_path, cube):
    """The model standardises with its training statistics, so a scene with only one class keeps its class."""
    _, path, scene, labels = trained
    model, card = load_coarse(path)
    rows, columns = (int(places[0]) for places in np.nonzero(labels == 1))
    size = SIDE // 6
    part = cube[0][:, rows : rows + size, columns : columns + size]
    with Scene(write_raster(tmp_path / "part.tif", part)) as alone:
        window = Window(0, 0, size, size)
        there = score_window(model, alone, window, CPU, card.statistics)
    here = score_window(model, scene, Window(rows, columns, size, size), CPU, card.statistics)
    assert (there.argmax(axis=0) == here.argmax(axis=0)).mean() > 0.97


@pytest.mark.parametrize("trained", ["random-forest"], indirect=True)
def test_damaged_trees_are_refused(trained, tmp_path):
    _, path, *_ = trained
    arrays = load_file(path)
    arrays["left"][0] = 10**6
    _, card = load_coarse(path)
    about = {"format": "1", "card": json.dumps(card.__dict__)}
    save_file(arrays, tmp_path / "bad.safetensors", about)
    with pytest.raises(CheckpointError, match="not those of its kind"):
        load_coarse(tmp_path / "bad.safetensors")
