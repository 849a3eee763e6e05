"""The cost of one place: the largest connected region with a false class after training, and the scene without it.

    .venv/worker/bin/python -m benchmarks worst_region --data FOLDER [--scenes zanzibar_a] [--seeds 0]

Uses the coarse maps of `refiners --coarse fcn`, and trains as that benchmark does.
"""

from __future__ import annotations

import numpy as np
import torch
from map_refiner.models.borders import WHOLE
from map_refiner.models.metrics import Accuracy, confusion
from map_refiner.models.refine.kinds import DEFAULT, LESSONS, make
from map_refiner.models.refine.lesson import LabelledTile
from map_refiner.models.refine.run import refine
from map_refiner.models.score_maps import UNLABELLED
from scipy import ndimage
from torch import Tensor

from ..harness import Benchmark, Cell, Page, Results, Settings, Values, markdown_table
from ..scenes import CPU, SCENES, tiles_with_coarse_maps

COARSE = "fcn"
STEPS = 5
NEAR = 3  # px between pixels of one region


def mean_iou(tile: LabelledTile, scores: Tensor, without: np.ndarray) -> float:
    """Return the mean IoU in per cent, of all pixels except some."""
    labels = np.where(without, UNLABELLED, tile.labels).astype(np.uint8)
    counts = confusion(labels, scores.argmax(0).to(torch.uint8).numpy(), len(tile.scores))
    return 100 * Accuracy(tuple(map(str, range(len(tile.scores)))), counts).mean_iou


def largest_false_region(tile: LabelledTile, scores: Tensor) -> np.ndarray:
    """Return the mask of the largest background region that has another class on the map."""
    false = (scores.argmax(0).numpy() > 0) & (tile.labels == 0)
    regions, count = ndimage.label(ndimage.binary_dilation(false, iterations=NEAR))
    sizes = ndimage.sum(false, regions, range(1, count + 1))
    return np.asarray(false & (regions == 1 + int(np.argmax(sizes))))


def run(settings: Settings, cell: Cell) -> Values:
    """Train once, and evaluate each step with the region and without it."""
    training, (tile, *_) = tiles_with_coarse_maps(settings, cell.scene, cell.seed, COARSE)
    torch.manual_seed(cell.seed)
    refiner = make(DEFAULT, len(tile.scores), len(tile.image))
    for _ in LESSONS[DEFAULT].teach(refiner, training, LESSONS[DEFAULT].updates, cell.seed, CPU):
        pass
    scores = torch.from_numpy(tile.scores)
    maps = [scores, *refine(refiner, scores, torch.from_numpy(tile.image), WHOLE, STEPS)]
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
    """Return the mean IoU by step, of the whole scored part and without the region."""
    abouts, tables = [], []
    for cell, values in results.items():
        low, high = values["chance"]
        abouts.append(
            f"The extended refiner on `{cell.scene}`, seed {cell.seed}, taught as in benchmarks/refiners.py. The "
            f"largest part of the scored half that is background and is given another class at step {STEPS} has "
            f"{values['region_px']} pixels, of {values['labelled_px']}; the coarse map gives most of them "
            f"(10 to 90 %) a probability of {low:.2f} to {high:.2f} of not being background. Per cent."
        )
        rows = [[str(step), *(f"{iou:.1f}" for iou in pair)] for step, pair in enumerate(values["mean_iou"])]
        tables.append(markdown_table(["step", "mean IoU", "without the part"], rows))
    return Page("\n\n".join(abouts), "\n\n".join(tables))


BENCHMARK = Benchmark(
    name="worst_region",
    page="wrong_part",
    title="What one place costs",
    run=run,
    table=table,
    scenes=SCENES,
    usual_scenes=("zanzibar_a",),
    seeds=(0,),
)
