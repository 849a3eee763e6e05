"""What training a coarse model and teaching a refiner share: examples, what is held out, patches, and epochs."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..arrays.score_maps import UNLABELLED, Labels


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


def dihedral(maps: Tensor, way: int) -> Tensor:
    """Turn and mirror (..., rows, columns) in one of the eight ways of a square, 0-7."""
    maps = torch.rot90(maps, way % 4, (-2, -1))
    return maps.flip(-1) if way >= 4 else maps
