"""Trees, bushes and hedges: crowns drawn once per size and stamped at each plant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from .canvas import Canvas
from .lattice import Floats, Mask, Window
from .region import Region, Sun, linear

RADII_M = (0.5, 0.7, 0.9, 1.2, 1.6, 2.0, 2.5, 3.0, 3.6, 4.3, 5.2, 6.2)
VARIANTS = 7


@dataclass(frozen=True)
class Crown:
    """A crown seen from above: its outline, height above its base, light and tone."""

    mask: Mask
    height: Floats
    facing: Floats
    tone: Floats


@dataclass(frozen=True)
class Grove:
    """The plants of a scene: places (n, 2) and radii (n,), in metres."""

    places: NDArray[np.float64]
    radii: NDArray[np.float64]


def crowns(sun: Sun, pixel_m: float, rng: np.random.Generator) -> list[list[Crown]]:
    """Draw several crowns of every size."""
    return [[_crown(radius, sun, pixel_m, rng) for _ in range(VARIANTS)] for radius in RADII_M]


def _crown(radius: float, sun: Sun, pixel_m: float, rng: np.random.Generator) -> Crown:
    """Draw a crown of several leafy lobes around a dome."""
    reach = int(np.ceil(radius * 1.25 / pixel_m)) + 2
    axis = np.arange(-reach, reach + 1) * pixel_m
    x, y = axis[None, :], axis[:, None]
    lobes = int(4 + radius * 5)
    turn, away = rng.uniform(0, 2 * np.pi, lobes), radius * 0.75 * np.sqrt(rng.uniform(0, 1, lobes))
    size = np.maximum(rng.uniform(0.25, 0.5, lobes) * radius, 0.4)
    top = np.zeros((len(axis), len(axis)))
    for t, a, r in zip(turn, away, size, strict=True):
        square = r * r - (x - a * np.cos(t)) ** 2 - (y - a * np.sin(t)) ** 2
        lift = 0.9 * np.sqrt(max(radius**2 - a * a, 0.05))
        top = np.maximum(top, np.where(square > 0, np.sqrt(np.maximum(square, 0)) * 1.1 + lift, 0))
    leaves = gaussian_filter(rng.standard_normal(top.shape), 0.8) * 3
    mask = (top > 0) & (leaves + (top / radius) * 4 > -0.4)
    rough = gaussian_filter(top + leaves * 0.16 * min(radius, 2.5), 0.8)
    gy, gx = np.gradient(rough, pixel_m)
    facing = 0.3 + 0.75 * sun.facing((gx * 0.8).astype(np.float32), (gy * 0.8).astype(np.float32))
    tone = 0.75 + 0.35 * np.clip(top / radius, 0, 1.2) + 0.13 * leaves
    height = gaussian_filter(top, 0.25 * radius / pixel_m) * 0.8 + radius * 0.7
    tone = np.clip(tone, 0.3, 1.8)
    return Crown(mask, height.astype(np.float32), facing.astype(np.float32), tone.astype(np.float32))


def plant(canvas: Canvas, grove: Grove, region: Region, drawn: list[list[Crown]], rng: np.random.Generator) -> None:
    """Stamp plants on the canvas, the small ones first."""
    order = np.argsort(grove.radii)
    palette = np.array([linear(colour) for colour in region.trees])
    sizes = np.abs(np.log(grove.radii[:, None] / np.array(RADII_M)[None])).argmin(1)
    kinds, looks = rng.integers(len(palette), size=len(order)), rng.integers(VARIANTS, size=len(order))
    tints = np.clip(rng.normal(1, 0.13, (len(order), 1)) * rng.normal(1, 0.05, (len(order), 3)), 0.5, 1.6)
    for i in order:
        crown = drawn[sizes[i]][looks[i]]
        _stamp(canvas, crown, grove.places[i], (palette[kinds[i]] * tints[i]).astype(np.float32))


def _stamp(canvas: Canvas, crown: Crown, at: NDArray[np.float64], colour: Floats) -> None:
    """Stamp one crown on the canvas; anything taller is kept."""
    size = crown.mask.shape[0]
    left, top = (int(v / canvas.lattice.pixel_m) - size // 2 for v in at)
    row, col = max(0, -top), max(0, -left)
    rows, cols = min(size, canvas.lattice.size - top) - row, min(size, canvas.lattice.size - left) - col
    if rows <= 0 or cols <= 0:
        return
    window, part = Window(top + row, left + col, rows, cols), (slice(row, row + rows), slice(col, col + cols))
    mask = crown.mask[part] & (crown.height[part] > canvas.height[window.slices] - 0.2)
    canvas.paint(window, mask, crown.tone[part][..., None] * colour)
    canvas.raise_to(window, mask, crown.height[part], crown.facing[part])
