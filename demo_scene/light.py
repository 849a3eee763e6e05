"""Light: shadows cast by heights, sky hidden by heights, and the colour of both."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from .canvas import Canvas
from .lattice import Floats
from .region import Sun

HIGHEST_M = 24.0
SKY = np.array([0.86, 1.0, 1.24], np.float32)  # colour of the light from the sky


def shadows(height: Floats, sun: Sun, pixel_m: float) -> Floats:
    """Return the blocked share of sunlight of every pixel, 0 to 1.

    The highest obstacle towards the sun is found by doubling the distance: n pixels from twice n/2.
    """
    step = np.array([sun.y, sun.x]) / max(abs(sun.x), abs(sun.y))  # rows, columns towards the sun
    drop = pixel_m * float(np.hypot(*step)) * sun.z / float(np.hypot(sun.x, sun.y))  # metres per step
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
    """Return the field shifted by (rows, columns), rounded to pixels; zero beyond the edge, which is level ground."""
    rows, cols = (round(float(v)) for v in by)
    out = np.zeros_like(field)
    height, width = field.shape
    if abs(rows) < height and abs(cols) < width:
        here = (slice(max(0, -rows), height - max(0, rows)), slice(max(0, -cols), width - max(0, cols)))
        there = (slice(max(0, rows), height - max(0, -rows)), slice(max(0, cols), width - max(0, -cols)))
        out[here] = field[there]
    return out


def openness(height: Floats, pixel_m: float) -> Floats:
    """Return the visible share of the sky of every pixel, from the mean height around it."""
    coarse = 4
    around = gaussian_filter(height[::coarse, ::coarse], 4.0 / (coarse * pixel_m))
    large = np.repeat(np.repeat(around, coarse, 0), coarse, 1)[: height.shape[0], : height.shape[1]]
    seen: Floats = np.exp(-np.clip(uniform_filter(large, coarse) - height, 0, None) * np.float32(0.16))
    return seen


def lit(canvas: Canvas) -> Floats:
    """Return the light that reaches the camera, (rows, columns, 3), linear; sunlit white ground is 1.

    The canvas is consumed: its colours become the light.
    """
    sunlight = canvas.facing * (1 - shadows(canvas.height, canvas.sun, canvas.lattice.pixel_m))
    sky = openness(canvas.height, canvas.lattice.pixel_m)
    for band, share in enumerate(SKY * np.float32(canvas.sun.sky)):
        canvas.colour[..., band] *= sunlight * (1 - share) + sky * share
    return canvas.colour
