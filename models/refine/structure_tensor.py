"""The structure tensor of all bands (Di Zenzo) on a smoothed image: the local gradients around each pixel."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ..arrays.borders import Borders
from .refiner import pad

SMOOTHING_PX = 6  # px on each side: three standard deviations of the widest Gaussian
WIDEST = SMOOTHING_PX / 3  # px, its standard deviation
IMAGE_HALO_PX = SMOOTHING_PX + 1  # px of the image: the derivatives need one more


class Structure(NamedTuple):
    """The products of the bands' derivatives, averaged over the bands: (rows, columns), in deviations^2 / px^2."""

    across: Tensor  # along the columns, squared
    mixed: Tensor
    down: Tensor  # along the rows, squared

    def coherence(self) -> Tensor:
        """Return the difference of the two eigenvalues."""
        return torch.hypot(self.across - self.down, 2 * self.mixed)

    def strength(self) -> Tensor:
        """Return the square root of the larger eigenvalue: gradient strength, in deviations / px [Di Zenzo 1986]."""
        return ((self.across + self.down + self.coherence()) / 2).clamp_min(0).sqrt()


def structure_tensor(image: Tensor, sigma: float, borders: Borders) -> Structure:
    """Compute the structure tensor of (bands, rows, columns), smoothed by a Gaussian of `sigma` px.

    It is smaller by `IMAGE_HALO_PX` on each side that is not a border. It is the mean over the bands, not the sum, so
    that parameters have the same meaning for three bands and for two hundred. The halo does not depend on sigma, so
    that a grid search can try several values.
    """
    padded = pad(image, IMAGE_HALO_PX, borders)
    line = gaussian(sigma, SMOOTHING_PX, image)
    across = mixed = down = torch.zeros((), device=image.device)
    for band in padded:  # one at a time: hundreds of bands at once use too much memory
        smooth = separable(band[None], line)[0]
        x = (smooth[1:-1, 2:] - smooth[1:-1, :-2]) / 2
        y = (smooth[2:, 1:-1] - smooth[:-2, 1:-1]) / 2
        across, mixed, down = across + x * x, mixed + x * y, down + y * y
    return Structure(across / len(padded), mixed / len(padded), down / len(padded))


def gaussian(sigma: float, radius: int, like: Tensor) -> Tensor:
    """Sample a Gaussian from -radius to radius, 1 in the middle; if sigma is 0, it is 0 elsewhere."""
    distance = torch.arange(-radius, radius + 1, dtype=like.dtype, device=like.device)
    return torch.exp(-(distance**2) / (2 * max(sigma, 1e-3) ** 2)) if sigma else (distance == 0).to(like.dtype)


def separable(maps: Tensor, line: Tensor, norm: bool = True) -> Tensor:
    """Filter (maps, rows, columns) by `line` in both directions, without padding; `norm`: normalise `line` to sum 1."""
    if norm:
        line = line / line.sum()
    maps = functional.conv2d(maps[:, None], line.view(1, 1, -1, 1))
    return functional.conv2d(maps, line.view(1, 1, 1, -1))[:, 0]
