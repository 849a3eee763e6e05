"""Train the weights that ship, and measure them on scenes they never saw.

    .venv/worker/bin/python benchmarks/shipped_weights.py ../shared/data resources/weights

Sources with a stated, permissive licence alone are learnt from: Banepa (CC BY 4.0, labels ODbL), GSI roads (Public Data
License 1.0), Dubai (CC0), and the project's own synthetic scenes. Two sources label one class: what the other class is
there, a first net says, and a second one learns from all. The scenes without a licence for reuse are measured alone.
The refiner's updates are halved when it has learnt: where the ground looks otherwise than what it saw, it goes too far.
That share was chosen on pictures that are in no table (`inria_buildings`); what they say of each is printed.
The file that ships has them halved already: `calm(2)` gives the whole ones back.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from map_refiner.models import device as devices
from map_refiner.models.beginning import begun
from map_refiner.models.borders import WHOLE
from map_refiner.models.checkpoint import Card, load_coarse, save_model
from map_refiner.models.coarse.fcn import FCN
from map_refiner.models.coarse.model import score_window
from map_refiner.models.coarse.train import Recipe, TrainingImage, train
from map_refiner.models.demo_scene.files import DemoFiles
from map_refiner.models.demo_scene.files import write as write_demo
from map_refiner.models.labels import raster_labels
from map_refiner.models.metrics import Accuracy, confusion
from map_refiner.models.rasters.reading import environment
from map_refiner.models.refine.drill import drill
from map_refiner.models.refine.extended import ExtendedRefiner
from map_refiner.models.refine.lesson import LabelledTile
from map_refiner.models.refine.rnn import USUAL_STEPS
from map_refiner.models.refine.run import refine
from map_refiner.models.scene import Scene
from map_refiner.models.score_maps import LOG_FLOOR, UNLABELLED, Scores, Window

CLASSES = ("background", "building", "road")
PIXEL_M = 0.5
DEMO_SEEDS = (101, 102, 103, 104, 105)  # of the scenes the coarse net learns from; the demo itself has another
WEIGHTS = {"demo": 0.5, "banepa": 6.0, "part": 0.15}
TEACH_SEEDS = (
    201,
    202,
    203,
    204,
    205,
)  # the refiner learns from other scenes, whose coarse maps are as wrong as on new ground
CALM = 0.5  # of the updates of the refiner that has learnt
SHARES = (0.2, 0.35, CALM, 0.7, 1.0)  # that it was chosen from
SOUTH_LEARNT = 0.6  # of the width of Banepa south, from the left; the rest is measured
LICENCE = "GPL-2.0-or-later, as the plugin; trained on CC BY 4.0, ODbL, CC0 and Public Data License 1.0 sources"


@dataclass(frozen=True)
class Source:
    """A scene with labels: image (bands, rows, columns) standardised at 0.5 m, class indices."""

    name: str
    image: Scores
    labels: np.ndarray
    lacks: int | None = None  # the class that the labels call background

    @property
    def weight(self) -> float:
        """How often its pixels are learnt from: small real scenes with good labels most, vast coarse ones least."""
        return next((weight for name, weight in WEIGHTS.items() if self.name.startswith(name)), 1.0)


def read(name: str, image: Path, labels: Path, native_m: float | None = None, lacks: int | None = None) -> Source:
    """Read a scene at the working pixel size; `native_m` where the file has no CRS."""
    with Scene(image, pixel_size=None if native_m else PIXEL_M) as scene:
        grid = scene.grid
        if native_m:
            factor = native_m / PIXEL_M
            grid = grid.resized(round(grid.width * factor), round(grid.height * factor))
        whole = Window(0, 0, scene.grid.height, scene.grid.width)
        pixels, valid = scene.read(whole)
        truth = raster_labels(str(labels), scene.grid)
        truth[~valid] = UNLABELLED
    if native_m:
        pixels = _resized(pixels, grid.height, grid.width, "area" if native_m < PIXEL_M else "bilinear")
        truth = _resized(truth[None].astype(np.float32), grid.height, grid.width, "nearest")[0].astype(np.uint8)
    return Source(name, pixels, truth, lacks)


def _resized(maps: Scores, height: int, width: int, how: str) -> Scores:
    return torch.nn.functional.interpolate(torch.from_numpy(maps)[None], (height, width), mode=how)[0].numpy()


def drawn(folder: Path, seed: int) -> DemoFiles:
    """Draw a synthetic scene, unless it is there."""
    target = folder / f"demo_{seed}"
    if not (target / "osm_roads.gpkg").exists():
        return write_demo(target, seed=seed)
    names = ("scene.tif", "truth.gpkg", "tile.gpkg", "truth.tif", "osm_buildings.gpkg", "osm_roads.gpkg")
    return DemoFiles(*(target / name for name in names))


def sources(data: Path, folder: Path) -> Iterator[Source]:
    """Yield everything that may be learnt from."""
    for seed in DEMO_SEEDS:
        files = drawn(folder, seed)
        yield read(f"demo {seed}", files.scene, files.labels)
    south = read("banepa south, left", data / "banepa/south_rgb.tif", data / "banepa/south_label.tif")
    cut = round(south.labels.shape[1] * SOUTH_LEARNT)
    yield replace(south, image=south.image[:, :, :cut], labels=south.labels[:, :cut])
    for path in sorted((data / "dubai").glob("*.jpg")):
        yield read(path.stem, path, path.with_name(f"{path.stem}_label.png"), native_m=1.0)
    yield read("banepa north", data / "banepa/north_rgb.tif", data / "banepa/north_label.tif", lacks=2)
    for path in sorted((data / "gsi_roads/images").iterdir()):
        source = read(path.stem, path, data / "gsi_roads/labels" / path.name, native_m=0.2, lacks=1)
        yield replace(source, labels=np.where(source.labels == UNLABELLED, 2, 0).astype(np.uint8))


def trained(known: list[Source], steps: int, seed: int, start: FCN | None = None) -> FCN:
    """Train a coarse net with a dozen patches of a dozen scenes in each batch."""
    torch.manual_seed(seed)
    net = start or FCN(len(CLASSES), 3)
    images = [TrainingImage(source.image, source.labels, source.weight) for source in known]
    started = time.monotonic()
    for epoch in train(net, images, Recipe(steps, seed, learning_rate=0.001, optimizer="adamw"), torch.device("cpu")):
        if epoch.held_out_miou is not None:
            minutes = (time.monotonic() - started) / 60
            print(
                f"{epoch.step:5d} loss {epoch.loss:.3f} held out {epoch.held_out_miou:.3f} {minutes:.1f} min",
                flush=True,
            )
    return net


def logits(net: FCN, image: Scores) -> Scores:
    """Return the scores of an image in memory, as step 0 has them."""
    whole = Window(0, 0, *image.shape[1:])
    maps = torch.from_numpy(score_window(net, _InMemory(image), whole, torch.device("cpu")))  # type: ignore[arg-type]
    return torch.log_softmax(maps, dim=0).clamp_min(float(np.log(LOG_FLOOR))).numpy()


class _InMemory:
    """An image that is read already, in the place of a `Scene`."""

    def __init__(self, image: Scores) -> None:
        self.image = image
        self.grid = type("Size", (), {"height": image.shape[1], "width": image.shape[2]})()

    def read(self, window: Window) -> tuple[Scores, np.ndarray]:
        rows, columns = window.slices()
        part = self.image[:, rows, columns]
        return part, np.ones(part.shape[1:], dtype=bool)


def cropped(source: Source, side: int) -> Source:
    """Return the middle of a scene: many towns teach a refiner more than much of one."""
    top, left = (source.labels.shape[0] - side) // 2, (source.labels.shape[1] - side) // 2
    rows, columns = slice(top, top + side), slice(left, left + side)
    return replace(source, image=source.image[:, rows, columns], labels=source.labels[rows, columns])


def completed(net: FCN, source: Source) -> Source:
    """Fill in the class that a source does not label with what a net is sure of, and leave out what it doubts."""
    if source.lacks is None:
        return source
    odds = np.exp(logits(net, source.image))
    missing = odds[source.lacks] / (odds[source.lacks] + odds[0])  # the labelled class is excluded already
    labels = source.labels.copy()
    free = labels == 0
    labels[free & (missing > 0.7)] = source.lacks
    labels[free & (missing > 0.3) & (missing <= 0.7)] = UNLABELLED
    return replace(source, labels=labels)


def taught(net: FCN, known: list[Source], steps: int, seed: int) -> ExtendedRefiner:
    """Teach a refiner on the net's maps."""
    torch.manual_seed(seed)
    tiles = [LabelledTile(logits(net, source.image), source.image, source.labels) for source in known]
    refiner = ExtendedRefiner(len(CLASSES), 3)
    for epoch in drill(refiner, tiles, steps, seed, torch.device("cpu")):
        if epoch.held_out_miou is not None and epoch.step % 60 == 0:
            print(f"{epoch.step:5d} loss {epoch.loss:.3f} held out {epoch.held_out_miou:.3f}", flush=True)
    return refiner


def confused(maps: Scores, refiner: ExtendedRefiner, source: Source) -> dict[int, np.ndarray]:
    """Return the confusion of a coarse map and of the steps that are looked at; what has no label is background."""
    scores = torch.from_numpy(maps)
    steps = [scores, *refine(refiner, scores, torch.from_numpy(source.image), WHOLE, USUAL_STEPS)]
    found = {}
    for index in (0, 1, USUAL_STEPS):
        predicted = steps[index].argmax(0).to(torch.uint8).numpy()
        if source.lacks is not None:
            predicted[predicted == source.lacks] = 0
        found[index] = confusion(source.labels, predicted, len(CLASSES))
    return found


def measured(net: FCN, refiner: ExtendedRefiner, source: Source) -> dict[str, object]:
    """Return the IoU of every labelled class before and after the steps."""
    result: dict[str, object] = {"scene": source.name}
    for index, counts in confused(logits(net, source.image), refiner, source).items():
        accuracy = Accuracy(CLASSES, counts)
        result[f"step {index}"] = {"mean": round(accuracy.mean_iou, 4)} | {
            name: round(value, 4) for name, value in zip(CLASSES, accuracy.iou, strict=True) if value is not None
        }
    return result


def by_share(net: FCN, refiner: ExtendedRefiner, data: Path) -> dict[float, dict[int, float]]:
    """Return the mean IoU by step over all pictures of `inria_buildings`, for each share of the updates."""
    folder = data / "inria_buildings"
    pictures: list[tuple[Scores, Source]] = []
    for path in sorted((folder / "images").iterdir()):
        picture = read(path.stem, path, folder / "labels" / path.name, native_m=0.3, lacks=2)
        labels = (picture.labels == UNLABELLED).astype(np.uint8)  # 255 is a building there
        pictures.append((logits(net, picture.image), replace(picture, labels=labels)))
    found: dict[float, dict[int, float]] = {}
    for share in SHARES:
        calmer = copy.deepcopy(refiner)
        calmer.calm(share)
        counts = [confused(maps, calmer, picture) for maps, picture in pictures]
        found[share] = {
            index: round(Accuracy(CLASSES, sum(each[index] for each in counts)).mean_iou, 4) for index in counts[0]
        }
    return found


def judged(data: Path, folder: Path) -> Iterator[Source]:
    """Yield what is measured and never learnt from."""
    files = drawn(folder, 7)
    yield read("demo 7", files.scene, files.labels)
    south = read("banepa south, right", data / "banepa/south_rgb.tif", data / "banepa/south_label.tif")
    cut = round(south.labels.shape[1] * SOUTH_LEARNT) + 60
    yield replace(south, image=south.image[:, :, cut:], labels=south.labels[:, cut:])
    for path in sorted((data / "aerial_sites").glob("*_rgb.tif")):
        name = path.name.removesuffix("_rgb.tif")
        yield read(name, path, path.with_name(f"{name}_label.tif"), lacks=2)


def main() -> None:
    """Train both, save them with their cards, and print what they reach."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("output", type=Path)
    options.add_argument("--coarse-steps", type=int, default=1600)
    options.add_argument("--refiner-steps", type=int, default=360)
    options.add_argument("--scratch", type=Path, default=Path("build/weights"), help="where the scenes are drawn, once")
    options.add_argument("--first", type=Path, help="a first coarse model to begin with instead of training one")
    options.add_argument("--coarse", type=Path, help="a coarse model to keep instead of training one")
    options.add_argument("--refiner", type=Path, help="a refiner with whole updates to halve")
    given = options.parse_args()
    devices.use_all_cores()
    with environment():
        folder = given.scratch
        known = [] if given.coarse and given.refiner else list(sources(given.data, folder))
        if given.coarse:
            net = load_coarse(given.coarse)[0]
        else:
            complete = [source for source in known if source.lacks is None]
            first = load_coarse(given.first)[0] if given.first else trained(complete, given.coarse_steps, 0)
            net = trained([completed(first, source) for source in known], given.coarse_steps, 1, first)
            save_model(given.output / "coarse_aerial_0.5m.safetensors", net, card(FCN.kind, 0, ""))
        if given.refiner:
            whole, _ = begun(ExtendedRefiner.kind, str(given.refiner), CLASSES, 3, torch.device("cpu"))
            refiner = cast(ExtendedRefiner, whole)
        else:
            fresh = [drawn(folder, seed) for seed in TEACH_SEEDS]
            lessons = [cropped(read(f"demo {n}", files.scene, files.labels), 700) for n, files in enumerate(fresh)]
            lessons += [source for source in known if source.name == "banepa south, left"]
            refiner = taught(net, lessons, given.refiner_steps, 0)
        print(json.dumps(by_share(net, refiner, given.data), indent=1))
        refiner.calm(CALM)
        table = [measured(net, refiner, source) for source in judged(given.data, folder)]
        quality = "; ".join(
            f"{row['scene']}: {row['step 0']['mean']:.3f} -> {row['step 5']['mean']:.3f}" for row in table
        )  # type: ignore[index]
        text = f"mean IoU of the coarse map and after five steps, on scenes never learnt from: {quality}"
        save_model(given.output / "coarse_aerial_0.5m.safetensors", net, card(FCN.kind, 0, text))
        save_model(
            given.output / "refiner_aerial_0.5m.safetensors", refiner, card(ExtendedRefiner.kind, USUAL_STEPS, text)
        )
    print(json.dumps(table, indent=1))


def card(kind: str, steps: int, quality: str) -> Card:
    """Return what the weights say about themselves."""
    learnt = "Banepa (Nepal), Dubai and GSI (Japan) aerial images, and synthetic scenes"
    return Card(kind, CLASSES, 3, PIXEL_M, steps, learnt, quality, LICENCE)


if __name__ == "__main__":
    main()
