"""Refinement of one tile: the one implementation for sessions, previews, whole scenes and clusters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..arrays.borders import Borders
from ..arrays.score_maps import Mask, Scores, argmax_classes, uniform_where_invalid
from ..arrays.tiles import Tile
from ..refine.refiner import Refiner
from ..refine.unroll import from_prepared, total_halo
from ..runtime.device import synchronize


def prepare_tile(
    refiner: Refiner, image: Scores, initial: Scores, valid: Mask, borders: Borders, device: torch.device
) -> Tensor:
    """Return the part of the refiner's input that stays the same at every step."""
    first = torch.from_numpy(uniform_where_invalid(initial, valid, refiner.classes))
    with torch.inference_mode():
        return refiner.prepare(torch.from_numpy(image).to(device), first.to(device), borders)


def refine_tile(
    refiner: Refiner, tile: Tile, before: Scores, valid: Mask, *, prepared: Tensor, steps: range, device: torch.device
) -> list[Scores]:
    """Return the state over the core of a tile after each of the steps.

    NoData is filled with equal scores before the first step and held at every step.

    Args:
        refiner: the refiner, on `device`.
        tile: the tile; it has a halo for all the steps.
        before: (channels, rows, columns) before the steps; only logits before the refiner's first step.
        valid: (rows, columns), the mask of valid pixels.
        prepared: the result of `prepare_tile`.
        steps: the numbers of the steps, counted from 0 at the refiner's first step.
        device: the device that computes the steps.
    """
    held = torch.from_numpy(uniform_where_invalid(before, valid, refiner.classes)).to(device)
    mask = None if valid.all() else torch.from_numpy(valid).to(device)  # holding NoData costs a copy
    states = []
    with torch.inference_mode():
        state = held if steps.start else refiner.start(held)
        for n, after in enumerate(
            from_prepared(refiner, state, prepared=prepared, borders=tile.borders, steps=steps, valid=mask), start=1
        ):
            rows, columns = tile.core_of_result(total_halo(refiner, n))
            states.append(np.ascontiguousarray(after[:, rows, columns].cpu().numpy(), dtype=np.float32))
        synchronize(device)
    return states


def count_changed(scores: Sequence[Scores], valid: Mask, classes: int) -> tuple[int, ...]:
    """Count the valid pixels with a changed class between consecutive score maps."""
    best = [argmax_classes(each[:classes]) for each in scores]
    return tuple(int(np.count_nonzero((old != new) & valid)) for old, new in zip(best, best[1:]))
