"""Open land: meadows, ploughed soil and crops in rows."""

from __future__ import annotations

import numpy as np

from .canvas import BLOCK, LAWN, Canvas
from .lattice import Area, Floats, Mask, Window
from .noise import anywhere, cut
from .plan import box_around
from .region import Region, pick

WHITE = np.ones(1, np.float32)


def rough(canvas: Canvas, area: Area, region: Region, rng: np.random.Generator, wear: float) -> None:
    """Cover an area with grass worn down to soil in patches; `wear` is 0-1."""
    if area.is_empty:
        return
    grass, other, soil = pick(region.grass, rng), pick(region.grass, rng), pick(region.soil, rng)
    offset, drift = anywhere(rng), anywhere(rng)
    for window in canvas.lattice.window(area.bounds).parts(BLOCK):
        mask = canvas.lattice.inside(area, window)
        if mask.any():
            patches = cut(canvas.textures.mottle, window, offset) * 0.55
            patches += cut(canvas.textures.cloud, window, offset) * 0.85
            bare = np.clip((patches - np.float32(1.7 - 1.7 * wear)) * 1.3, 0, 0.9)
            mixed = np.clip(cut(canvas.textures.cloud, window, drift) * 0.4 + 0.3, 0, 0.8)
            colour = grass + (other - grass) * mixed[..., None]
            colour += (soil - colour) * bare[..., None]
            canvas.paint(window, mask, colour * canvas.grained(window, WHITE, LAWN, drift))


def field(canvas: Canvas, area: Area, region: Region, rng: np.random.Generator) -> None:
    """Draw one field with a grassy edge: meadow, stubble, crop or ploughed soil."""
    rough(canvas, area, region, rng, 0.3)
    inner = area.buffer(-rng.uniform(0.6, 2.2))
    if rng.random() < 0.22 or inner.is_empty:
        return
    window = canvas.lattice.window(inner.bounds)
    if not (window.rows and window.cols):
        return
    mask = canvas.lattice.inside(inner, window)
    base = pick((*region.crops, *region.soil[:1]), rng)
    colour = canvas.grained(window, base, (0.05, 0.07, 0.08, 0.10), anywhere(rng))
    colour *= _furrows(canvas, area, window, rng)[..., None]
    colour = _growth(canvas, window, colour, region, rng)
    canvas.paint(window, mask & _ragged(canvas, window, rng), colour)


def _furrows(canvas: Canvas, area: Area, window: Window, rng: np.random.Generator) -> Floats:
    """Return the brightness pattern of a field: furrows along its long side, headlands and tramlines."""
    around = box_around(area)
    u, v = around.local(*canvas.lattice.centres(window))
    v = v + 0.25 * cut(canvas.textures.cloud, window, anywhere(rng)) + np.float32(rng.uniform(-8, 8)) * (u / 200) ** 2
    turn = around.half_length - np.abs(u) < rng.uniform(6, 11)
    across = np.where(turn, u, v)
    period, depth = rng.uniform(1.2, 3.2), rng.uniform(0.02, 0.12)
    light = 1 + depth * np.sin(across * (2 * np.pi / period))
    light += 0.05 * np.sin(across * (2 * np.pi / (period * 4.03)) + 1)
    if rng.random() < 0.6:
        spacing, gauge = rng.uniform(12, 24), 0.9
        near = np.abs(np.mod(v, spacing) - spacing / 2)
        light -= rng.uniform(0.08, 0.22) * (np.abs(near - gauge) < 0.28)
    lines: Floats = light.astype(np.float32)
    return lines


def _growth(canvas: Canvas, window: Window, colour: Floats, region: Region, rng: np.random.Generator) -> Floats:
    """Thin a crop in places so that soil or weeds show."""
    other = pick((*region.soil, *region.grass), rng)
    offset = anywhere(rng)
    drift = cut(canvas.textures.cloud, window, offset) + 0.5 * cut(canvas.textures.mottle, window, offset)
    thin = np.clip((drift - rng.uniform(0.3, 1.6)) * 0.5, 0, rng.uniform(0.2, 0.7))
    grown: Floats = colour + (other - colour) * thin[..., None].astype(np.float32)
    return grown


def _ragged(canvas: Canvas, window: Window, rng: np.random.Generator) -> Mask:
    """Return a mask of a field with gaps."""
    gaps: Mask = cut(canvas.textures.mottle, window, anywhere(rng)) < 2.6
    return gaps
