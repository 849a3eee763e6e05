"""Training time until near convergence: seconds to 95 % of the final held-out mean IoU, by kind of refiner.

    .venv/worker/bin/python -m benchmarks training --data FOLDER [--device cpu] [--side 640] [--seeds 0 1 2]

Trains on a labelled tile of Banepa with the coarse map of the shipped model, as an analyst would.
"""

from __future__ import annotations

import statistics
import time
from functools import cache
from pathlib import Path

import numpy as np
import torch
from map_refiner.models.arrays.grid import Window
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.refine.registry import REFINER_TRAINERS, make_refiner
from map_refiner.models.refine.training import train_extended, train_faithful
from map_refiner.models.refine.training.held_out import coarse_miou
from map_refiner.models.refine.training.samples import LabelledTile
from map_refiner.models.runtime import device as devices
from map_refiner.models.scene.labels import raster_labels
from map_refiner.models.scene.scene import Scene
from map_refiner.models.shared.model_kinds import REFINER_KINDS
from map_refiner.models.tiling.classify_tile import score_window
from map_refiner.models.weights.checkpoint import load_coarse

from ..harness import Benchmark, Cell, Option, Page, Results, Settings, Values, markdown_table
from ..machine import matmul_rate
from ..scenes import SHIPPED_COARSE
from .step import EXTENDED, FIRST, FUSED, ONCE, STEPS

PIXEL_M = 0.5
NEAR = 0.95
BACKWARD = 3  # an update costs this many times its steps: forward once, backward twice as much
EXTENDED_BATCH, FAITHFUL_BATCH = (
    each.BATCH * (each.PATCH + 2 * around) ** 2
    for each, around in ((train_extended, train_extended.CONTEXT_PX), (train_faithful, train_faithful.HALO))
)  # pixels per batch
OPERATIONS = {
    "extended": BACKWARD * EXTENDED_BATCH * (STEPS * EXTENDED + FIRST),
    "faithful": BACKWARD * FAITHFUL_BATCH * (STEPS * FUSED + ONCE),
    "class-agnostic": BACKWARD * FAITHFUL_BATCH * (STEPS * FUSED + ONCE),
    "unshared": BACKWARD * FAITHFUL_BATCH * STEPS * (FUSED + ONCE),
}


@cache
def labelled_tile(data: Path, side: int, device: torch.device) -> LabelledTile:
    """Classify the middle of the scene with the shipped coarse model, and read its labels."""
    model, _ = load_coarse(SHIPPED_COARSE, device)
    with Scene(data / "banepa" / "south_rgb.tif", pixel_size=PIXEL_M) as scene:
        labels = raster_labels(str(data / "banepa" / "south_label.tif"), scene.grid)
        rows, columns = np.nonzero(labels != UNLABELLED)
        stride = model.stride
        window = Window(
            max(0, (int(rows.mean()) - side // 2) // stride * stride),
            max(0, (int(columns.mean()) - side // 2) // stride * stride),
            min(side, scene.grid.height),
            min(side, scene.grid.width),
        )
        scores = torch.log_softmax(torch.from_numpy(score_window(model, scene, window, device)), dim=0).numpy()
        return LabelledTile(scores, scene.read(window)[0], labels[window.slices()])


def curve(kind: str, tile: LabelledTile, seed: int, device: torch.device) -> tuple[list[tuple[float, float]], float]:
    """Train once; return the (seconds, held-out mean IoU) of each evaluation, and the mean seconds per update."""
    torch.manual_seed(seed)
    refiner = make_refiner(kind, len(tile.scores), len(tile.image)).to(device)
    updates = REFINER_KINDS[kind].updates
    points, started = [], time.perf_counter()
    for epoch in REFINER_TRAINERS[kind](refiner, [tile], updates, seed, device):
        if epoch.held_out_miou is not None:
            points.append((time.perf_counter() - started, epoch.held_out_miou))
    return points, (time.perf_counter() - started) / updates


def run(settings: Settings, cell: Cell) -> Values:
    """Train one kind, and find the time at which it was near its best score."""
    device = settings.device
    rate = matmul_rate(device, torch.float32)
    tile = labelled_tile(settings.data, settings.options.side, device)
    coarse = coarse_miou([tile], cell.seed)
    points, update = curve(cell.kind, tile, cell.seed, device)
    best = max(score for _, score in points)
    marks = NEAR * best, coarse + NEAR * (best - coarse)
    soon = [next(seconds for seconds, score in points if score >= mark) for mark in marks]
    return {
        "coarse": coarse,
        "best": best,
        "to_best": soon[0],
        "to_gain": soon[1],
        "all_updates": points[-1][0],
        "update_ms": 1000 * update,
        "rate": rate,
    }


def summary(values: Values) -> str:
    """Return the held-out mean IoU before and after, and the training seconds."""
    return f"mean IoU {values['coarse']:.3f} -> {values['best']:.3f} in {values['to_best']:.1f} s"


def table(settings: Settings, results: Results) -> Page:
    """Return a page of the medians over the seeds, by kind."""
    side = settings.options.side
    rate = next(iter(results.values()))["rate"]
    digits = {"coarse": 3, "best": 3, "to_best": 1, "to_gain": 1, "all_updates": 0, "update_ms": 0}
    rows = []
    for kind in results.kinds():
        runs = results.by_seed(kind=kind).values()
        middle = [f"{statistics.median(run[key] for run in runs):.{digits[key]}f}" for key in digits]
        rows.append([kind, *middle, f"{1000 * OPERATIONS[kind] / rate:.0f}"])
    percent = f"{100 * NEAR:.0f} %"
    heads = [
        "kind",
        "coarse map",
        "best held-out mean IoU",
        f"seconds to {percent} of it",
        f"seconds to {percent} of the gain",
        "all updates, s",
        "ms per update",
        "limit, ms",
    ]
    about = (
        f"{devices.describe_device(settings.device)}: one tile of {side} x {side} pixels of Banepa, with a quarter of "
        f"its blocks held out; seeds {', '.join(map(str, results.seeds()))}, medians. The score is the mean IoU after "
        "five steps on the held-out blocks, evaluated every 25 or 30 updates. The times include the evaluation. The "
        "gain is counted from the score of the coarse map.\n\n"
        "The limit is the number of operations of the forward and backward pass of an update, divided by the rate of a "
        f"large matrix product, {rate / 1e9:.0f} GFLOP/s. Evaluation, small convolutions that do not reach that rate, "
        "and work other than products (padding, messages, bounds) make up the difference."
    )
    return Page(about, markdown_table(heads, rows))


BENCHMARK = Benchmark(
    name="training",
    title="Training time of the refiners",
    run=run,
    table=table,
    kinds=tuple(OPERATIONS),
    seeds=(0,),
    options=(Option("side", 640, "side of the tile, in pixels of half a metre"),),
    has_device=True,
    is_timed=True,
    summary=summary,
)
