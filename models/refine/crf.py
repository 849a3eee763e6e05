"""The training-free dense CRF of Kraehenbuehl and Koltun 2011, truncated: one mean-field update per step.

    E(x) = sum_i psi(x_i) + sum_ij [x_i != x_j] (bilateral exp(-|p_i - p_j|^2 / 2 alpha^2 - |I_i - I_j|^2 / 2 beta^2)
                                                 + spatial exp(-|p_i - p_j|^2 / 2 gamma^2))
    psi = -log softmax(scores)

Each kernel is divided by its sum at i, so a message is in 0-1. This is "NORMALIZE_AFTER" in pydensecrf, which by
default divides by the square roots of the sums at i and j. As in pydensecrf, a pixel is also its own neighbour. Pixels
outside the scene do not exist and are not replaced by mirrored ones.

The original sums over the whole image, which cannot be tiled exactly. Here the bilateral kernel ends after `reach`
pixels; beyond the nearest pixels, the centre of each `cell` x `cell` block represents the whole block. The spatial
kernel ends after `near` pixels.
"""

# pydensecrf and its fork pydensecrf2 have no wheels and need a compiler.
# ConvCRF is not packaged and mirrors at the borders.

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional

from ..arrays.borders import Borders
from ..runtime.parallel import in_strips
from .refiner import crop_halo
from .structure_tensor import gaussian, separable
from .tunable import TunableParameter, TunableRefiner

STRIP_PIXELS = 30_000  # pixels processed at once, to stay in the cache
NEGLIGIBLE = 1e-6  # smaller weights of similar neighbours are ignored


class CRF(TunableRefiner):
    """The truncated dense CRF; its state is log Q of the classes, then psi of the classes.

    `alpha` and `gamma` are in px. `beta` is the root mean square over the bands, in standard deviations of a band: 13
    of 255 grey levels in each of three bands are about 0.15. `bilateral` and `spatial` are the kernel weights, in
    logits.
    """

    kind = "crf"
    tunable = (
        TunableParameter("bilateral", 5.0, 0.0, 1e3, (2.0, 5.0, 10.0)),
        TunableParameter("alpha", 10.0, 1e-2, 1e3, (3.0, 5.0, 10.0, 20.0)),
        TunableParameter("beta", 0.2, 1e-3, 1e3, (0.1, 0.2, 0.4, 0.8)),
        TunableParameter("spatial", 3.0, 0.0, 1e3, (1.0, 3.0)),
        TunableParameter("gamma", 1.0, 1e-2, 1e3, (1.0, 3.0)),
    )

    def __init__(self, classes: int, bands: int, reach: int = 20, cell: int = 5, near: int = 6) -> None:
        """Make a CRF with the usual parameters; `cell` must be odd and `near` at most `reach`."""
        super().__init__(classes, bands)
        self.channels = 2 * classes
        self.halo = self.context_radius = self.reach = reach
        self.cell, self.near = cell, near

    def start(self, scores: Tensor) -> Tensor:
        """Return (2 classes, rows, columns): log Q = log softmax(scores) and psi."""
        log = torch.log_softmax(scores, dim=0)
        return torch.cat([log, -log])

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Scale (bands, rows, columns) so that squared differences are exponents, and pad it with zeros."""
        return _surround(image / (self.value("beta") * math.sqrt(2 * len(image))), self.halo, borders)

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Update Q once: log Q_k = -psi_k + sum of the messages for k, up to a constant; all steps are the same."""
        psi = crop_halo(state[self.classes :], self.halo, borders)
        q = torch.softmax(state[: self.classes], dim=0)
        known = _surround(torch.cat([q, torch.ones_like(q[:1])]), self.halo, borders)  # 0 outside the scene
        rows, columns = psi.shape[-2:]
        after = torch.empty(2 * self.classes, rows, columns, dtype=psi.dtype, device=psi.device)
        after[self.classes :] = psi

        def update(part: slice) -> None:
            around = slice(part.start, part.stop + 2 * self.halo)
            messages = self._messages(known[:, around], prepared[:, around])
            after[: self.classes, part] = torch.log_softmax(messages - psi[:, part], dim=0)

        if state.device.type == "cpu":
            in_strips(rows, max(1, STRIP_PIXELS // columns), update)
        else:
            update(slice(0, rows))
        return after

    def _messages(self, known: Tensor, image: Tensor) -> Tensor:
        """Return the messages, (classes, rows, columns), from Q and 1 within the scene; inputs include the reach."""
        middle = image[:, self.reach : -self.reach or None, self.reach : -self.reach or None]
        rows, columns = middle.shape[-2:]
        near, spare = self.near, self.reach - self.near
        line = gaussian(self.value("gamma"), near, known)
        close = known[:, spare : spare + rows + 2 * near, spare : spare + columns + 2 * near]
        spatial = separable(close, line, norm=False)
        bilateral = torch.zeros_like(spatial)
        for down, across, exponent in self._neighbours():
            there = (slice(None), slice(down, down + rows), slice(across, across + columns))
            unlike = (image[there] - middle).square_().sum(dim=0)
            bilateral.addcmul_(known[there], unlike.neg_().add_(exponent).exp_())
        messages = spatial[:-1] * (self.value("spatial") / spatial[-1])
        return messages.add_(bilateral[:-1] * (self.value("bilateral") / bilateral[-1]))

    def _neighbours(self) -> Iterator[tuple[int, int, float]]:
        """Yield row and column offsets from the window's corner, and the log weight at zero contrast."""
        half, cells = self.cell // 2, self.reach // self.cell
        near, far = range(-half, half + 1), range(-cells * self.cell, cells * self.cell + 1, self.cell)
        offsets = [(down, across, 1) for down in near for across in near]
        offsets += [(down, across, self.cell**2) for down in far for across in far if down or across]
        for down, across, pixels in offsets:
            exponent = math.log(pixels) - (down**2 + across**2) / (2 * self.value("alpha") ** 2)
            if exponent > math.log(NEGLIGIBLE):
                yield self.reach + down, self.reach + across, exponent


def _surround(maps: Tensor, width: int, borders: Borders) -> Tensor:
    """Pad (..., rows, columns) with zeros at the borders of the scene."""
    sides = (width * borders.left, width * borders.right, width * borders.top, width * borders.bottom)
    return functional.pad(maps, sides)
