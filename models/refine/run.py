"""Refining a tile a number of times, on whatever device the refiner is on."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ..borders import Borders
from .refiner import Refiner


def refine(
    refiner: Refiner, scores: Tensor, image: Tensor, borders: Borders, steps: int, valid: Tensor | None = None
) -> Iterator[Tensor]:
    """Yield the scores after each of some steps; each is smaller by `refiner.halo` on every side that is no border.

    Args:
        refiner: the refiner.
        scores: (classes, rows, columns) logits.
        image: (bands, rows, columns), standardised.
        borders: which sides of the tile are borders of the scene.
        steps: how often to refine.
        valid: (rows, columns) bool; where False, the scores are held as they came.
    """
    with torch.inference_mode():
        yield from from_prepared(refiner, scores, refiner.prepare(image, borders), borders, steps, valid)


def from_prepared(
    refiner: Refiner, scores: Tensor, prepared: Tensor, borders: Borders, steps: int, valid: Tensor | None = None
) -> Iterator[Tensor]:
    """Yield the scores after each step, as `refine` does, from an image term that is there already."""
    with torch.inference_mode():
        for _ in range(steps):
            before = refiner.crop(scores, borders)
            scores = refiner.step(scores, prepared, borders)
            prepared = refiner.crop(prepared, borders)
            if valid is not None:
                valid = refiner.crop(valid, borders)
                scores = torch.where(valid, scores, before)
            yield scores
