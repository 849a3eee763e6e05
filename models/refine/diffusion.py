"""Training-free diffusion of the scores: equations 1 to 3 of Maggiori et al. 2017.

Discretisation (ours; the paper gives none): explicit Euler steps on the pixel graph, the same for every class,

    u_p <- u_p + tau sum_n w_pn (u_n - u_p),    w_pn = w_np >= 0,   tau sum_n w_pn <= 1

so mass is conserved, values stay within their range, and any number of steps is stable. One time step moves scores by
at most one pixel; `step` makes `inner` time steps, at most ten. Nothing flows across the borders of the scene, because
the graph has no edges there; mirrored pixels would double the inflow. Within a `step`, NoData pixels diffuse like data.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from ..arrays.borders import Borders
from .refiner import crop_halo
from .structure_tensor import IMAGE_HALO_PX, WIDEST, structure_tensor
from .tunable import TunableParameter, TunableRefiner

MOST_INNER = 10  # time steps per step; each reaches one pixel
STABLE = 0.25  # longest stable time step if the weights of a pixel sum to at most 4
NEXT, BELOW, BELOW_NEXT, BELOW_BEFORE = (0, 1), (1, 0), (1, 1), (1, -1)  # rows down, columns across

TAU = TunableParameter("tau", 0.25, 0.0, STABLE, (0.1, 0.25))
INNER = TunableParameter("inner", 2, 1, MOST_INNER, (1, 2, 5, 10))
KAPPA = TunableParameter("kappa", 0.2, 1e-3, 1e3, (0.05, 0.1, 0.2, 0.4, 0.8))  # standard deviations / px
SIGMA = TunableParameter("sigma", 1.0, 0.0, WIDEST, (0.0, 1.0, 2.0))  # px


def ends(maps: Tensor, edge: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return views of (..., rows, columns) at the two ends of all edges in one direction."""
    down, across = edge
    rows, columns = maps.shape[-2:]
    near = maps[..., : rows - down, max(0, -across) : columns - max(0, across)]
    return near, maps[..., down:, max(0, across) : columns - max(0, -across)]


class Heat(TunableRefiner):
    """The heat flow, equation 1: du_k/dt = div grad u_k; it does not use the image."""

    kind = "heat"
    halo = MOST_INNER
    context_radius = 0
    tunable: ClassVar[tuple[TunableParameter, ...]] = (TAU, INNER)

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Return an empty map with the spatial size of (bands, rows, columns)."""
        return image[:0]

    def _edges(self, prepared: Tensor) -> list[tuple[tuple[int, int], Tensor | float]]:
        """Return the edge weights of each direction, with the spatial size of `prepared`."""
        return [(NEXT, 1.0), (BELOW, 1.0)]

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Diffuse (classes, rows, columns) for `inner` time steps; all steps are the same."""
        tau = self.value("tau")
        edges = [(edge, weight * tau) for edge, weight in self._edges(prepared)]
        after = state.clone()
        for _ in range(int(self.value("inner"))):  # each time step invalidates one more edge pixel: cropped below
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
    """Diffusion that is slowed down at edges of the image, equation 2: du_k/dt = div(g(I) grad u_k).

    g = exp(-(s / kappa)^2), with the gradient strength s of the image smoothed by sigma [Perona and Malik 1990].
    Between two pixels, g is the mean of their values.
    """

    kind = "perona-malik"
    context_radius = MOST_INNER + IMAGE_HALO_PX
    tunable = (TAU, INNER, KAPPA, SIGMA)

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Compute g from (bands, rows, columns), as (1, rows, columns) including the halo of a step."""
        change = structure_tensor(image, self.value("sigma"), borders).strength()
        return torch.exp(-((change / self.value("kappa")) ** 2))[None]

    def _edges(self, prepared: Tensor) -> list[tuple[tuple[int, int], Tensor | float]]:
        return [(edge, _mean(prepared[0], edge)) for edge in (NEXT, BELOW)]


class Anisotropic(PeronaMalik):
    """Diffusion along the edges of the image, equation 3: du_k/dt = div(D(I) grad u_k) [Weickert 1998].

    D is 1 along an edge and 1 - exp(-3.315 / (s / kappa)^8) across it. Its mixed entry is clamped to the smaller of the
    other two, because otherwise a 3 x 3 stencil has negative weights. A flow between the grid and diagonal directions
    is split between the nearest two of them.
    """

    kind = "anisotropic"
    # The edge weights of a pixel sum to at most 5: 2 from its own flows, 2 and 1 (diagonal) from its neighbours'.
    tunable = (TunableParameter("tau", 0.2, 0.0, 0.2, (0.1, 0.2)), INNER, KAPPA, SIGMA)

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Decompose D into flows along the four neighbour directions, (4, rows, columns)."""
        change = structure_tensor(image, self.value("sigma"), borders)
        lost = torch.exp(-3.315 / (change.strength() / self.value("kappa")) ** 8)  # 1 - diffusivity across an edge
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
