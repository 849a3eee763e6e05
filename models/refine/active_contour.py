"""Training-free geodesic active contours: equation 4 of Maggiori et al. 2017, after Caselles et al. 1997.

The boundary of class k is the zero level set of phi_k = u_k - max of the other u_j. It moves by

    dphi/dt = |grad phi| div(g grad phi / |grad phi|) = g |grad phi| curvature + grad g . grad phi

It gets shorter and is attracted to the valleys of g = 1 / (1 + (s / kappa)^2), the strongest edges of the image.
Discretisation (ours; the paper gives none): explicit Euler steps with central differences for the curvature and upwind
differences for the attraction to edges. Each class gets half of the motion of its phi: at a boundary between two
classes their phi are each other's negative, so the two halves add up. `step` makes `inner` time steps, at most ten,
because one moves a boundary by only a fraction of a pixel. Within a `step`, NoData pixels move like data.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ..arrays.borders import Borders
from .diffusion import INNER, KAPPA, MOST_INNER, SIGMA
from .refiner import crop_halo
from .structure_tensor import IMAGE_HALO_PX, structure_tensor
from .tunable import TunableParameter, TunableRefiner

FLAT = 1e-6  # (logits / px)^2; below this gradient phi has no direction


class Geodesic(TunableRefiner):
    """A refiner that moves all class boundaries by their curvature and towards edges of the image."""

    kind = "geodesic"
    halo = MOST_INNER
    context_radius = MOST_INNER + IMAGE_HALO_PX + 1
    tunable = (TunableParameter("tau", 0.2, 0.0, 0.2, (0.1, 0.2)), INNER, KAPPA, SIGMA)

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Compute g and its differences across and down from (bands, rows, columns), as (3, rows, columns)."""
        change = structure_tensor(image, self.value("sigma"), borders).strength()
        g = 1 / (1 + (change / self.value("kappa")) ** 2)
        sides = (int(borders.left), int(borders.right), int(borders.top), int(borders.bottom))
        padded = functional.pad(g[None], sides, mode="replicate")[0]  # no attraction across a border of the scene
        across = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
        down = (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
        return torch.stack([padded[1:-1, 1:-1], across, down])

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Move the boundaries of (classes, rows, columns) by `inner` time steps; all steps are the same."""
        tau = self.value("tau")
        after = state.clone()
        for _ in range(int(self.value("inner"))):  # each time step invalidates one more edge pixel: cropped below
            first, second = after.topk(2, dim=0).values
            for k in range(self.classes):
                others = torch.where(after[k] == first, second, first)
                after[k] += moved(after[k] - others, prepared, tau).div_(2)
        return crop_halo(after, self.halo, borders)


def moved(phi: Tensor, prepared: Tensor, tau: float) -> Tensor:
    """Return the change of phi, (rows, columns), in one time step; `prepared` is g and its differences.

    The equation has a maximum principle. On noise, central differences violate it and phi grows without bound. So phi
    is clamped to the range of its neighbours.
    """
    g, g_across, g_down = prepared
    p = functional.pad(phi[None], (1, 1, 1, 1), mode="replicate")[0]  # boundaries meet the scene border at right angles
    before, after, above, below = p[1:-1, :-2], p[1:-1, 2:], p[:-2, 1:-1], p[2:, 1:-1]
    x, y = (after - before) / 2, (below - above) / 2
    xx, yy = after + before - 2 * phi, below + above - 2 * phi
    xy = (p[2:, 2:] + p[:-2, :-2] - p[2:, :-2] - p[:-2, 2:]) / 4
    shorten = (xx * y * y - 2 * x * y * xy + yy * x * x) / (x * x + y * y + FLAT)  # curvature |grad phi|
    pull = _upwind(g_across, phi - before, after - phi) + _upwind(g_down, phi - above, below - phi)
    change: Tensor = tau * (g * shorten + pull)
    return change.clamp(_least(p) - phi, -_least(-p) - phi)


def _least(padded: Tensor) -> Tensor:
    """Return the minimum of each 3 x 3 neighbourhood; one pixel smaller on each side."""
    rows = torch.minimum(torch.minimum(padded[:-2], padded[1:-1]), padded[2:])
    return torch.minimum(torch.minimum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])


def _upwind(slope: Tensor, behind: Tensor, ahead: Tensor) -> Tensor:
    """Multiply a slope of g by the upwind difference of phi."""
    return slope * torch.where(slope > 0, ahead, behind)
