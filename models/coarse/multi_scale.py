"""A pyramid at several scales of the image, as Ghiasi and Fowlkes (ECCV 2016) test theirs.

The image is seen at 0.6, 0.8 and 1 of its size, and each class keeps its largest probability of the three, as in the
authors' code. Tiles are exact: the scales are fifths, blocks of five pixels become three or four by their areas and
come back linearly, and tiles are widened to where blocks and strides meet, every 160 px for a stride of 32. The
price is a halo of 640 px, which is read anew for every tile, and about three times the computing.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..arrays.score_maps import LOG_FLOOR
from .model import Pyramid

WHOLE = 5
PARTS = (3, 4)  # fifths of the image's size


class MultiScale:
    """A pyramid that looks at the image smaller too; its coarser levels are those at the image's own size."""

    def __init__(self, net: Pyramid) -> None:
        """Look with a pyramid that is ready to compute."""
        self.net, self.coarser = net, net.coarser
        self.stride = WHOLE * net.stride
        self.halo = -(-(net.halo + net.stride) * WHOLE // min(PARTS) // self.stride) * self.stride

    def scores(self, image: Tensor) -> Tensor:
        """Return the logarithms of the joined probabilities, as `CoarseModel` asks."""
        return self._joined(image, self.net.scores(self._own(image)))

    def pyramid(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the coarser levels at the image's own size, and what `scores` returns."""
        *levels, last = self.net.pyramid(self._own(image))
        return (*levels, self._joined(image, last))

    def _own(self, image: Tensor) -> Tensor:
        return _cut(image, self.halo - self.net.halo)

    def _joined(self, image: Tensor, logits: Tensor) -> Tensor:
        best, beyond = logits.softmax(dim=1), self.net.stride
        for part in PARTS:
            smaller = _cut(shrunk(image, part), self.halo * part // WHOLE - self.net.halo - beyond)
            found = self.net.scores(smaller).softmax(dim=1)
            best = torch.maximum(best, grown(_cut(found, beyond - 1), part))
        return best.clamp_min(LOG_FLOOR).log()


def shrunk(maps: Tensor, part: int) -> Tensor:
    """Average (..., rows, columns), multiples of five, over the areas of pixels that are 5 / part as large a side."""
    edges = torch.arange(WHOLE + 1, dtype=torch.float64)
    ends = torch.arange(part + 1, dtype=torch.float64) * WHOLE / part
    low, high = torch.maximum(ends[:-1, None], edges[:-1]), torch.minimum(ends[1:, None], edges[1:])
    weights = (high - low).clamp_min(0) * part / WHOLE
    return _both_ways(maps, weights, WHOLE)


def grown(maps: Tensor, part: int) -> Tensor:
    """Make five pixels of each `part` linearly; of (..., rows + 2, columns + 2) one pixel all around is a neighbour."""
    at = (torch.arange(WHOLE, dtype=torch.float64) + 0.5) * part / WHOLE + 0.5  # in pixels, of a block and neighbours
    weights = (1 - (at[:, None] - torch.arange(part + 2)).abs()).clamp_min(0)
    return _both_ways(maps, weights, part)


def _both_ways(maps: Tensor, weights: Tensor, step: int) -> Tensor:
    """Multiply windows of rows and of columns, one each `step`, by (out, in) weights."""
    weights = weights.t().to(maps)
    for _ in range(2):
        maps = (maps.unfold(-1, len(weights), step) @ weights).flatten(-2).transpose(-1, -2)
    return maps


def _cut(maps: Tensor, width: int) -> Tensor:
    return maps[..., width:-width, width:-width]
