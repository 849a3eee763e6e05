"""Light: the shadows that heights cast, the sky that they hide, and the colour of both."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from .canvas import Canvas
from .lattice import Floats
from .region import Sun

HIGHEST_M = 24.0
SKY = np.array([0.135, 0.160, 0.205], np.float32)  # of the light on open level ground, by colour


def shadows(height: Floats, sun: Sun, pixel_m: float) -> Floats:
    """Return how much of the sun every pixel misses, 0 to 1.

    The highest obstacle on the way to the sun is found by doubling the way: n pixels from twice n/2.
    """
    step = np.array([sun.y, sun.x]) / max(abs(sun.x), abs(sun.y))  # rows, columns towards the sun
    drop = pixel_m * float(np.hypot(*step)) * sun.z / float(np.hypot(sun.x, sun.y))  # metres a step
    steps = HIGHEST_M / drop
    blocker = height.copy()
    reach = 1
    while reach < steps:
        moved = _moved(blocker, step * reach)
        np.maximum(blocker, moved - np.float32(reach * drop), out=blocker)
        reach *= 2
    miss: Floats = np.clip((blocker - height - 0.12) / 0.45, 0, 1)
    return miss


def _moved(field: Floats, by: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Floats:
    """Return the field as seen a number of rows and columns farther on; beyond the edge lies level ground."""
    rows, cols = (round(float(v)) for v in by)
    out = np.zeros_like(field)
    height, width = field.shape
    if abs(rows) < height and abs(cols) < width:
        here = (slice(max(0, -rows), height - max(0, rows)), slice(max(0, -cols), width - max(0, cols)))
        there = (slice(max(0, rows), height - max(0, -rows)), slice(max(0, cols), width - max(0, -cols)))
        out[here] = field[there]
    return out


def openness(height: Floats, pixel_m: float) -> Floats:
    """Return the share of the sky that every pixel sees, from the mean height around it."""
    small = height[::4, ::4]
    around = gaussian_filter(small, 4.0 / (4 * pixel_m))
    large = zoom(around, 4, order=1)[: height.shape[0], : height.shape[1]]
    large = np.pad(large, [(0, n - m) for n, m in zip(height.shape, large.shape, strict=True)], mode="edge")
    seen: Floats = np.exp(-np.clip(large - height, 0, None) * 0.16)
    return seen


def lit(canvas: Canvas) -> Floats:
    """Return the light that reaches the camera, (rows, columns, 3) linear, white ground in the sun being 1."""
    miss = shadows(canvas.height, canvas.sun, canvas.lattice.pixel_m)
    sunlight = canvas.facing * (1 - miss)
    sky = openness(canvas.height, canvas.lattice.pixel_m)
    out = np.empty_like(canvas.colour)
    for band in range(3):
        out[..., band] = canvas.colour[..., band] * (sunlight * (1 - SKY[band]) + sky * SKY[band])
    return out
