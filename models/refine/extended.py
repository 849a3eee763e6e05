"""The extended refiner: the paper's recurrence with several additions [ours].

    v = (log-probabilities, within bounds, and hidden state m)
    d = sum of w (q there - q here) over neighbours, w larger the more similar I is    q: the probabilities
    h = ReLU(features(I, u_0) + A v + B v + C d)    A of 3 x 3, B of 3 x 3 with gaps of 3 px, C of 1 x 1
    (u, m) <- (u, m) + r_t tanh(W h + b) g

In the paper's form the classes do not interact, a step reaches 2 px, the initial weights are far from the identity, and
further steps destroy the map. Here each class depends on all classes and on a few hidden channels. A step reaches 5 px,
and a small network that runs once has a wider view of the image and the coarse map. d is the message of a dense CRF,
truncated to the eight neighbours at two distances. It depends only on how different colours are, so it also holds for
scenes that look different from the tile. W starts at zero, so an untrained refiner leaves the map unchanged. Updates
are bounded by g and decay by r_t after five steps: over any number of steps, a score changes by less than 5.5 g.
docs/measured/ablation.md describes the purpose of each part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from ..arrays.borders import NOWHERE, Borders
from ..runtime.parallel import in_strips
from .refiner import crop_halo, pad

HIDDEN_CHANNELS = 5  # channels in addition to the classes
FEATURES = 16  # channels of the network on the image and the coarse map
GAPS = (1, 2, 4)  # px, dilations of its layers
WIDTH = 32  # hidden units of the update
FAR = 3  # px, dilation of B
MESSAGE_DISTANCES = (2, 5)  # px to the neighbours of the messages, eight at each distance
HALO_PX = max(FAR, *MESSAGE_DISTANCES)  # px per step
INITIAL_SHARPNESS = 4.0  # initial sharpness: w is exp(-4) for neighbours that differ by one standard deviation
FULL = 5  # steps with full updates
UPDATE_DECAY = 0.3  # r: ratio of each later update to the previous one
MAX_SCORE_UPDATE, MAX_HIDDEN_UPDATE = 0.8, 0.5  # g: largest update of a score and of the hidden state
LOG_PROBABILITY_FLOOR, LOG_PROBABILITY_SCALE = -6.0, 3.0  # log-probabilities are clamped at FLOOR and divided by SPREAD
STRIP_PIXELS = 16_000  # pixels processed at once: their hidden units stay in the second-level cache
PART_PIXELS = 30_000  # image pixels processed at once
NEIGHBOUR_OFFSETS = tuple((down, across) for down in (-1, 0, 1) for across in (-1, 0, 1) if down or across)


class ExtendedRefiner(nn.Module):
    """The default refiner: 11,300 weights for three bands and three classes."""

    kind = "extended"
    halo = HALO_PX

    def __init__(self, classes: int, bands: int) -> None:
        """Make a refiner that leaves every map unchanged."""
        super().__init__()
        self.classes, self.bands, self.channels = classes, bands, classes + HIDDEN_CHANNELS
        self.context_radius = max(sum(GAPS), *MESSAGE_DISTANCES)
        inputs = (bands + classes, *[FEATURES] * (len(GAPS) - 1))
        self.trunk = nn.ModuleList(nn.Conv2d(count, FEATURES, 3, dilation=gap) for count, gap in zip(inputs, GAPS))
        self.features = nn.Conv2d(FEATURES + bands + classes, WIDTH, 1)
        self.near = nn.Conv2d(self.channels, WIDTH, 3, bias=False)  # A
        self.far = nn.Conv2d(self.channels, WIDTH, 3, dilation=FAR, bias=False)  # B
        self.heard = nn.Conv2d(len(MESSAGE_DISTANCES) * classes, WIDTH, 1, bias=False)  # C
        self.sharpness = nn.Parameter(torch.full((len(MESSAGE_DISTANCES),), math.log(INITIAL_SHARPNESS)))
        self.out = nn.Conv2d(WIDTH, self.channels, 1)  # W
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    @property
    def is_untrained(self) -> bool:
        """Return whether the refiner still leaves every map unchanged."""
        return not bool(self.out.weight.any())

    def calm(self, share: float) -> None:
        """Scale down all updates to about `share` of their size."""
        with torch.no_grad():
            for weight in self.out.parameters():
                weight.mul_(share)

    def narrowed(self, kept: Sequence[int]) -> ExtendedRefiner:
        """Return a refiner for the classes `kept`, in that order, with the present weights of these classes."""
        narrow = ExtendedRefiner(len(kept), self.bands)
        state = dict(self.state_dict())
        channels = [*kept, *range(self.classes, self.channels)]
        for name, parts in {
            "trunk.0.weight": [*range(self.bands), *(self.bands + k for k in kept)],
            "features.weight": [*range(FEATURES + self.bands), *(FEATURES + self.bands + k for k in kept)],
            "near.weight": channels,
            "far.weight": channels,
            "heard.weight": [n * self.classes + k for n in range(len(MESSAGE_DISTANCES)) for k in kept],
        }.items():
            state[name] = state[name][:, parts]
        for name in ("out.weight", "out.bias"):
            state[name] = state[name][channels]
        narrow.load_state_dict(state)
        return narrow

    def start(self, scores: Tensor) -> Tensor:
        """Return (..., classes + 5, rows, columns): log-probabilities and a zero hidden state."""
        hidden_state = scores.new_zeros(*scores.shape[:-3], HIDDEN_CHANNELS, *scores.shape[-2:])
        return torch.cat([torch.log_softmax(scores, dim=-3), hidden_state], dim=-3)

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Compute features of (bands, rows, columns) and the initial scores; return (48, rows, columns).

        Without gradients, it is computed in parallel strips.
        """
        if torch.is_grad_enabled():
            return self.look(image, scores, borders)
        rows, columns = image.shape[-2:]
        top = 0 if borders.top else self.context_radius
        bottom = rows if borders.bottom else rows - self.context_radius
        sides = self.context_radius * (2 - borders.left - borders.right)
        whole = image.new_empty(WIDTH + len(MESSAGE_DISTANCES) * len(NEIGHBOUR_OFFSETS), bottom - top, columns - sides)

        def look_at(part: slice) -> None:
            first, last = part.start + top - self.context_radius, part.stop + top + self.context_radius
            ends = Borders(first < 0, borders.left, last > rows, borders.right)
            seen = (..., slice(max(first, 0), last), slice(None))
            whole[:, part] = self.look(image[seen], scores[seen], ends)[:, : part.stop - part.start]

        in_strips(bottom - top, max(2 * self.context_radius, PART_PIXELS // columns), look_at)
        return whole

    def look(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Return the hidden units' term from (..., bands, rows, columns) and scores, then the neighbours' weights."""
        maps = torch.cat([image, bounded(scores)], dim=-3)
        seen = maps if image.dim() == 4 else maps[None].contiguous(memory_format=torch.channels_last)
        for layer, gap in zip(self.trunk, GAPS, strict=True):
            seen = layer(pad(seen, gap, borders)).relu_()
        seen = crop_halo(seen.view(*maps.shape[:-3], *seen.shape[-3:]), self.context_radius - sum(GAPS), borders)
        features = self.features(torch.cat([seen, crop_halo(maps, self.context_radius, borders)], dim=-3))
        likeness = [
            crop_halo(_likeness(image, gap, sharpness, borders), self.context_radius - gap, borders)
            for gap, sharpness in zip(MESSAGE_DISTANCES, self.sharpness, strict=True)
        ]
        return torch.cat([features, *likeness], dim=-3)

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Refine (..., channels, rows, columns) once; without gradients on a CPU, in strips that fit the cache."""
        padded = pad(state, HALO_PX, borders)
        before = crop_halo(state, HALO_PX, borders)
        share = UPDATE_DECAY ** max(0, index + 1 - FULL)
        if torch.is_grad_enabled() or state.device.type != "cpu":
            return before + share * self._update(padded, prepared)
        rows, columns = before.shape[-2:]
        after = torch.empty_like(before)

        def refine_strip(part: slice) -> None:
            strip = padded[..., part.start : part.stop + 2 * HALO_PX, :]
            update = self._update(strip, prepared[..., part, :])
            torch.add(before[..., part, :], update, alpha=share, out=after[..., part, :])

        in_strips(rows, max(1, STRIP_PIXELS // columns), refine_strip)
        return after

    def _update(self, padded: Tensor, prepared: Tensor) -> Tensor:
        """Return the bounded update of a state padded by `HALO_PX`; `prepared` is not padded."""
        features, likeness = torch.split(prepared, [WIDTH, len(MESSAGE_DISTANCES) * len(NEIGHBOUR_OFFSETS)], dim=-3)
        scores, hidden_state = torch.split(padded, [self.classes, HIDDEN_CHANNELS], dim=-3)
        log = torch.log_softmax(scores, dim=-3)
        seen = torch.cat([_within_bounds(log), hidden_state], dim=-3)
        hidden = self.near(_cut(seen, 1)).add_(self.far(_cut(seen, FAR))).add_(features)
        hidden = hidden.add_(self.heard(_messages(log.exp(), likeness))).relu_()
        gains = padded.new_tensor([MAX_SCORE_UPDATE] * self.classes + [MAX_HIDDEN_UPDATE] * HIDDEN_CHANNELS)[
            :, None, None
        ]
        return torch.sigmoid(2 * self.out(hidden)) * (2 * gains) - gains  # g tanh, in a third of the time


def _cut(padded: Tensor, width: int) -> Tensor:
    """Crop maps padded by `HALO_PX` to a padding of `width`."""
    return crop_halo(padded, HALO_PX - width, NOWHERE)


def _likeness(image: Tensor, gap: int, sharpness: Tensor, borders: Borders) -> Tensor:
    """Return the weights of the eight neighbours at distance `gap`, (..., 8, rows, columns); their sum is below 1."""
    padded = pad(image, gap, borders)
    middle = crop_halo(image, gap, borders)
    unlike = [(there - middle).square().mean(dim=-3, keepdim=True) for there in _around(padded, gap, gap)]
    weights = torch.exp(-sharpness.exp() * torch.cat(unlike, dim=-3))
    return weights / (weights.sum(dim=-3, keepdim=True) + 0.5)


def _messages(padded: Tensor, likeness: Tensor) -> Tensor:
    """Return the weighted differences of the neighbours' probabilities, (..., 2 classes, rows, columns)."""
    shares = torch.split(likeness, len(NEIGHBOUR_OFFSETS), dim=-3)
    apply = cast(Callable[..., Tensor], _Message.apply)
    return torch.cat([apply(padded, *each) for each in zip(shares, MESSAGE_DISTANCES, strict=True)], dim=-3)


class _Message(torch.autograd.Function):
    """The message of the eight neighbours at a distance; gradients are accumulated in place, not per neighbour."""

    @staticmethod
    def forward(ctx: Any, padded: Tensor, weights: Tensor, gap: int) -> Tensor:
        ctx.save_for_backward(padded, weights)
        ctx.gap = gap
        message = -_cut(padded, 0) * weights.sum(dim=-3, keepdim=True)
        for number, there in enumerate(_around(padded, gap, HALO_PX)):
            message.addcmul_(there, weights[..., number : number + 1, :, :])
        return message

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, Tensor, None]:
        padded, weights = ctx.saved_tensors
        (slope,) = slopes
        of_padded, of_weights = torch.zeros_like(padded), torch.empty_like(weights)
        _cut(of_padded, 0).addcmul_(slope, weights.sum(dim=-3, keepdim=True), value=-1)
        here = (slope * _cut(padded, 0)).sum(dim=-3)
        pairs = zip(_around(padded, ctx.gap, HALO_PX), _around(of_padded, ctx.gap, HALO_PX), strict=True)
        for number, (there, of_there) in enumerate(pairs):
            of_there.addcmul_(slope, weights[..., number : number + 1, :, :])
            of_weights[..., number, :, :] = (slope * there).sum(dim=-3) - here
        return of_padded, of_weights, None


def _around(padded: Tensor, gap: int, width: int) -> Iterator[Tensor]:
    """Yield maps padded by `width`, shifted to each of the eight neighbours at distance `gap`."""
    rows, columns = (size - 2 * width for size in padded.shape[-2:])
    for down, across in NEIGHBOUR_OFFSETS:
        top, left = width + down * gap, width + across * gap
        yield padded[..., top : top + rows, left : left + columns]


def bounded(scores: Tensor) -> Tensor:
    """Return log-probabilities scaled to -2 to 0, the refiner's input."""
    return _within_bounds(torch.log_softmax(scores, dim=-3))


def _within_bounds(log: Tensor) -> Tensor:
    return log.clamp_min(LOG_PROBABILITY_FLOOR) / LOG_PROBABILITY_SCALE
