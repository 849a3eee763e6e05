"""Diffusion of the scores, untaught: equations 1, 2 and 3 of Maggiori et al. 2017, which gives no discretisation.

Ours: explicit Euler steps on the graph of the pixels, for every class alike,

    u_p <- u_p + tau sum_n w_pn (u_n - u_p),    w_pn = w_np >= 0,   tau sum_n w_pn <= 1

so that mass is kept, nothing leaves the range that it had, and any number of steps is stable. One such step moves
scores by a pixel at most; `step` makes `inner` of them, ten at most. Nothing flows over the borders of the scene: there
are no edges there, whereas mirrored pixels would let twice the flow in. Within a `step` NoData flows like data.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from ..arrays.borders import Borders
from .refiner import crop_halo
from .structure_tensor import MAX_HALO_PX, WIDEST, structure_tensor
from .tunable import TunableParameter, TunableRefiner

MOST_INNER = 10  # time steps a step, each of which reaches one pixel
STABLE = 0.25  # the longest time step where the weights of a pixel add up to 4 at most
NEXT, BELOW, BELOW_NEXT, BELOW_BEFORE = (0, 1), (1, 0), (1, 1), (1, -1)  # rows down, columns across

TAU = TunableParameter("tau", 0.25, 0.0, STABLE, (0.1, 0.25))
INNER = TunableParameter("inner", 2, 1, MOST_INNER, (1, 2, 5, 10))
KAPPA = TunableParameter("kappa", 0.2, 1e-3, 1e3, (0.05, 0.1, 0.2, 0.4, 0.8))  # deviations / px
SIGMA = TunableParameter("sigma", 1.0, 0.0, WIDEST, (0.0, 1.0, 2.0))  # px


def ends(maps: Tensor, edge: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return views of (..., rows, columns) at both ends of every edge in one direction."""
    down, across = edge
    rows, columns = maps.shape[-2:]
    near = maps[..., : rows - down, max(0, -across) : columns - max(0, across)]
    return near, maps[..., down:, max(0, across) : columns - max(0, -across)]


class Heat(TunableRefiner):
    """The heat flow, equation 1: du_k/dt = div grad u_k. It knows nothing of the image."""

    kind = "heat"
    halo = MOST_INNER
    sight = 0
    tunable: ClassVar[tuple[TunableParameter, ...]] = (TAU, INNER)

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Return nothing: no map of the size of (bands, rows, columns)."""
        return image[:0]

    def _edges(self, prepared: Tensor) -> list[tuple[tuple[int, int], Tensor | float]]:
        """Return the weights of all edges by direction, for pixels of the size of what was prepared."""
        return [(NEXT, 1.0), (BELOW, 1.0)]

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Let (classes, rows, columns) flow for `inner` time steps; every step is alike."""
        tau = self.value("tau")
        edges = [(edge, weight * tau) for edge, weight in self._edges(prepared)]
        after = state.clone()
        for _ in range(int(self.value("inner"))):  # what lacks its neighbours is wrong by a pixel more: it is cut below
            change = torch.zeros_like(after)
            for edge, weight in edges:
                near, far = ends(after, edge)
                flow = (far - near).mul_(weight)
                to_near, to_far = ends(change, edge)
                to_near += flow
                to_far -= flow
            after += change
        return crop_halo(after, self.halo, borders)


class PeronaMalik(Heat):
    """Diffusion that edges of the image slow down, equation 2: du_k/dt = div(g(I) grad u_k).

    g = exp(-(s / kappa)^2) with the change s of the image smoothed by sigma [Perona and Malik 1990]; between two pixels
    it is the mean of theirs.
    """

    kind = "perona-malik"
    sight = MOST_INNER + MAX_HALO_PX
    tunable = (TAU, INNER, KAPPA, SIGMA)

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Compute g from (bands, rows, columns): (1, rows, columns), where the neighbours of a step are needed too."""
        change = structure_tensor(image, self.value("sigma"), borders).strength()
        return torch.exp(-((change / self.value("kappa")) ** 2))[None]

    def _edges(self, prepared: Tensor) -> list[tuple[tuple[int, int], Tensor | float]]:
        return [(edge, _mean(prepared[0], edge)) for edge in (NEXT, BELOW)]


class Anisotropic(PeronaMalik):
    """Diffusion along the edges of the image, equation 3: du_k/dt = div(D(I) grad u_k) [Weickert 1998].

    D is 1 along an edge and 1 - exp(-3.315 / (s / kappa)^8) across it. Its mixed entry is held within the two others,
    for no stencil of 3 x 3 has weights that are not negative otherwise: a flow that is neither along the grid nor
    diagonal is split between the nearest two of these.
    """

    kind = "anisotropic"
    # The weights of a pixel add up to 5 at most: its own part of them to 2, the neighbours' to 2 and, diagonally, 1.
    tunable = (TunableParameter("tau", 0.2, 0.0, 0.2, (0.1, 0.2)), INNER, KAPPA, SIGMA)

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Split D into flows along the four directions of a pixel's neighbours, (4, rows, columns)."""
        change = structure_tensor(image, self.value("sigma"), borders)
        lost = torch.exp(-3.315 / (change.strength() / self.value("kappa")) ** 8)  # 1 - what flows across an edge
        turn = 0.5 / change.coherence().clamp_min(1e-20)
        tilt = turn * (change.across - change.down)
        across = 1 - lost * (0.5 + tilt)
        down = 1 - lost * (0.5 - tilt)
        mixed = -2 * lost * turn * change.mixed
        most = torch.minimum(across, down)
        mixed = torch.minimum(torch.maximum(mixed, -most), most)
        diagonals = mixed.clamp_min(0), (-mixed).clamp_min(0)
        return torch.stack([across - mixed.abs(), down - mixed.abs(), *diagonals])

    def _edges(self, prepared: Tensor) -> list[tuple[tuple[int, int], Tensor | float]]:
        edges = (NEXT, BELOW, BELOW_NEXT, BELOW_BEFORE)
        return [(edge, _mean(flow, edge)) for edge, flow in zip(edges, prepared, strict=True)]


def _mean(maps: Tensor, edge: tuple[int, int]) -> Tensor:
    near, far = ends(maps, edge)
    return (near + far) / 2
