"""The extended refiner: the paper's recurrence, with what its form lacks [ours].

    v = (log-probabilities, within bounds, and memory m)
    h = ReLU(features(I, u_0) + A v + B v)          A of 3 x 3, B of 3 x 3 with gaps of 3 px
    (u, m) <- (u, m) + r^t tanh(W h + b) g

The paper's classes never see each other, a step reaches 2 px, its weights begin far from doing nothing, and stepping on
destroys the map. Here every class sees every other, and a few channels of memory beside them; a step reaches 3 px, and
a small net that runs once looks further, at the image and the coarse map. W begins at zero, so that an untaught refiner
does nothing. Updates are bounded by g, and by r^t they die away: however far it is stepped, a score moves by less than
g / (1 - r). docs/refiners.md says what each part is for.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..borders import Borders
from .cores import in_strips
from .refiner import inner, pad

MEMORY = 5  # channels beside the classes
FEATURES = 16  # channels of the net that looks at the image and the coarse map
GAPS = (1, 2, 4)  # px between the pixels that its layers look at
WIDTH = 32  # hidden units of the update
FAR = 3  # px: the gap of B, and the reach of a step
RATE = 0.6  # r: of each step's update to that of the one before
GAIN, MEMORY_GAIN = 3.0, 0.5  # g: the largest update of a score and of memory
FLOOR, SPREAD = -6.0, 3.0  # log-probabilities are seen from FLOOR on, and divided by SPREAD
STRIP = 16_000  # pixels that are worked on at once: their hidden units stay in the second-level cache
PART = 250_000  # pixels of the image that are looked at at once


class ExtendedRefiner(nn.Module):
    """The refiner that is the default: 11,100 weights for three bands and three classes."""

    kind = "extended"
    halo = FAR

    def __init__(self, classes: int, bands: int) -> None:
        """Make a refiner that leaves every map as it is."""
        super().__init__()
        self.classes, self.bands, self.channels = classes, bands, classes + MEMORY
        self.sight = sum(GAPS)
        inputs = (bands + classes, *[FEATURES] * (len(GAPS) - 1))
        self.trunk = nn.ModuleList(nn.Conv2d(count, FEATURES, 3, dilation=gap) for count, gap in zip(inputs, GAPS))
        self.features = nn.Conv2d(FEATURES + bands + classes, WIDTH, 1)
        self.near = nn.Conv2d(self.channels, WIDTH, 3, bias=False)  # A
        self.far = nn.Conv2d(self.channels, WIDTH, 3, dilation=FAR, bias=False)  # B
        self.out = nn.Conv2d(WIDTH, self.channels, 1)  # W
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def start(self, scores: Tensor) -> Tensor:
        """Return (..., classes + 5, rows, columns): log-probabilities, and nothing remembered."""
        memory = scores.new_zeros(*scores.shape[:-3], MEMORY, *scores.shape[-2:])
        return torch.cat([torch.log_softmax(scores, dim=-3), memory], dim=-3)

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Look at (bands, rows, columns) and the scores before the first step, in parts; return (32, rows, columns)."""
        rows, columns = image.shape[-2:]
        top = 0 if borders.top else self.sight
        bottom = rows if borders.bottom else rows - self.sight
        height = max(4 * self.sight, PART // columns)
        parts = []
        for row in range(top, bottom, height):
            first, last = row - self.sight, min(row + height, bottom) + self.sight
            ends = Borders(first < 0, borders.left, last > rows, borders.right)
            seen = (..., slice(max(first, 0), last), slice(None))
            part = self.look(image[seen], scores[seen], ends)
            parts.append(part[:, : min(row + height, bottom) - row])
        return torch.cat(parts, dim=-2)

    def look(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Return what (..., bands, rows, columns) and scores add to the hidden units, (..., 32, rows, columns)."""
        maps = torch.cat([image, bounded(scores)], dim=-3)
        seen = maps
        for layer, gap in zip(self.trunk, GAPS, strict=True):
            seen = layer(pad(seen, gap, borders)).relu()
        return torch.as_tensor(self.features(torch.cat([seen, inner(maps, self.sight, borders)], dim=-3)))

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Refine (..., channels, rows, columns) once; without gradients in strips that fit the cache."""
        padded = pad(state, FAR, borders)
        before = inner(state, FAR, borders)
        if torch.is_grad_enabled() or state.device.type != "cpu":
            return before + RATE**index * self._update(padded, prepared)
        rows, columns = before.shape[-2:]
        after = torch.empty_like(before)

        def refine_strip(part: slice) -> None:
            strip = padded[..., part.start : part.stop + 2 * FAR, :]
            after[..., part, :] = before[..., part, :] + RATE**index * self._update(strip, prepared[..., part, :])

        in_strips(rows, max(1, STRIP // columns), refine_strip)
        return after

    def _update(self, padded: Tensor, prepared: Tensor) -> Tensor:
        """Return the bounded update of a state that is padded by `FAR`, and of an image term that is not."""
        scores, memory = torch.split(padded, [self.classes, MEMORY], dim=-3)
        seen = torch.cat([bounded(scores), memory], dim=-3)
        close = seen[..., FAR - 1 : 1 - FAR, FAR - 1 : 1 - FAR]
        hidden = (prepared + self.near(close) + self.far(seen)).relu()
        gains = [GAIN] * self.classes + [MEMORY_GAIN] * MEMORY
        return torch.tanh(self.out(hidden)) * padded.new_tensor(gains)[:, None, None]


def bounded(scores: Tensor) -> Tensor:
    """Return log-probabilities from -2 to 0, as the refiner sees them."""
    return torch.log_softmax(scores, dim=-3).clamp_min(FLOOR) / SPREAD
