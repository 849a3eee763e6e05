"""Labelled scenes for comparing refiners: a training part, a scored part, and coarse maps.

Real scenes come from a data folder; one scene is the project's synthetic one. The coarse model of each scene is
trained on imprecise labels only: vectors if the scene has them, otherwise the accurate labels degraded to the
precision of OpenStreetMap (a shift of about 2 m, a smooth random distortion of about 1 m, 8 % of the regions removed).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from map_refiner.demo_scene.files import write
from map_refiner.models.arrays.grid import Window
from map_refiner.models.arrays.score_maps import LOG_FLOOR, UNLABELLED, Labels, Scores
from map_refiner.models.coarse.registry import COARSE_CLASSES, COARSE_TRAINERS
from map_refiner.models.coarse.train_patches import TrainingImage, TrainingOptions
from map_refiner.models.refine.training.samples import LabelledTile
from map_refiner.models.scene.labels import burn_sources, raster_labels
from map_refiner.models.scene.scene import Scene
from map_refiner.models.shared.class_source import ClassSource
from map_refiner.models.shared.model_kinds import DEFAULT_COARSE_KIND
from map_refiner.models.weights.checkpoint import ModelCard, load_coarse, save_model
from scipy import ndimage

from .harness import ROOT, Settings

CPU = torch.device("cpu")
SHIPPED_COARSE = ROOT / "resources" / "weights" / "coarse_aerial_0.5m.safetensors"
SHIPPED_REFINER = ROOT / "resources" / "weights" / "refiner_aerial_0.5m.safetensors"
SYNTHETIC = "synthetic"
PIXEL_M = 0.53
GAP = 32  # pixels between the training part and the scored part
COARSE_UPDATES = {"fcn": 300, "fcn-8s": 200}  # at most half of the default, because the scenes are small
SCRATCH = "scenes"  # shared folder of the coarse models and the synthetic scene


@dataclass(frozen=True)
class Picture:
    """An image with labels: standardised image (bands, rows, columns), accurate and imprecise class indices."""

    image: Scores
    labels: Labels
    imprecise: Labels


@dataclass(frozen=True)
class LabelledScene:
    """A scene: its pictures, and the training and scored columns of each picture."""

    name: str
    classes: tuple[str, ...]
    pictures: tuple[Picture, ...]
    splits: tuple[tuple[slice, slice], ...]  # columns of each picture: training, scored


def _read(path: Path, labels: Path, pixel_m: float | None) -> tuple[Scores, Labels]:
    with Scene(path, pixel_size=pixel_m) as scene:
        image, valid = scene.read(Window(0, 0, scene.grid.height, scene.grid.width))
        truth = raster_labels(str(labels), scene.grid)
    return image, np.where(valid, truth, UNLABELLED).astype(np.uint8)


def _halves(columns: int) -> tuple[slice, slice]:
    return slice(0, columns // 2 - GAP // 2), slice(columns // 2 + GAP // 2, columns)


def _banepa(name: str, data: Path, scratch: Path) -> LabelledScene:
    folder = data / "banepa"
    image, labels = _read(folder / "south_rgb.tif", folder / "south_label.tif", PIXEL_M)
    with Scene(folder / "south_rgb.tif", pixel_size=PIXEL_M) as scene:
        sources = (
            ClassSource("building", str(folder / "south_buildings_imprecise.geojson")),
            ClassSource("road", str(folder / "south_road_centrelines.geojson"), 7.0),
        )
        imprecise, classes = burn_sources(sources, scene.grid)
    return LabelledScene(name, classes, (Picture(image, labels, imprecise),), (_halves(image.shape[2]),))


def _aerial_site(name: str, data: Path, scratch: Path) -> LabelledScene:
    stem = data / "aerial_sites" / name
    image, labels = _read(Path(f"{stem}_rgb.tif"), Path(f"{stem}_label.tif"), PIXEL_M)
    picture = Picture(image, labels, make_imprecise(labels, 1 / PIXEL_M, seed=1))
    return LabelledScene(name, ("background", "building"), (picture,), (_halves(image.shape[2]),))


def _gsi_roads(name: str, data: Path, scratch: Path) -> LabelledScene:
    return _road_pictures(name, data, shrink=2)


def _epfl_roads(name: str, data: Path, scratch: Path) -> LabelledScene:
    return _road_pictures(name, data, shrink=1)


def _road_pictures(name: str, data: Path, shrink: int, count: int = 12) -> LabelledScene:
    """Read small pictures without a CRS; every second one is for training."""
    pictures = []
    for number, path in enumerate(sorted((data / name / "images").iterdir())[:count]):
        image, _ = _read(path, data / name / "labels" / path.name, None)
        with Scene(data / name / "labels" / path.name, bands=(1,)) as scene:
            truth, _ = scene.read(Window(0, 0, scene.grid.height, scene.grid.width))
        labels = (truth[0] > truth[0].mean()).astype(np.uint8)  # the brighter of the two values is road
        rows, columns = (size // shrink for size in labels.shape)
        image = torch.nn.functional.avg_pool2d(torch.from_numpy(image), shrink).numpy()
        labels = labels[::shrink, ::shrink][:rows, :columns]
        pictures.append(Picture(image, labels, make_imprecise(labels, 2.5, seed=number)))
    whole, none = slice(None), slice(0, 0)
    splits = tuple((whole, none) if number % 2 == 0 else (none, whole) for number in range(len(pictures)))
    return LabelledScene(name, ("background", "road"), tuple(pictures), splits)


def _synthetic(name: str, data: Path, scratch: Path) -> LabelledScene:
    folder = scratch / "demo_7"
    if not (folder / "osm_roads.gpkg").exists():
        write(folder, seed=7)
    image, labels = _read(folder / "scene.tif", folder / "truth.tif", None)
    with Scene(folder / "scene.tif") as scene:
        sources = (
            ClassSource("building", str(folder / "osm_buildings.gpkg")),
            ClassSource("road", str(folder / "osm_roads.gpkg"), 7.0),
        )
        imprecise, classes = burn_sources(sources, scene.grid)
    split = (slice(0, 512), slice(512 + GAP, image.shape[2]))
    picture = Picture(image[:, :640], labels[:640], imprecise[:640])  # a tile of 512 x 640 pixels is for training
    return LabelledScene(name, classes, (picture,), (split,))


LOADERS: dict[str, Callable[[str, Path, Path], LabelledScene]] = {
    "banepa_south": _banepa,
    "zanzibar_a": _aerial_site,
    "zanzibar_b": _aerial_site,
    "kampala_a": _aerial_site,
    "gsi_roads": _gsi_roads,
    "epfl_roads": _epfl_roads,
    SYNTHETIC: _synthetic,
}
SCENES = tuple(LOADERS)
REAL_SCENES = tuple(name for name in SCENES if name != SYNTHETIC)


@cache
def _load(name: str, data: Path, scratch: Path) -> LabelledScene:
    return LOADERS[name](name, data, scratch)


def load_scene(settings: Settings, name: str) -> LabelledScene:
    """Read a scene; it is cached in the process."""
    data = settings.data if name != SYNTHETIC else Path()
    return _load(name, data, settings.shared_folder(SCRATCH))


def make_imprecise(labels: Labels, metre: float, seed: int) -> Labels:
    """Shift, distort and thin out labels to the precision of a map; `metre` is in pixels."""
    generator = np.random.default_rng(seed)
    rows, columns = np.meshgrid(*(np.arange(size) for size in labels.shape), indexing="ij")
    way = generator.uniform(0, 2 * np.pi)
    moved = []
    for axis, along in ((rows, np.sin(way)), (columns, np.cos(way))):
        bend = ndimage.gaussian_filter(generator.normal(size=labels.shape), 10 * metre)
        moved.append(axis + metre * (2.0 * along + bend / bend.std()))
    result = ndimage.map_coordinates(labels, moved, order=0, mode="nearest")
    regions, count = ndimage.label(result == 1)
    lost = np.flatnonzero(generator.random(count + 1) < 0.08)
    if count > 20:
        result[np.isin(regions, lost[lost > 0])] = 0
    return np.asarray(result, dtype=np.uint8)


def train_coarse(settings: Settings, scene: LabelledScene, seed: int, kind: str = DEFAULT_COARSE_KIND) -> Any:
    """Train a coarse model on the imprecise labels of a scene, or load it if it exists."""
    path = settings.shared_folder(SCRATCH) / f"coarse_{kind}_{scene.name}_{seed}.safetensors"
    if not path.exists():
        torch.manual_seed(seed)
        net = COARSE_CLASSES[kind](len(scene.classes), 3).to(CPU)
        images = [TrainingImage(picture.image, picture.imprecise) for picture in scene.pictures]
        for _ in COARSE_TRAINERS[kind](net, images, TrainingOptions(COARSE_UPDATES[kind], seed), CPU):
            pass
        save_model(path, net, ModelCard(kind, scene.classes, 3, PIXEL_M))
    return load_coarse(path, CPU)[0]


def coarse_logits(net: Any, image: Scores) -> Scores:
    """Return the scores of an image as in step 0: (classes, rows, columns) log-probabilities."""
    halo, stride = net.halo, net.stride
    rows, columns = (-(-size // stride) * stride for size in image.shape[1:])
    padded = np.pad(
        image,
        ((0, 0), (halo, halo + rows - image.shape[1]), (halo, halo + columns - image.shape[2])),
        mode="reflect",
    )
    maps = net.scores(torch.from_numpy(padded)[None])[0, :, : image.shape[1], : image.shape[2]]
    return torch.log_softmax(maps, dim=0).clamp_min(float(np.log(LOG_FLOOR))).numpy()


def split_tiles(scene: LabelledScene, maps: Sequence[Scores]) -> tuple[list[LabelledTile], list[LabelledTile]]:
    """Return the cropped training tiles, and the scored tiles: whole pictures that are unlabelled elsewhere."""
    training, scored = [], []
    for picture, scores, (train, score) in zip(scene.pictures, maps, scene.splits, strict=True):
        if picture.labels[:, train].size:
            cut = slice(train.start, train.stop)
            training.append(LabelledTile(*(each[..., cut].copy() for each in (scores, picture.image, picture.labels))))
        if picture.labels[:, score].size:
            labels = np.full_like(picture.labels, UNLABELLED)
            labels[:, score] = picture.labels[:, score]
            scored.append(LabelledTile(scores, picture.image, labels))
    return training, scored


def tiles_with_coarse_maps(
    settings: Settings, name: str, seed: int, kind: str = DEFAULT_COARSE_KIND
) -> tuple[list[LabelledTile], list[LabelledTile]]:
    """Return the training tiles and the scored tiles of a scene, with the coarse maps of one seed."""
    scene = load_scene(settings, name)
    net = train_coarse(settings, scene, seed, kind)
    return split_tiles(scene, [coarse_logits(net, picture.image) for picture in scene.pictures])
