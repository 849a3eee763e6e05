"""Held-out accuracy of refiners by step, and of the coarse map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...arrays.borders import WHOLE
from ...arrays.score_maps import UNLABELLED, Labels
from ...metrics.pixels import ConfusionAccuracy, confusion
from ...runtime.progress import CancelCheck, never_cancel, with_cancel
from ..refiner import Refiner
from ..unroll import refine_steps, total_halo
from .samples import ENOUGH, LabelledTile, split

WHOLE_PX = 800_000  # px of all tiles; beyond it only some cells are evaluated, because all take minutes
CELL_PX, MOST_CELLS = 128, 16  # px per side, and number of cells


def mean_iou_by_step(
    refiner: Refiner | None,
    tiles: Sequence[LabelledTile],
    held_out: Sequence[Labels],
    steps: int,
    device: torch.device,
    check: CancelCheck = never_cancel,
) -> tuple[float, ...]:
    """Return the mean IoU (0-1) of the coarse scores and after each step, over the labels of all tiles.

    `check` is called before each evaluated part and after each of its steps.
    """
    classes = tiles[0].scores.shape[0]
    counts = np.zeros((steps + 1, classes, classes), dtype=np.int64)
    for tile in held_out_parts(tiles, held_out, total_halo(refiner, steps) if refiner is not None and steps else 0):
        scores = torch.from_numpy(tile.scores).to(device)
        counts[0] += _confused(scores, tile.labels)
        if refiner is None or not steps:
            continue
        refined = refine_steps(refiner, scores, torch.from_numpy(tile.image).to(device), WHOLE, steps)
        for step, maps in enumerate(with_cancel(refined, check), start=1):
            counts[step] += _confused(maps, tile.labels)
    names = tuple(map(str, range(classes)))
    return tuple(ConfusionAccuracy(names, each).mean_iou for each in counts)


def _confused(scores: Tensor, labels: Labels) -> NDArray[np.int64]:
    return confusion(labels, scores.max(dim=0).indices.to(torch.uint8).cpu().numpy(), len(scores))


def held_out_parts(tiles: Sequence[LabelledTile], held_out: Sequence[Labels], around: int) -> list[LabelledTile]:
    """Return tiles with their held-out labels; if they are large, only some cells with a halo of `around` pixels."""
    if sum(labels.size for labels in held_out) <= WHOLE_PX:
        return [LabelledTile(tile.scores, tile.image, labels) for tile, labels in zip(tiles, held_out, strict=True)]
    cells = [
        (tile, labels, slice(row, row + CELL_PX), slice(column, column + CELL_PX))
        for tile, labels in zip(tiles, held_out, strict=True)
        for row in range(0, labels.shape[0], CELL_PX)
        for column in range(0, labels.shape[1], CELL_PX)
        if (labels[row : row + CELL_PX, column : column + CELL_PX] != UNLABELLED).any()
    ]
    chosen = np.random.default_rng(0).permutation(len(cells))[:MOST_CELLS]  # the same cells each time, to be comparable
    return [_cut(cells[number], around) for number in chosen.tolist()]


def _cut(cell: tuple[LabelledTile, Labels, slice, slice], around: int) -> LabelledTile:
    tile, labels, rows, columns = cell
    alone = np.full_like(labels, UNLABELLED)
    alone[rows, columns] = labels[rows, columns]
    cut = tuple(slice(max(0, side.start - around), side.stop + around) for side in (rows, columns))
    return LabelledTile(tile.scores[:, cut[0], cut[1]], tile.image[:, cut[0], cut[1]], alone[cut])


def best_step(by_step: Sequence[float]) -> int:
    """Return the first step with nearly all of the held-out gain, or 0 if no step gains."""
    gains = np.asarray(by_step) - by_step[0]
    return int(np.argmax(gains >= ENOUGH * gains.max()))


def coarse_miou(tiles: Sequence[LabelledTile], seed: int) -> float:
    """Return the held-out mean IoU (0-1) of the coarse scores."""
    return mean_iou_by_step(None, tiles, split(tiles, seed)[1], 0, torch.device("cpu"))[0]
