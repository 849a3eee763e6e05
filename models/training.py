"""What training a coarse model and teaching a refiner share: examples, what is held out, patches, and epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn

from .errors import LabelError
from .score_maps import UNLABELLED, Labels

BLOCKS = 4  # a side: a tile is held out by blocks, for neighbouring pixels are too alike to judge by
HELD_OUT = 0.25  # of the labelled pixels


@dataclass(frozen=True)
class Epoch:
    """One update of the weights; the held-out mean IoU (0-1) is there when it was measured."""

    step: int
    steps: int
    loss: float
    held_out_miou: float | None = None
    is_best: bool = False


class Best:
    """Keeps the weights that did best on what was held out, and gives them back at the end."""

    def __init__(self, model: nn.Module) -> None:
        """Watch a model."""
        self._model = model
        self.score = -1.0
        self._weights: dict[str, Tensor] = {}

    def offer(self, score: float) -> bool:
        """Keep the present weights if they are the best so far."""
        if score <= self.score:
            return False
        self.score = score
        self._weights = {name: value.detach().clone() for name, value in self._model.state_dict().items()}
        return True

    def take(self, score: float) -> None:
        """Keep the present weights, whatever came before."""
        self.score = -1.0
        self.offer(score)

    def restore(self) -> None:
        """Put the best weights into the model."""
        if self._weights:
            self._model.load_state_dict(self._weights)


def hold_out(labels: Labels, seed: int, margin: int) -> tuple[Labels, Labels]:
    """Split labels by blocks into those to learn from and those to judge by.

    Blocks are taken in a random order until a quarter of the labelled pixels is held out; `margin` pixels around
    them are in neither part.

    Returns:
        Two arrays like `labels`, `UNLABELLED` where the other part lies.
    """
    rows, columns = np.nonzero(labels != UNLABELLED)
    if rows.size == 0:
        raise LabelError("Nothing is labelled within the scene; draw the tile over the image.")
    block_rows = np.array_split(np.arange(rows.min(), rows.max() + 1), BLOCKS)
    block_columns = np.array_split(np.arange(columns.min(), columns.max() + 1), BLOCKS)
    blocks = [(r, c) for r in block_rows for c in block_columns if r.size and c.size]
    held = np.zeros(labels.shape, dtype=bool)
    taken = 0
    for index in np.random.default_rng(seed).permutation(len(blocks)):
        r, c = blocks[index]
        part = labels[r[0] : r[-1] + 1, c[0] : c[-1] + 1]
        inside = int(np.count_nonzero(part != UNLABELLED))
        if taken and taken + inside > HELD_OUT * rows.size * 1.2:
            continue
        held[r[0] : r[-1] + 1, c[0] : c[-1] + 1] = True
        taken += inside
        if taken >= HELD_OUT * rows.size:
            break
    near = ndimage.binary_dilation(held, np.ones((3, 3), dtype=bool), iterations=margin) if margin else held
    learn = np.where(near, UNLABELLED, labels).astype(np.uint8)
    if not (learn != UNLABELLED).any():  # a tile of a few pixels: judging by what was learnt is all there is
        return labels, labels
    return learn, np.where(held, labels, UNLABELLED).astype(np.uint8)


def present_classes(labels: Labels, classes: Sequence[str]) -> NDArray[np.uint8]:
    """Return the class indices that occur in labels, in order.

    Raises:
        LabelError: where nothing is labelled, or an index has no class.
    """
    present = np.unique(labels[labels != UNLABELLED])
    if present.size == 0:
        raise LabelError("Nothing is labelled within the scene; check the extent and the CRS of the labels.")
    if present[-1] >= len(classes):
        raise LabelError(
            f"The labels hold the class index {present[-1]}, but there are {len(classes)} classes: "
            f"{', '.join(classes)} (indices 0 to {len(classes) - 1}; 255 is unlabelled)."
        )
    return present


def check_classes(labels: Labels, classes: Sequence[str]) -> None:
    """Refuse labels that cannot teach.

    Raises:
        LabelError: where nothing is labelled, or one class alone, or an index has no class.
    """
    present = present_classes(labels, classes)
    if present.size == 1:
        raise LabelError(f"The labels hold one class alone, {classes[present[0]]!r}; teaching needs at least two.")


class Sampler:
    """Draws square patches, half of them anywhere labelled, half of them around a class other than the first.

    Half and half, for roads and buildings are a small part of most scenes and background teaches little.
    """

    def __init__(self, labels: Labels, size: int) -> None:
        """Draw patches of `size` pixels a side from an array of labels at least as large."""
        flat = labels.ravel()
        self._shape, self._size = labels.shape, size
        self._anywhere = np.flatnonzero(flat != UNLABELLED)
        self._classes = [np.flatnonzero(flat == k) for k in np.unique(flat) if k not in (0, UNLABELLED)]

    def draw(self, generator: np.random.Generator) -> tuple[int, int]:
        """Return the first row and column of a patch with a labelled pixel near its middle."""
        pool = self._anywhere
        if self._classes and generator.random() < 0.5:
            pool = self._classes[generator.integers(len(self._classes))]
        centre = np.array(np.unravel_index(pool[generator.integers(pool.size)], self._shape))
        start = centre - self._size // 2 + generator.integers(-self._size // 4, self._size // 4 + 1, 2)
        top, left = np.clip(start, 0, np.array(self._shape) - self._size)
        return int(top), int(left)


def turn(maps: Tensor, way: int) -> Tensor:
    """Turn and mirror (..., rows, columns) in one of the eight ways of a square, 0-7."""
    maps = torch.rot90(maps, way % 4, (-2, -1))
    return maps.flip(-1) if way >= 4 else maps
