"""The dense CRF of Kraehenbuehl and Koltun 2011 on a truncated neighbourhood, untaught: one mean-field update a step.

    E(x) = sum_i psi(x_i) + sum_ij [x_i != x_j] (bilateral exp(-|p_i - p_j|^2 / 2 alpha^2 - |I_i - I_j|^2 / 2 beta^2)
                                                 + spatial exp(-|p_i - p_j|^2 / 2 gamma^2))
    psi = -log softmax(scores)

Each kernel is divided by its sum at i ("NORMALIZE_AFTER" in pydensecrf; its default divides by the roots of the sums at
i and j), so that a message lies in 0-1. As there, a pixel is its own neighbour too. Outside the scene there is nobody:
nothing is mirrored there.

Truncated: the original sums over the whole image, which no tile could be exact with. Here the bilateral kernel ends
after `reach` pixels, and beyond the nearest pixels takes one in the middle of every `cell` x `cell`, for all of them.
The spatial kernel ends after `near` pixels.
"""

# pydensecrf has no wheels (nor has its fork, pydensecrf2) and needs a compiler; ConvCRF is no package and mirrors.

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

STRIP_PIXELS = 30_000  # pixels worked on at once: they stay in the cache
NEGLIGIBLE = 1e-6  # weights below, of neighbours that look alike, are left out


class CRF(TunableRefiner):
    """The truncated dense CRF; its state is (log Q of the classes, psi of the classes).

    `alpha` and `gamma` are px, `beta` is the root mean square over the bands, in deviations of a band: 13 of 255 grey
    levels in each of three bands are 0.15 or so. `bilateral` and `spatial` are the weights of the kernels, in logits.
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
        """Make a CRF with the usual parameters; `cell` is odd and `near` no more than `reach`."""
        super().__init__(classes, bands)
        self.channels = 2 * classes
        self.halo = self.sight = self.reach = reach
        self.cell, self.near = cell, near

    def start(self, scores: Tensor) -> Tensor:
        """Return (2 classes, rows, columns): log Q = log softmax(scores) and psi."""
        log = torch.log_softmax(scores, dim=0)
        return torch.cat([log, -log])

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Scale (bands, rows, columns) so that squared differences are exponents; any values outside the scene."""
        return _surround(image / (self.value("beta") * math.sqrt(2 * len(image))), self.halo, borders)

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Update Q once: log Q_k = -psi_k + sum of the messages for k, less a constant; every step is alike."""
        psi = crop_halo(state[self.classes :], self.halo, borders)
        q = torch.softmax(state[: self.classes], dim=0)
        known = _surround(torch.cat([q, torch.ones_like(q[:1])]), self.halo, borders)  # 0 where nobody is
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
        """Return (classes, rows, columns) from Q, then 1 within the scene; both are wider by the reach to each side."""
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
        """Yield the rows and columns from the corner of the window, and the logarithm of the weight at no contrast."""
        half, cells = self.cell // 2, self.reach // self.cell
        near, far = range(-half, half + 1), range(-cells * self.cell, cells * self.cell + 1, self.cell)
        offsets = [(down, across, 1) for down in near for across in near]
        offsets += [(down, across, self.cell**2) for down in far for across in far if down or across]
        for down, across, pixels in offsets:
            exponent = math.log(pixels) - (down**2 + across**2) / (2 * self.value("alpha") ** 2)
            if exponent > math.log(NEGLIGIBLE):
                yield self.reach + down, self.reach + across, exponent


def _surround(maps: Tensor, width: int, borders: Borders) -> Tensor:
    """Add zeros to (..., rows, columns) at the borders of the scene."""
    sides = (width * borders.left, width * borders.right, width * borders.top, width * borders.bottom)
    return functional.pad(maps, sides)
