"""Refining one tile once: the same for a whole scene, for what a map shows of it, and on a cluster."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .borders import Borders
from .device import synchronize
from .refine.refiner import Refiner
from .refine.run import from_prepared, margin
from .score_maps import Labels, Mask, Scores
from .tiles import Tile


def prepare_tile(
    refiner: Refiner, image: Scores, begun: Scores, valid: Mask, borders: Borders, device: torch.device
) -> Tensor:
    """Return what does not change from step to step, from the image and the scores that the refiner began with."""
    first = torch.from_numpy(undecided(begun, valid, refiner.classes))
    with torch.inference_mode():
        return refiner.prepare(torch.from_numpy(image).to(device), first.to(device), borders)


def refine_tile(
    refiner: Refiner, tile: Tile, before: Scores, prepared: Tensor, valid: Mask, index: int, device: torch.device
) -> Scores:
    """Refine a tile once and cut it to its core; `before` has bare scores at the first step of a refiner."""
    held = torch.from_numpy(undecided(before, valid, refiner.classes)).to(device)
    with torch.inference_mode():
        (after,) = from_prepared(
            refiner,
            held if index else refiner.start(held),
            prepared,
            tile.borders,
            range(index, index + 1),
            None if valid.all() else torch.from_numpy(valid).to(device),  # to hold what is missing costs a copy
        )
        synchronize(device)
    top = 0 if tile.borders.top else margin(refiner)
    left = 0 if tile.borders.left else margin(refiner)
    rows, columns = tile.core.slices(tile.outer)
    cut = after[:, rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return np.asarray(cut.cpu().numpy(), dtype=np.float32)


def undecided(state: Scores, valid: Mask, classes: int) -> Scores:
    """Fill a state where there is no data: every class alike, and nothing remembered."""
    if valid.all():
        return state
    fill = np.zeros((len(state), 1, 1), dtype=np.float32)
    fill[:classes] = -np.log(classes)
    return np.where(valid, state, fill)


def best_classes(scores: Scores) -> Labels:
    """Return the index of the best class of each pixel, of equals the first: argmax takes ten times as long."""
    best, index = scores[0], np.zeros(scores.shape[1:], dtype=np.uint8)
    for k in range(1, len(scores)):
        better = scores[k] > best
        np.maximum(index, np.uint8(k) * better.view(np.uint8), out=index)
        best = np.maximum(best, scores[k])
    return index
