"""Every refiner on every scene: trained on one part, scored on another.

    .venv/worker/bin/python -m benchmarks refiners --data FOLDER [--seeds 0 1 2] [--kinds ...] [--coarse fcn]

The coarse models are trained on imprecise labels only, and nothing is tuned on the scored parts. The page of the
default coarse models includes the ranks that the dock shows.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import numpy as np
import torch
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.metrics.pixels import ConfusionAccuracy, boundary_counts, confusion
from map_refiner.models.refine.registry import REFINER_TRAINERS, make_refiner
from map_refiner.models.refine.training.held_out import mean_iou_by_step
from map_refiner.models.refine.training.samples import HELD_OUT_STEPS, LabelledTile, split
from map_refiner.models.refine.unroll import refine_steps
from map_refiner.models.shared.model_kinds import DEFAULT_COARSE_KIND, REFINER_KINDS
from torch import Tensor

from ..harness import PAGES, ROOT, Benchmark, Cell, Option, Page, Results, Settings, Values
from ..scenes import COARSE_UPDATES, CPU, SCENES, tiles_with_coarse_maps
from .refiner_tables import AT, all_tables, ranks
from .unet import apply_unet, train_unet

RANKS = ROOT / "resources" / "refiner_ranks.json"
KINDS = (
    "extended",
    "faithful",
    "unet",
    "class-agnostic",
    "unshared",
    "crf",
    "opinion-pool",
    "heat",
    "perona-malik",
    "anisotropic",
    "geodesic",
)
GRID_SEARCH = {"crf": 12, "geodesic": 16, "perona-malik": 30, "anisotropic": 30}  # parameter combinations to try


def evaluate_steps(tiles: Sequence[LabelledTile], steps: Sequence[Sequence[Tensor]]) -> dict[str, Values]:
    """Return the accuracy at each step of `AT`, over all tiles together."""
    classes = tiles[0].scores.shape[0]
    result: dict[str, Values] = {}
    for step in range(len(steps[0])):
        if step not in AT:
            continue
        counts, edges = np.zeros((classes, classes), dtype=np.int64), np.zeros((classes, 2), dtype=np.int64)
        for tile, maps in zip(tiles, steps, strict=True):
            predicted = maps[step].argmax(0).to(torch.uint8).numpy()
            counts += confusion(tile.labels, predicted, classes)
            edges += boundary_counts(tile.labels, predicted, classes, (slice(None), slice(None)), (2,))[0]
        accuracy = ConfusionAccuracy(tuple(map(str, range(classes))), counts)
        result[str(step)] = {
            "overall_accuracy": accuracy.overall_accuracy,
            "mean_iou": accuracy.mean_iou,
            "iou": accuracy.iou,
            "boundary_iou_2px": float(np.mean(edges[:, 0] / np.maximum(1, edges[:, 1]))),
        }
    return result


def train_and_evaluate(kind: str, training: list[LabelledTile], scored: list[LabelledTile], seed: int) -> Values:
    """Train a refiner and evaluate it on the scored tiles."""
    if kind == "unet":
        net, seconds = train_unet(training, seed)
        maps = [[torch.from_numpy(tile.scores), apply_unet(net, tile.scores, tile.image)] for tile in scored]
        weights = sum(weight.numel() for weight in net.parameters())
        return {"seconds": seconds, "weights": weights, "steps": evaluate_steps(scored, maps)}
    torch.manual_seed(seed)
    refiner = make_refiner(kind, training[0].scores.shape[0], training[0].image.shape[0])
    started = time.monotonic()
    updates = GRID_SEARCH.get(kind, REFINER_KINDS[kind].updates)
    for _ in REFINER_TRAINERS[kind](refiner, training, updates, seed, CPU):
        pass
    seconds = time.monotonic() - started
    held_out = mean_iou_by_step(refiner, training, split(training, seed)[1], HELD_OUT_STEPS, CPU)
    last = max(AT) if kind in ("extended", "faithful") else 20 if kind in ("class-agnostic", "unshared") else 5
    maps = []
    for tile in scored:
        scores, image = torch.from_numpy(tile.scores), torch.from_numpy(tile.image)
        maps.append([scores, *refine_steps(refiner, scores, image, WHOLE, last)])
    weights = sum(weight.numel() for weight in refiner.parameters())  # type: ignore[attr-defined]
    return {"seconds": seconds, "weights": weights, "held_out": held_out, "steps": evaluate_steps(scored, maps)}


def run(settings: Settings, cell: Cell) -> Values:
    """Train and evaluate one refiner on one scene."""
    tiles = tiles_with_coarse_maps(settings, cell.scene, cell.seed, settings.options.coarse)
    return train_and_evaluate(cell.kind, *tiles, cell.seed)


def summary(values: Values) -> str:
    """Return the mean IoU before and after refinement."""
    steps = values["steps"]
    last = steps.get("5", steps.get("1"))
    return f"mean IoU {steps['0']['mean_iou']:.3f} -> {last['mean_iou']:.3f}, trained in {values['seconds']:.0f} s"


def table(settings: Settings, results: Results) -> Page:
    """Return the page of one coarse model kind; the ranks come from the default kind."""
    coarse = settings.options.coarse
    about = (
        "Each refiner is trained on one part of a scene, or on every second image of a set, and scored on the other "
        f"part at step 5. The coarse models are of kind `{coarse}` and were trained on imprecise labels only.\n\n"
        "All values are per cent, with the standard deviation over the seeds where there are several. A seed changes "
        "the "
        'coarse model, the initial weights, the patches and the held-out blocks. A dash means "not measured".'
    )
    if coarse != DEFAULT_COARSE_KIND:
        title = f"{BENCHMARK.title} on coarse maps of {coarse}"
        return Page(about, all_tables(results), f"refiners_on_{coarse}", title)
    content = ranks(results)
    is_published = content and settings.pages == PAGES
    return Page(about, all_tables(results), files={RANKS: json.dumps(content, indent=1) + "\n"} if is_published else {})


BENCHMARK = Benchmark(
    name="refiners",
    title="Accuracy of the refiners",
    run=run,
    table=table,
    scenes=SCENES,
    kinds=KINDS,
    seeds=(0, 1, 2),
    options=(Option("coarse", DEFAULT_COARSE_KIND, "kind of the coarse models", tuple(COARSE_UPDATES)),),
    summary=summary,
)
