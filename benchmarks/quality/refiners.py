"""Every refiner on every scene: taught on one part, scored on another; writes docs/refiners_measured.md
and the ranks, or of another kind of coarse nets a page of their own.

    .venv/worker/bin/python benchmarks/refiners.py ../shared/data build/refiners [--seeds 0 1 2] [--kinds ...]

Each result is kept in the folder, so that an interrupted run goes on where it was, and `--tables` writes the page from
what is there. Coarse nets learn from imprecise labels alone; nothing is tuned on what is scored.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import unet
from map_refiner.models import device as devices
from map_refiner.models.borders import WHOLE
from map_refiner.models.coarse.kinds import DEFAULT
from map_refiner.models.metrics import Accuracy, boundary_counts, confusion
from map_refiner.models.rasters.reading import environment
from map_refiner.models.refine.kinds import LESSONS, make
from map_refiner.models.refine.lesson import JUDGED_STEPS, LabelledTile, mean_iou_by_step, split
from map_refiner.models.refine.run import refine
from refiner_tables import AT, write_tables
from scenes import COARSE_UPDATES, coarse_net, places, prepared
from torch import Tensor

ORDER = (
    "extended", "faithful", "unet", "class-agnostic", "unshared", "crf", "opinion-pool", "heat", "perona-malik",
    "anisotropic", "geodesic",
)  # fmt: skip
LIMIT = {"crf": 12, "geodesic": 16, "perona-malik": 30, "anisotropic": 30}  # parameters that are tried
CPU = torch.device("cpu")


def measured(tiles: Sequence[LabelledTile], steps: Sequence[Sequence[Tensor]]) -> dict[str, dict[str, object]]:
    """Return the accuracy at each step that is looked at, over all tiles together."""
    classes = tiles[0].scores.shape[0]
    result: dict[str, dict[str, object]] = {}
    for step in range(len(steps[0])):
        if step not in AT:
            continue
        counts, edges = np.zeros((classes, classes), dtype=np.int64), np.zeros((classes, 2), dtype=np.int64)
        for tile, maps in zip(tiles, steps, strict=True):
            predicted = maps[step].argmax(0).to(torch.uint8).numpy()
            counts += confusion(tile.labels, predicted, classes)
            edges += boundary_counts(tile.labels, predicted, classes, (slice(None), slice(None)), (2,))[0]
        accuracy = Accuracy(tuple(map(str, range(classes))), counts)
        result[str(step)] = {
            "overall_accuracy": accuracy.overall_accuracy,
            "mean_iou": accuracy.mean_iou,
            "iou": accuracy.iou,
            "boundary_iou_2px": float(np.mean(edges[:, 0] / np.maximum(1, edges[:, 1]))),
        }
    return result


def one(kind: str, taught: list[LabelledTile], scored: list[LabelledTile], seed: int) -> dict[str, object]:
    """Teach a refiner and measure it on what is scored."""
    if kind == "unet":
        net, seconds = unet.taught(taught, seed)
        maps = [[torch.from_numpy(tile.scores), unet.applied(net, tile.scores, tile.image)] for tile in scored]
        weights = sum(weight.numel() for weight in net.parameters())
        return {"seconds": seconds, "weights": weights, "steps": measured(scored, maps)}
    torch.manual_seed(seed)
    lesson, refiner = LESSONS[kind], make(kind, taught[0].scores.shape[0], taught[0].image.shape[0])
    started = time.monotonic()
    for _ in lesson.teach(refiner, taught, LIMIT.get(kind, lesson.updates), seed, CPU):
        pass
    seconds = time.monotonic() - started
    held = mean_iou_by_step(refiner, taught, split(taught, seed)[1], JUDGED_STEPS, CPU)
    far = max(AT) if kind in ("extended", "faithful") else 20 if kind in ("class-agnostic", "unshared") else 5
    maps = []
    for tile in scored:
        scores, image = torch.from_numpy(tile.scores), torch.from_numpy(tile.image)
        maps.append([scores, *refine(refiner, scores, image, WHOLE, far)])
    weights = sum(weight.numel() for weight in refiner.parameters())  # type: ignore[attr-defined]
    return {"seconds": seconds, "weights": weights, "held_out": held, "steps": measured(scored, maps)}


def main() -> None:
    """Do what is missing, then write the tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    options.add_argument("--kinds", nargs="*", default=list(ORDER), choices=ORDER)
    options.add_argument("--places", nargs="*", default=[])
    options.add_argument("--coarse", default=DEFAULT, choices=COARSE_UPDATES, help="the kind of the coarse nets")
    options.add_argument("--threads", type=int, help="cores to use")
    options.add_argument("--tables", action="store_true", help="only write the page")
    given = options.parse_args()
    folder = given.folder
    folder.mkdir(parents=True, exist_ok=True)
    devices.use_all_cores()
    if given.threads:
        torch.set_num_threads(given.threads)
    if not given.tables:
        with environment():
            found = {name: p for name, p in places(given.data, folder).items() if name in (given.places or [name])}
            for seed in given.seeds:
                for place in found.values():
                    coarse_net(place, seed, folder, CPU, given.coarse)
                for kind in given.kinds:
                    for place in found.values():
                        path = folder / f"{place.name}.{kind}.{seed}.json"
                        if path.exists():
                            continue
                        result = one(kind, *prepared(place, seed, folder, CPU, given.coarse), seed)
                        path.write_text(json.dumps(result))
                        last = result["steps"].get("5", result["steps"].get("1"))  # type: ignore[union-attr]
                        before = result["steps"]["0"]  # type: ignore[index]
                        print(
                            f"{place.name} {kind} {seed}: mean IoU {before['mean_iou']:.3f} -> {last['mean_iou']:.3f}, "
                            f"{result['seconds']:.0f} s",
                            flush=True,
                        )
    write_tables(folder, given.coarse)


if __name__ == "__main__":
    main()
