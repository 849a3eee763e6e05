"""What every way of teaching a refiner shares: labelled tiles, and the accuracy on what is held out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..borders import WHOLE
from ..metrics import Accuracy, confusion
from ..score_maps import Labels, Scores
from ..training import hold_out
from .refiner import Refiner
from .run import refine

JUDGED_STEPS = 8  # how far a taught refiner is followed, to find the step that is best
APART = 10  # px between what is learnt from and what is held out


@dataclass(frozen=True)
class LabelledTile:
    """A part of a scene with labels: logits (classes, rows, columns), image (bands, rows, columns), class indices."""

    scores: Scores
    image: Scores
    labels: Labels


def split(tiles: Sequence[LabelledTile], seed: int) -> tuple[list[Labels], list[Labels]]:
    """Split the labels of tiles into those to learn from and those to judge by, by blocks."""
    parts = [hold_out(tile.labels, seed, margin=APART) for tile in tiles]
    return [learn for learn, _ in parts], [held for _, held in parts]


def mean_iou_by_step(
    refiner: Refiner | None, tiles: Sequence[LabelledTile], held: Sequence[Labels], steps: int, device: torch.device
) -> tuple[float, ...]:
    """Return the mean IoU (0-1) of the scores as they come and after each step, over the labels of all tiles."""
    classes = tiles[0].scores.shape[0]
    counts = np.zeros((steps + 1, classes, classes), dtype=np.int64)
    for tile, labels in zip(tiles, held, strict=True):
        scores = torch.from_numpy(tile.scores).to(device)
        maps = [scores]
        if refiner is not None and steps:
            maps += refine(refiner, scores, torch.from_numpy(tile.image).to(device), WHOLE, steps)
        for step, each in enumerate(maps):
            counts[step] += confusion(labels, each.argmax(dim=0).to(torch.uint8).cpu().numpy(), classes)
    names = tuple(map(str, range(classes)))
    return tuple(Accuracy(names, each).mean_iou for each in counts)


def coarse_miou(tiles: Sequence[LabelledTile], seed: int) -> float:
    """Return the mean IoU (0-1) of the unrefined scores on what is held out."""
    return mean_iou_by_step(None, tiles, split(tiles, seed)[1], 0, torch.device("cpu"))[0]
