"""The scenes that refiners are compared on: labelled, cut into a taught and a scored part, with coarse maps.

Real ones from a folder of data, and the project's own synthetic one. The coarse net of each scene learns from imprecise
labels alone: vectors where there are some, else the accurate labels pushed about (a shift of about 2 m, a smooth random
distortion of about 1 m, 8 % of the blocks left out), as OpenStreetMap's are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from map_refiner.models.checkpoint import Card, load_coarse, save_model
from map_refiner.models.coarse.kinds import DEFAULT, KINDS
from map_refiner.models.coarse.train import Recipe, TrainingImage
from map_refiner.models.demo_scene.files import write as write_demo
from map_refiner.models.labels import burn_sources, raster_labels
from map_refiner.models.protocol import ClassSource
from map_refiner.models.refine.lesson import LabelledTile
from map_refiner.models.scene import Scene
from map_refiner.models.score_maps import LOG_FLOOR, UNLABELLED, Labels, Scores, Window
from scipy import ndimage

PIXEL_M = 0.53
GAP = 32  # px between the taught and the scored part
COARSE_UPDATES = {"fcn": 300, "fcn-8s": 200}  # half of what is usual, or less: the scenes are small


@dataclass(frozen=True)
class Part:
    """A picture with labels: image (bands, rows, columns) standardised, accurate and imprecise class indices."""

    image: Scores
    labels: Labels
    imprecise: Labels


@dataclass(frozen=True)
class Place:
    """A scene: pictures, and which pixels of them are taught and which are scored."""

    name: str
    classes: tuple[str, ...]
    parts: tuple[Part, ...]
    cuts: tuple[tuple[slice, slice], ...]  # columns of each part: taught, scored


def places(data: Path, scratch: Path) -> dict[str, Place]:
    """Read every scene that is there."""
    found = [_banepa(data), *(_site(data, name) for name in ("zanzibar_a", "zanzibar_b", "kampala_a"))]
    found += [_tiles(data, "gsi_roads", "road", 2, 12), _tiles(data, "epfl_roads", "road", 1, 12), _demo(scratch)]
    return {place.name: place for place in found}


def _read(path: Path, labels: Path, pixel_m: float | None) -> tuple[Scores, Labels]:
    with Scene(path, pixel_size=pixel_m) as scene:
        image, valid = scene.read(Window(0, 0, scene.grid.height, scene.grid.width))
        truth = raster_labels(str(labels), scene.grid)
    return image, np.where(valid, truth, UNLABELLED).astype(np.uint8)


def _halves(columns: int) -> tuple[slice, slice]:
    return slice(0, columns // 2 - GAP // 2), slice(columns // 2 + GAP // 2, columns)


def _banepa(data: Path) -> Place:
    folder = data / "banepa"
    image, labels = _read(folder / "south_rgb.tif", folder / "south_label.tif", PIXEL_M)
    with Scene(folder / "south_rgb.tif", pixel_size=PIXEL_M) as scene:
        sources = (
            ClassSource("building", str(folder / "south_buildings_imprecise.geojson")),
            ClassSource("road", str(folder / "south_road_centrelines.geojson"), 7.0),
        )
        imprecise, classes = burn_sources(sources, scene.grid)
    return Place("banepa_south", classes, (Part(image, labels, imprecise),), (_halves(image.shape[2]),))


def _site(data: Path, name: str) -> Place:
    stem = data / "aerial_sites" / name
    image, labels = _read(Path(f"{stem}_rgb.tif"), Path(f"{stem}_label.tif"), PIXEL_M)
    part = Part(image, labels, pushed_about(labels, 1 / PIXEL_M, seed=1))
    return Place(name, ("background", "building"), (part,), (_halves(image.shape[2]),))


def _tiles(data: Path, name: str, what: str, shrink: int, count: int) -> Place:
    """Read small pictures without a CRS; every second one is taught."""
    parts = []
    for number, path in enumerate(sorted((data / name / "images").iterdir())[:count]):
        image, _ = _read(path, data / name / "labels" / path.name, None)
        with Scene(data / name / "labels" / path.name, bands=(1,)) as scene:
            truth, _ = scene.read(Window(0, 0, scene.grid.height, scene.grid.width))
        labels = (truth[0] > truth[0].mean()).astype(np.uint8)  # road is the brighter of two values
        rows, columns = (size // shrink for size in labels.shape)
        image = torch.nn.functional.avg_pool2d(torch.from_numpy(image), shrink).numpy()
        labels = labels[::shrink, ::shrink][:rows, :columns]
        parts.append(Part(image, labels, pushed_about(labels, 2.5, seed=number)))
    whole, none = slice(None), slice(0, 0)
    cuts = tuple((whole, none) if number % 2 == 0 else (none, whole) for number in range(len(parts)))
    return Place(name, ("background", what), tuple(parts), cuts)


def _demo(scratch: Path) -> Place:
    folder = scratch / "demo_7"
    if not (folder / "osm_roads.gpkg").exists():
        write_demo(folder, seed=7)
    image, labels = _read(folder / "scene.tif", folder / "truth.tif", None)
    with Scene(folder / "scene.tif") as scene:
        sources = (
            ClassSource("building", str(folder / "osm_buildings.gpkg")),
            ClassSource("road", str(folder / "osm_roads.gpkg"), 7.0),
        )
        imprecise, classes = burn_sources(sources, scene.grid)
    cut = (slice(0, 512), slice(512 + GAP, image.shape[2]))
    part = Part(image[:, :640], labels[:640], imprecise[:640])  # a tile of 512 x 640 is taught
    return Place("synthetic", classes, (part,), (cut,))


def pushed_about(labels: Labels, metre: float, seed: int) -> Labels:
    """Make labels as imprecise as a map's: shifted, distorted and incomplete; `metre` is in pixels."""
    generator = np.random.default_rng(seed)
    rows, columns = np.meshgrid(*(np.arange(size) for size in labels.shape), indexing="ij")
    way = generator.uniform(0, 2 * np.pi)
    moved = []
    for axis, along in ((rows, np.sin(way)), (columns, np.cos(way))):
        bend = ndimage.gaussian_filter(generator.normal(size=labels.shape), 10 * metre)
        moved.append(axis + metre * (2.0 * along + bend / bend.std()))
    result = ndimage.map_coordinates(labels, moved, order=0, mode="nearest")
    parts, count = ndimage.label(result == 1)
    lost = np.flatnonzero(generator.random(count + 1) < 0.08)
    if count > 20:
        result[np.isin(parts, lost[lost > 0])] = 0
    return result.astype(np.uint8)


def coarse_net(place: Place, seed: int, scratch: Path, device: torch.device, kind: str = DEFAULT) -> Any:
    """Train a coarse net on the imprecise labels of a place, once."""
    path = scratch / f"coarse_{place.name}_{seed}.safetensors"
    if not path.exists():
        torch.manual_seed(seed)
        net = KINDS[kind].make(len(place.classes), 3).to(device)
        images = [TrainingImage(part.image, part.imprecise) for part in place.parts]
        for _ in KINDS[kind].train(net, images, Recipe(COARSE_UPDATES[kind], seed), device):
            pass
        save_model(path, net, Card(kind, place.classes, 3, PIXEL_M))
    return load_coarse(path, device)[0]


def coarse_logits(net: Any, image: Scores) -> Scores:
    """Return the scores of a picture, as step 0 has them."""
    halo, stride = net.halo, net.stride
    rows, columns = (-(-size // stride) * stride for size in image.shape[1:])
    padded = np.pad(
        image,
        ((0, 0), (halo, halo + rows - image.shape[1]), (halo, halo + columns - image.shape[2])),
        mode="reflect",
    )
    maps = net.scores(torch.from_numpy(padded)[None])[0, :, : image.shape[1], : image.shape[2]]
    return torch.log_softmax(maps, dim=0).clamp_min(float(np.log(LOG_FLOOR))).numpy()


def lessons(place: Place, maps: Sequence[Scores]) -> tuple[list[LabelledTile], list[LabelledTile]]:
    """Return the tiles to teach on, cut out, and those to score on, whole with all else unlabelled."""
    taught, scored = [], []
    for part, scores, (learn, judge) in zip(place.parts, maps, place.cuts, strict=True):
        if part.labels[:, learn].size:
            cut = slice(learn.start, learn.stop)
            taught.append(LabelledTile(*(each[..., cut].copy() for each in (scores, part.image, part.labels))))
        if part.labels[:, judge].size:
            labels = np.full_like(part.labels, UNLABELLED)
            labels[:, judge] = part.labels[:, judge]
            scored.append(LabelledTile(scores, part.image, labels))
    return taught, scored


def prepared(
    place: Place, seed: int, scratch: Path, device: torch.device, kind: str = DEFAULT
) -> tuple[list[LabelledTile], list[LabelledTile]]:
    """Return what a refiner is taught on and scored on, with the coarse maps of one seed."""
    net = coarse_net(place, seed, scratch, device, kind)
    return lessons(place, [coarse_logits(net, part.image) for part in place.parts])


def all_names(wanted: Sequence[str], found: dict[str, Place]) -> Iterator[Place]:
    """Yield the wanted places, or all."""
    for name, place in found.items():
        if not wanted or name in wanted:
            yield place
