"""A pyramid applied at several scales of the image, as Ghiasi and Fowlkes (ECCV 2016) test theirs.

The image is scored at 0.6, 0.8 and 1 of its size, and each class keeps its largest probability of the three, as in the
authors' code. Tiles are exact: the scales are fifths, blocks of five pixels are averaged by area to three or four and
interpolated back linearly, and tiles are aligned to multiples of both blocks and strides (160 px for a stride of 32).
The cost is a halo of 640 px, read again for every tile, and about three times the computation.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..arrays.score_maps import LOG_FLOOR
from .model import Pyramid

FIFTHS = 5
SCALES_IN_FIFTHS = (3, 4)  # fifths of the image's size


class MultiScale:
    """A pyramid applied to reduced images too; its coarser levels are those at the image's own size."""

    def __init__(self, net: Pyramid) -> None:
        """Wrap a pyramid that is ready for inference."""
        self.net, self.coarser = net, net.coarser
        self.stride = FIFTHS * net.stride
        self.halo = -(-(net.halo + net.stride) * FIFTHS // min(SCALES_IN_FIFTHS) // self.stride) * self.stride

    def scores(self, image: Tensor) -> Tensor:
        """Return the logarithms of the largest probabilities of all scales, as `CoarseModel` requires."""
        return self._joined(image, self.net.scores(self._own(image)))

    def pyramid(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the coarser levels at the image's own size, then the result of `scores`."""
        *levels, last = self.net.pyramid(self._own(image))
        return (*levels, self._joined(image, last))

    def _own(self, image: Tensor) -> Tensor:
        return _cut(image, self.halo - self.net.halo)

    def _joined(self, image: Tensor, logits: Tensor) -> Tensor:
        best, beyond = logits.softmax(dim=1), self.net.stride
        for part in SCALES_IN_FIFTHS:
            smaller = _cut(shrunk(image, part), self.halo * part // FIFTHS - self.net.halo - beyond)
            found = self.net.scores(smaller).softmax(dim=1)
            best = torch.maximum(best, grown(_cut(found, beyond - 1), part))
        return best.clamp_min(LOG_FLOOR).log()


def shrunk(maps: Tensor, part: int) -> Tensor:
    """Average every five pixels of (..., rows, columns) by area to `part` pixels; sides are multiples of five."""
    edges = torch.arange(FIFTHS + 1, dtype=torch.float64)
    ends = torch.arange(part + 1, dtype=torch.float64) * FIFTHS / part
    low, high = torch.maximum(ends[:-1, None], edges[:-1]), torch.minimum(ends[1:, None], edges[1:])
    weights = (high - low).clamp_min(0) * part / FIFTHS
    return _both_ways(maps, weights, FIFTHS)


def grown(maps: Tensor, part: int) -> Tensor:
    """Interpolate every `part` pixels linearly to five; the input has one extra pixel on each side."""
    at = (torch.arange(FIFTHS, dtype=torch.float64) + 0.5) * part / FIFTHS + 0.5  # in px, of a block with neighbours
    weights = (1 - (at[:, None] - torch.arange(part + 2)).abs()).clamp_min(0)
    return _both_ways(maps, weights, part)


def _both_ways(maps: Tensor, weights: Tensor, step: int) -> Tensor:
    """Multiply windows of rows and of columns, one every `step` pixels, by (out, in) weights."""
    weights = weights.t().to(maps)
    for _ in range(2):
        maps = (maps.unfold(-1, len(weights), step) @ weights).flatten(-2).transpose(-1, -2)
    return maps


def _cut(maps: Tensor, width: int) -> Tensor:
    return maps[..., width:-width, width:-width]
