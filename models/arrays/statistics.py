"""Statistics of the bands of an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Statistics:
    """The mean and standard deviation of each band, in the image's own units."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def towards(self, other: Statistics) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the gain and offset per band that convert standardized values to those of `other`."""
        std = np.array(other.std)
        gain = np.array(self.std) / std
        offset = (np.array(self.mean) - np.array(other.mean)) / std
        return gain.astype(np.float32), offset.astype(np.float32)
