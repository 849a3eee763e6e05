"""The cost of one location: the largest connected false-class region after training, and the scene without it.

    .venv/worker/bin/python -m benchmarks worst_region --data FOLDER [--scenes zanzibar_a] [--seeds 0]

Uses the coarse maps of `refiners --coarse fcn`, and trains as that benchmark does.
"""

from __future__ import annotations

import numpy as np
import torch
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.metrics.pixels import ConfusionAccuracy, confusion
from map_refiner.models.refine.registry import REFINER_TRAINERS, make_refiner
from map_refiner.models.refine.training.samples import LabelledTile
from map_refiner.models.refine.unroll import refine_steps
from map_refiner.models.shared.model_kinds import DEFAULT_REFINER_KIND, REFINER_KINDS
from scipy import ndimage
from torch import Tensor

from ..harness import Benchmark, Cell, Page, Results, Settings, Values, markdown_table
from ..scenes import CPU, SCENES, tiles_with_coarse_maps

COARSE = "fcn"
STEPS = 5
NEAR = 3  # dilation in pixels that joins nearby pixels into one region


def mean_iou(tile: LabelledTile, scores: Tensor, without: np.ndarray) -> float:
    """Return the mean IoU in per cent over the pixels outside the mask `without`."""
    labels = np.where(without, UNLABELLED, tile.labels).astype(np.uint8)
    counts = confusion(labels, scores.argmax(0).to(torch.uint8).numpy(), len(tile.scores))
    return 100 * ConfusionAccuracy(tuple(map(str, range(len(tile.scores)))), counts).mean_iou


def largest_false_region(tile: LabelledTile, scores: Tensor) -> np.ndarray:
    """Return the mask of the largest background region that the map assigns to another class."""
    false = (scores.argmax(0).numpy() > 0) & (tile.labels == 0)
    regions, count = ndimage.label(ndimage.binary_dilation(false, iterations=NEAR))
    sizes = ndimage.sum(false, regions, range(1, count + 1))
    return np.asarray(false & (regions == 1 + int(np.argmax(sizes))))


def run(settings: Settings, cell: Cell) -> Values:
    """Train once, and evaluate each step with and without the region."""
    training, (tile, *_) = tiles_with_coarse_maps(settings, cell.scene, cell.seed, COARSE)
    torch.manual_seed(cell.seed)
    refiner = make_refiner(DEFAULT_REFINER_KIND, len(tile.scores), len(tile.image))
    updates = REFINER_KINDS[DEFAULT_REFINER_KIND].updates
    for _ in REFINER_TRAINERS[DEFAULT_REFINER_KIND](refiner, training, updates, cell.seed, CPU):
        pass
    scores = torch.from_numpy(tile.scores)
    maps = [scores, *refine_steps(refiner, scores, torch.from_numpy(tile.image), WHOLE, STEPS)]
    region = largest_false_region(tile, maps[-1])
    chance = 1 - scores.softmax(0)[0].numpy()[region]
    masks = np.zeros_like(region), region
    return {
        "mean_iou": [[mean_iou(tile, each, without) for without in masks] for each in maps],
        "region_px": int(region.sum()),
        "labelled_px": int((tile.labels != UNLABELLED).sum()),
        "chance": np.percentile(chance, [10, 90]).tolist(),
    }


def table(settings: Settings, results: Results) -> Page:
    """Return the mean IoU by step, with and without the region."""
    parts = []
    for cell, values in results.items():
        low, high = values["chance"]
        parts.append(
            f"The extended refiner on `{cell.scene}`, seed {cell.seed}, trained as in the `refiners` benchmark. The "
            f"largest connected background region that has another class at step {STEPS} has {values['region_px']} of "
            f"the {values['labelled_px']} pixels of the scored half. The coarse map gives most of its pixels (10 to 90 "
            f"%) a probability of {low:.2f} to {high:.2f} of not being background. Values are per cent."
        )
        rows = [[str(step), *(f"{iou:.1f}" for iou in pair)] for step, pair in enumerate(values["mean_iou"])]
        parts.append(markdown_table(["step", "mean IoU", "without the region"], rows))
    about, *tables = parts
    return Page(about, "\n\n".join(tables))


BENCHMARK = Benchmark(
    name="worst_region",
    title="Effect of the largest misclassified region on the accuracy",
    run=run,
    table=table,
    scenes=SCENES,
    usual_scenes=("zanzibar_a",),
    seeds=(0,),
)
