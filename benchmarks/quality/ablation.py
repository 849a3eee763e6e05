"""Ablation of the extended refiner: training without each of its parts, on real scenes.

    .venv/worker/bin/python -m benchmarks ablation --data FOLDER [--seeds 0] [--scenes ...]

Uses the coarse maps of the refiners benchmark.
"""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import torch
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.refine import extended
from map_refiner.models.refine.extended import ExtendedRefiner
from map_refiner.models.refine.training import class_balance, train_extended
from map_refiner.models.refine.training.samples import LabelledTile
from map_refiner.models.refine.unroll import refine_steps
from map_refiner.models.shared.model_kinds import REFINER_KINDS
from torch import Tensor

from ..harness import Benchmark, Cell, Page, Results, Settings, Values, markdown_table
from ..scenes import CPU, SCENES, tiles_with_coarse_maps
from .refiners import evaluate_steps

LAST_STEP = 24
COLUMNS = (("5", "mean_iou"), (str(LAST_STEP), "mean_iou"), ("5", "boundary_iou_2px"))


def no_messages(padded: Tensor, likeness: Tensor) -> Tensor:
    """Return all-zero neighbour messages."""
    around = 2 * extended.HALO_PX
    rows, columns = (size - around for size in padded.shape[-2:])
    return padded.new_zeros(*padded.shape[:-3], len(extended.MESSAGE_DISTANCES) * padded.shape[-3], rows, columns)


MODULES = {"extended": extended, "train_extended": train_extended, "class_balance": class_balance}
PARTS: dict[str, dict[str, dict[str, Any]]] = {
    "all parts": {},
    "no neighbour messages": {"extended": {"_messages": no_messages}},
    "no decay of the score updates": {"extended": {"UPDATE_DECAY": 1.0}},
    "large score updates that decay from the second step": {
        "extended": {"MAX_SCORE_UPDATE": 3.0, "FULL": 1, "UPDATE_DECAY": 0.6}
    },
    "no hidden state": {"extended": {"HIDDEN_CHANNELS": 0}},
    "one layer in the image encoder": {"extended": {"GAPS": (1,)}},
    "loss on the last step only": {"train_extended": {"STEP_WEIGHT": 1e-6}},
    "always five steps in training": {"train_extended": {"FEWEST_STEPS": 5, "MOST_STEPS": 5}},
    "no weight averaging": {"train_extended": {"AVERAGE_DECAY": 0.0}},
    "no class weights": {"class_balance": {"BALANCE_RATE": 0.0}},
    "no jitter of images and coarse maps": {
        "train_extended": {"JITTER": 0.0, "SHIFT_PX": 0.0, "TEMPERATURE_JITTER": 0.0}
    },
}


def train(tiles: list[LabelledTile], seed: int) -> ExtendedRefiner:
    """Train an extended refiner with the current constants."""
    torch.manual_seed(seed)
    refiner = ExtendedRefiner(tiles[0].scores.shape[0], 3)
    for _ in train_extended.train_extended(refiner, tiles, REFINER_KINDS[refiner.kind].updates, seed, CPU):
        pass
    return refiner


def run(settings: Settings, cell: Cell) -> Values:
    """Train without one part, and evaluate each step."""
    training, scored = tiles_with_coarse_maps(settings, cell.scene, cell.seed)
    with ExitStack() as changed:
        for name, values in PARTS[cell.kind].items():
            changed.enter_context(patch.multiple(MODULES[name], **values))
        refiner = train(training, cell.seed)
        maps = []
        for tile in scored:
            scores = torch.from_numpy(tile.scores)
            maps.append([scores, *refine_steps(refiner, scores, torch.from_numpy(tile.image), WHOLE, LAST_STEP)])
        return evaluate_steps(scored, maps)


def table(settings: Settings, results: Results) -> Page:
    """Return a page of mean IoU and boundary IoU at steps 5 and 24, by part and scene."""
    scenes = results.scenes()
    heads = [""]
    for scene in scenes:
        heads += [f"{scene}: mean IoU, step 5", f"step {LAST_STEP}", "boundary IoU 2 px, step 5"]
    rows = []
    for part in results.kinds():
        row = [part]
        for scene in scenes:
            runs = results.by_seed(scene, part).values()
            for step, metric in COLUMNS:
                row.append(f"{100 * statistics.mean(run[step][metric] for run in runs):.1f}" if runs else "-")
        rows.append(row)
    about = (
        f"The extended refiner trained without one of its parts: seeds {', '.join(map(str, results.seeds()))}, per "
        "cent, on the scored part of each scene. Differences below one point are within the spread over the seeds."
    )
    return Page(about, markdown_table(heads, rows))


BENCHMARK = Benchmark(
    name="ablation",
    title="Accuracy of the extended refiner without each of its parts",
    run=run,
    table=table,
    scenes=SCENES,
    usual_scenes=("banepa_south", "zanzibar_b"),
    kinds=tuple(PARTS),
    seeds=(0,),
    threads=1,
)
