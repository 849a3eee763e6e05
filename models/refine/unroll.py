"""Repeated refinement of a tile, on the device of the refiner."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ..arrays.borders import Borders
from .refiner import Refiner, crop_halo


def total_halo(refiner: Refiner, steps: int = 1) -> int:
    """Return the halo of a tile for `steps` steps: pixels around it that are needed of scores or image."""
    return (steps - 1) * refiner.halo + max(refiner.halo, refiner.context_radius)


def refine_steps(
    refiner: Refiner, scores: Tensor, image: Tensor, borders: Borders, steps: int, valid: Tensor | None = None
) -> Iterator[Tensor]:
    """Yield the scores after each step; the last are smaller by `total_halo` on each side that is not a border.

    Args:
        refiner: the refiner.
        scores: (classes, rows, columns) logits.
        image: (bands, rows, columns), standardised.
        borders: sides of the tile that are borders of the scene.
        steps: number of refinement steps.
        valid: (rows, columns) bool; False keeps the scores unchanged.
    """
    with torch.inference_mode():
        state, prepared = refiner.start(scores), refiner.prepare(image, scores, borders)
        for after in from_prepared(refiner, state, prepared=prepared, borders=borders, steps=range(steps), valid=valid):
            yield after[: refiner.classes]


def from_prepared(
    refiner: Refiner, state: Tensor, prepared: Tensor, borders: Borders, steps: range, valid: Tensor | None = None
) -> Iterator[Tensor]:
    """Yield the state after each of `steps`, from a tile's state and prepared term with their halos."""
    more = refiner.context_radius - refiner.halo
    prepared = crop_halo(prepared, max(0, -more), borders)
    state = crop_halo(state, max(0, more), borders)
    valid = None if valid is None else crop_halo(valid, max(0, more), borders)
    with torch.inference_mode():
        for index in steps:
            before = crop_halo(state, refiner.halo, borders)
            state = refiner.step(state, prepared, borders, index)
            prepared = crop_halo(prepared, refiner.halo, borders)
            if valid is not None:
                valid = crop_halo(valid, refiner.halo, borders)
                state = torch.where(valid, state, before)
            yield state
