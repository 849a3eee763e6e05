"""Random patches of labels, and their orientations."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..arrays.score_maps import UNLABELLED, Labels


class Sampler:
    """A sampler of square patches: half around any labelled pixel, half around a class other than the first.

    Roads and buildings cover little of most scenes, and patches of background contribute little to training.
    """

    def __init__(self, labels: Labels, size: int) -> None:
        """Sample patches of `size` pixels a side from an array of labels at least that large."""
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
    """Rotate and mirror (..., rows, columns) by one of the eight symmetries of a square, 0-7."""
    maps = torch.rot90(maps, way % 4, (-2, -1))
    return maps.flip(-1) if way >= 4 else maps
