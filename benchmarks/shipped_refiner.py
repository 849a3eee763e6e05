"""Teach the refiner that ships, and measure it by itself on scenes that it never saw.

    .venv/worker/bin/python benchmarks/shipped_refiner.py ../shared/data resources/weights

It is what Teach goes on from, and what steps the maps of the coarse model that ships. So it learns from coarse maps as
an analyst makes them, of nets of two kinds and several seeds that learnt from imprecise labels of the very scene, and
from those of the model that ships. The sources are those of benchmarks/shipped_coarse.py that have accurate labels:
the left half of Banepa south, Banepa north (buildings), the pictures of GSI roads that benchmarks/refiners.py does not
score, and synthetic scenes. It learns all three classes, and each of the two against all else, at three pixel sizes.
Where the labels know two classes, it is its narrowed form that learns.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from map_refiner.models import device as devices
from map_refiner.models.checkpoint import load_coarse, save_model
from map_refiner.models.coarse.fcn import FCN
from map_refiner.models.rasters.reading import environment
from map_refiner.models.refine.drill import AROUND, DECAY, KEPT, PATCH, RATE, STEEPEST, approach, drill, gradients
from map_refiner.models.refine.extended import ExtendedRefiner
from map_refiner.models.refine.lesson import LabelledTile, Pool
from map_refiner.models.refine.rnn import USUAL_STEPS
from map_refiner.models.refine.shares import Shares
from map_refiner.models.score_maps import UNLABELLED
from scenes import GAP, PIXEL_M, Part, Place, coarse_logits, coarse_net, places, pushed_about, read, synthetic, tiles
from shipped_coarse import CLASSES, card, completed, drawn, judged, logits, measured, quality
from shipped_coarse import read as read_source
from torch import Tensor, nn
from torch.nn import functional

SEEDS = (101, 102, 103, 201, 202, 203)  # of the synthetic scenes; the demo has another
NEW_SEEDS = tuple(range(201, 209))  # of those that the coarse model that ships has not seen
MIDDLE = 700  # px a side of them that are learnt from
NETS = (("fcn-8s", 0), ("fcn-8s", 1), ("fcn", 0))  # kind and seed of the coarse nets of a real scene
OF_TABLES = 12  # pictures of GSI roads that are in the tables, every second one to be scored on
SIZES = (1.0, 0.75, 1.4)  # of the pictures
WEIGHTS = {"banepa_south": 2.0, "synthetic": 1.5, "shipped": 3.0}  # how often each is drawn from; 1 if not named
ONE_CLASS = 1 / 3  # what a single class of three counts, of all three
LAST = 120  # updates on maps of the model that ships alone, as a teaching goes on; without them the demo lost
CAUTION = 0.5  # what is kept of its updates: halfway to doing nothing it was better on scenes that it never saw
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Subject:
    """What is learnt together: tiles whose labels know some of the classes."""

    kept: tuple[int, ...]
    pool: Pool
    shares: Shares
    weight: float

    @classmethod
    def of(cls, tiles: Sequence[LabelledTile], kept: tuple[int, ...], weight: float) -> Subject:
        """Make one, with labels and scores in the order of `kept`."""
        pool = Pool(tiles, [tile.labels for tile in tiles], PATCH, AROUND, CPU)
        return cls(kept, pool, Shares(len(kept), CPU), weight)


def scenes(data: Path, folder: Path) -> Iterator[tuple[str, Place]]:
    """Yield what is learnt from, by the name that its weight has."""
    yield "banepa_south", places(data, folder)["banepa_south"]
    image, labels = read(data / "banepa/north_rgb.tif", data / "banepa/north_label.tif", PIXEL_M)
    part = Part(image, labels, pushed_about(labels, 1 / PIXEL_M, seed=3))
    yield "banepa_north", Place("banepa_north", CLASSES[:2], (part,), ((slice(None), slice(0, 0)),))
    yield "gsi_roads", tiles(data, "gsi_roads", "road", 2, 24)
    for seed in SEEDS:
        yield "synthetic", synthetic(folder, seed)


def lessons(name: str, place: Place, folder: Path) -> Iterator[LabelledTile]:
    """Yield the labelled tiles of a scene, with the maps of each of its coarse nets, in each size."""
    for kind, seed in NETS if name != "synthetic" else NETS[:1]:
        scratch = folder / kind
        scratch.mkdir(parents=True, exist_ok=True)
        net = coarse_net(place, seed, scratch, CPU, kind)
        for number, (part, (taught, _)) in enumerate(zip(place.parts, place.cuts, strict=True)):
            if name == "gsi_roads" and number < OF_TABLES and number % 2:
                continue
            cut = _middle(part.labels.shape) if name == "synthetic" else (slice(None), slice(None))
            if name == "banepa_south":
                cut = (slice(None), taught)
            maps = (coarse_logits(net, part.image), part.image, part.labels)
            whole = LabelledTile(*(each[(..., *cut)] for each in maps))
            yield from (resized(whole, size) for size in SIZES)


def _middle(shape: tuple[int, ...]) -> tuple[slice, slice]:
    rows, columns = ((size - MIDDLE) // 2 for size in shape)
    return slice(rows, rows + MIDDLE), slice(columns, columns + MIDDLE)


def new_ground(net: FCN, scratch: Path) -> Iterator[LabelledTile]:
    """Yield synthetic scenes that the coarse model that ships has not seen, with its maps."""
    for seed in NEW_SEEDS:
        files = drawn(scratch, seed)
        source = read_source(f"synthetic {seed}", files.scene, files.labels)
        cut = (..., *_middle(source.labels.shape))
        maps = (logits(net, source.image), source.image, source.labels)
        yield LabelledTile(*(each[cut] for each in maps))


def shipped_lessons(net: FCN, folder: Path) -> Iterator[LabelledTile]:
    """Yield the real scenes with the maps of the coarse model that ships, more than once."""
    south = read_source("south", folder / "south_rgb.tif", folder / "south_label.tif")
    half = south.labels.shape[1] // 2 - GAP // 2
    north = completed(net, read_source("north", folder / "north_rgb.tif", folder / "north_label.tif", lacks=2))
    for source, columns, times in ((south, half, 3), (north, None, 2)):
        maps = (logits(net, source.image), source.image, source.labels)
        whole = LabelledTile(*(each[..., :columns] for each in maps))
        for _ in range(times):
            yield from (resized(whole, size) for size in SIZES)


def resized(tile: LabelledTile, size: float) -> LabelledTile:
    """Return a tile with other pixels."""

    def scaled(maps: np.ndarray, how: str) -> np.ndarray:
        batch = torch.from_numpy(np.asarray(maps, dtype=np.float32))[None]
        return np.asarray(functional.interpolate(batch, scale_factor=size, mode=how)[0].numpy())

    if size == 1:
        return tile
    image = scaled(tile.image, "area" if size < 1 else "bilinear")
    labels = scaled(tile.labels[None], "nearest")[0].astype(np.uint8)
    return LabelledTile(scaled(tile.scores, "bilinear"), image, labels)


def against_the_rest(tile: LabelledTile, index: int) -> LabelledTile:
    """Return a tile of three classes as one of a class and all else."""
    log = torch.log_softmax(torch.from_numpy(tile.scores), dim=0)
    others = [other for other in range(len(log)) if other != index]
    scores = torch.stack([log[others].logsumexp(dim=0), log[index]]).numpy()
    labels = np.where(tile.labels == index, 1, 0).astype(np.uint8)
    return LabelledTile(scores, tile.image, np.where(tile.labels == UNLABELLED, UNLABELLED, labels).astype(np.uint8))


def subjects(net: FCN, data: Path, folder: Path) -> list[Subject]:
    """Make everything that is learnt from; `net` is the coarse model that ships."""
    found: dict[tuple[str, tuple[str, ...]], list[LabelledTile]] = {}
    for name, place in scenes(data, folder):
        found.setdefault((name, place.classes), []).extend(lessons(name, place, folder))
        print(name, flush=True)
    found["shipped", CLASSES] = [*new_ground(net, folder), *shipped_lessons(net, data / "banepa")]
    made = []
    for (name, classes), known in found.items():
        kept, weight = tuple(CLASSES.index(one) for one in classes), WEIGHTS.get(name, 1.0)
        made.append(Subject.of(known, kept, weight))
        if classes == CLASSES:
            for index in (1, 2):
                single = [against_the_rest(tile, index) for tile in known]
                made.append(Subject.of(single, (0, index), ONE_CLASS * weight))
    return made


def taught(known: Sequence[Subject], updates: int, seed: int) -> ExtendedRefiner:
    """Teach a refiner as `drill` does, one subject an update."""
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    refiner = ExtendedRefiner(len(CLASSES), 3)
    average = copy.deepcopy(refiner)
    optimizer = torch.optim.AdamW(refiner.parameters(), lr=RATE, weight_decay=DECAY)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=updates, pct_start=0.2)
    weights = np.array([subject.weight for subject in known])
    started, losses = time.monotonic(), []
    for update in range(1, updates + 1):
        subject = known[generator.choice(len(known), p=weights / weights.sum())]
        losses.append(learn(refiner, subject, generator))
        nn.utils.clip_grad_norm_(refiner.parameters(), STEEPEST)
        optimizer.step()
        cycle.step()
        approach(average, refiner, 1 - min(KEPT, update / (update + 10)))
        if update % 100 == 0:
            print(update, f"loss {np.mean(losses[-100:]):.3f}, {time.monotonic() - started:.0f} s", flush=True)
    with torch.no_grad():
        for weight in average.out.parameters():
            weight.mul_(CAUTION)
    return average


def learn(refiner: ExtendedRefiner, subject: Subject, generator: np.random.Generator) -> float:
    """Give a refiner the gradients of a batch, through its form for the classes of the subject; return the loss."""
    narrow = refiner.narrowed(subject.kept)
    loss = gradients(narrow, subject.pool, subject.shares, generator)
    places, slopes = refiner.places(subject.kept), {name: weight.grad for name, weight in narrow.named_parameters()}
    for name, weight in refiner.named_parameters():
        slope = slopes[name]
        assert isinstance(slope, Tensor)
        if name in places:
            axis, where = places[name]
            slope = torch.zeros_like(weight).index_copy_(axis, torch.tensor(where), slope)
        weight.grad = slope
    return loss


def main() -> None:
    """Teach it, measure it, and save it with its card."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("output", type=Path)
    options.add_argument("--updates", type=int, default=1600)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--scratch", type=Path, default=Path("build/shipped_refiner"), help="for scenes and nets")
    options.add_argument("--threads", type=int, help="cores to use")
    given = options.parse_args()
    devices.use_all_cores()
    if given.threads:
        torch.set_num_threads(given.threads)
    with environment():
        net = cast(FCN, load_coarse(next(given.output.glob("coarse*.safetensors")), CPU)[0])
        refiner = taught(subjects(net, given.data, given.scratch), given.updates, given.seed)
        for _ in drill(refiner, list(new_ground(net, given.scratch)), LAST, given.seed, CPU):
            pass
        table = [measured(net, refiner, source) for source in judged(given.data, given.scratch)]
    text = f"mean IoU of the coarse map that ships and after five steps, on ground never learnt from: {quality(table)}"
    about = card(
        ExtendedRefiner.kind, USUAL_STEPS, text, "Banepa (Nepal) and GSI (Japan) aerial images, and synthetic scenes"
    )
    save_model(given.output / "refiner_aerial_0.5m.safetensors", refiner, about)
    print(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
