"""Roofs: their shape, their light and the objects on them."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_erosion

from .canvas import Canvas
from .lattice import Floats, Mask, Window
from .noise import anywhere
from .plan import Box, Building
from .region import Region, linear, pick


def roof(
    canvas: Canvas, building: Building, region: Region, tone: np.random.Generator, rng: np.random.Generator
) -> None:
    """Draw a building seen from above; `tone` chooses the colour, so that neighbours may share it."""
    window = canvas.lattice.window(building.footprint.bounds, 0.5)
    if not (window.rows and window.cols):
        return
    mask = canvas.lattice.inside(building.footprint, window)
    if not mask.any():
        return
    if building.cover == "flat":
        _flat(canvas, building, window, mask, region, rng)
    else:
        _sloped(canvas, building, window, mask, region, tone, rng)


def _slopes(canvas: Canvas, building: Building, window: Window) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the rise above the eaves, the slope in x and y, and the position along the eaves of each pixel."""
    x, y = canvas.lattice.centres(window)
    shape = (window.rows, window.cols)
    rise, gx, gy, along = np.full(shape, -9, np.float32), *np.zeros((3, *shape), np.float32)
    for box in building.boxes:
        u, v = box.local(x, y)
        side, end = box.half_width - np.abs(v), box.half_length - np.abs(u)
        at_end = (end < side) if building.hipped else np.zeros(shape, bool)
        up = np.where(at_end, end, side) * building.pitch
        inside = (np.minimum(side, end) > -0.6) & (up > rise)
        c, s = np.cos(box.angle), np.sin(box.angle)
        su, sv = np.where(at_end, -np.sign(u), 0), np.where(at_end, 0, -np.sign(v))
        for target, value in (
            (rise, up),
            (gx, building.pitch * (su * c - sv * s)),
            (gy, building.pitch * (su * s + sv * c)),
            (along, np.where(at_end, v, u)),
        ):
            target[inside] = value[inside]
    return np.maximum(rise, -0.5), gx, gy, along


def _sloped(
    canvas: Canvas,
    building: Building,
    window: Window,
    mask: Mask,
    region: Region,
    tone: np.random.Generator,
    rng: np.random.Generator,
) -> None:
    """Draw a roof of tiles or metal sheets."""
    rise, gx, gy, along = _slopes(canvas, building, window)
    metal = building.cover == "metal"
    base = pick(region.metal if metal else region.tile, tone if rng.random() < 0.6 else rng)
    grain = (0.05, 0.06, 0.07, 0.05) if metal else (0.10, 0.10, 0.09, 0.06)
    colour = canvas.grained(window, base, grain, anywhere(rng))
    if metal:
        colour *= _sheets(along, rng)[..., None]
        colour = _rusted(canvas, window, colour, rng)
    else:
        colour *= _weather(canvas, window, rise, building, rng)[..., None]
    canvas.paint(window, mask, colour)
    canvas.raise_to(window, mask, building.eaves_m + rise, canvas.sun.facing(gx, gy))
    for box in building.boxes[:1]:
        _ridge_things(canvas, building, box, base, rng)


def _weather(canvas: Canvas, window: Window, rise: Floats, building: Building, rng: np.random.Generator) -> Floats:
    """Return the brightness pattern of old tiles: courses, a pale ridge, dark eaves."""
    pitch = max(building.pitch, 0.1)
    courses = 1 + 0.05 * np.sin(rise / pitch * 2 * np.pi / 0.7 + rng.uniform(0, 6))
    ridge = np.where(rise > rise.max() - 0.22 * pitch, rng.uniform(1.05, 1.3), 1.0)
    eaves = np.where(rise < 0.3 * pitch, 0.85, 1.0)
    worn: Floats = (courses * ridge * eaves).astype(np.float32)
    return worn


def _sheets(along: Floats, rng: np.random.Generator) -> Floats:
    """Return the tones of adjacent metal sheets with their ribs."""
    width = rng.uniform(0.9, 2.4)
    number = np.floor(along / width).astype(int)
    tones = rng.normal(1, rng.choice([0.03, 0.09]), 512).astype(np.float32)
    ribs = 1 + 0.05 * np.sin(along * 2 * np.pi / 0.8)
    sheets: Floats = (tones[number % 512] * ribs).astype(np.float32)
    return sheets


def _rusted(canvas: Canvas, window: Window, colour: Floats, rng: np.random.Generator) -> Floats:
    """Add patches of rust to some metal roofs."""
    if rng.random() < 0.65:
        return colour
    spots = canvas.grained(window, np.ones(1, np.float32), (0, 0.3, 0.6, 0), anywhere(rng))
    amount = np.clip((spots - rng.uniform(0.9, 1.6)) * 1.2, 0, 0.8)
    rusty: Floats = colour * (1 - amount) + linear((128, 88, 66)) * amount
    return rusty


def _flat(
    canvas: Canvas, building: Building, window: Window, mask: Mask, region: Region, rng: np.random.Generator
) -> None:
    """Draw a flat roof: a parapet, stains, partly a second covering, equipment."""
    base = pick(region.flat, rng, 0.1)
    canvas.paint(window, mask, canvas.grained(window, base, (0.05, 0.06, 0.12, 0.10), anywhere(rng)))
    canvas.raise_to(window, mask, building.eaves_m)
    if building.footprint.area > 35:
        _parts(canvas, building, base, region, rng)
        edge = mask & ~binary_erosion(mask, iterations=2)
        canvas.paint(window, edge, base * np.float32(rng.uniform(0.85, 1.5)))
        canvas.raise_to(window, edge, building.eaves_m + rng.uniform(0.25, 0.9))
    _equipment(canvas, building, base, region.clutter, rng)


def _parts(canvas: Canvas, building: Building, base: Floats, region: Region, rng: np.random.Generator) -> None:
    """Divide large flat roofs: stairwells, raised parts, coverings of different ages."""
    whole = building.boxes[0]
    for _ in range(int(min(rng.poisson(1.2 * region.clutter), 6))):
        u = rng.uniform(-0.7, 0.7) * whole.half_length
        v = rng.uniform(-0.6, 0.6) * whole.half_width
        part = Box(
            *whole.at(u, v),
            whole.angle,
            whole.half_length * rng.uniform(0.1, 0.4),
            whole.half_width * rng.uniform(0.2, 0.7),
        )
        colour = base * np.float32(rng.uniform(0.7, 1.4)) if rng.random() < 0.7 else pick(region.flat, rng)
        up = float(rng.choice([0.0, 0.0, 1.0])) * rng.uniform(1.5, 2.8)
        _box(canvas, building, part, colour, up, rng)


def _box(canvas: Canvas, building: Building, box: Box, colour: Floats, up: float, rng: np.random.Generator) -> None:
    """Draw a box that rises `up` metres above a roof, clipped to the building."""
    part = box.polygon.intersection(building.footprint.buffer(-0.3))
    if part.is_empty or part.geom_type not in ("Polygon", "MultiPolygon"):
        return
    window = canvas.lattice.window(part.bounds)
    if window.rows and window.cols:
        mask = canvas.lattice.inside(part, window)
        canvas.paint(window, mask, canvas.grained(window, colour, (0.05, 0.05, 0.08, 0.0), anywhere(rng)))
        if up:
            canvas.raise_to(window, mask, building.eaves_m + up)


def _equipment(canvas: Canvas, building: Building, base: Floats, clutter: float, rng: np.random.Generator) -> None:
    """Draw vents, skylights, cooling units, tanks or solar panels on a flat roof."""
    whole, area = building.boxes[0], building.footprint.area
    for _ in range(int(rng.poisson(clutter * min(area / 80, 9)))):
        u, v = rng.uniform(-0.85, 0.85) * whole.half_length, rng.uniform(-0.8, 0.8) * whole.half_width
        half, long = rng.uniform(0.35, 1.1), rng.uniform(1, 2)
        light = rng.choice([0.35, 0.7, 1.5, 2.0])
        colour = np.clip(base * np.float32(light), 0.01, 0.85)
        if rng.random() < 0.1:
            colour = pick(((60, 90, 140), (150, 70, 60), (40, 40, 42)), rng)
        _box(canvas, building, Box(*whole.at(u, v), whole.angle, half * long, half), colour, rng.uniform(0.3, 1.4), rng)
    if area > 300 and rng.random() < 0.6:
        _rows(canvas, building, whole, rng)


def _rows(canvas: Canvas, building: Building, whole: Box, rng: np.random.Generator) -> None:
    """Draw rows of skylights or solar panels on a large roof."""
    solar = rng.random() < 0.4
    colour = pick(((52, 60, 82),) if solar else ((205, 210, 210), (120, 135, 145)), rng)
    pitch = rng.uniform(2.0, 2.6) if solar else rng.uniform(5, 9)
    share, shift = rng.uniform(0.4, 0.85), rng.uniform(-0.1, 0.1) * whole.half_length
    for u in np.arange(-whole.half_length * share, whole.half_length * share, pitch):
        half = whole.half_width * (0.75 if solar else 0.5)
        panel = Box(*whole.at(float(u) + shift, 0), whole.angle, pitch * (0.32 if solar else 0.12), half)
        _box(canvas, building, panel, colour, 0.35, rng)


def _ridge_things(canvas: Canvas, building: Building, box: Box, base: Floats, rng: np.random.Generator) -> None:
    """Draw chimneys, roof windows and solar panels on a sloped roof."""
    top = building.pitch * box.half_width
    if building.cover == "tile":
        for _ in range(int(rng.integers(0, 3))):
            u, v = rng.uniform(-0.8, 0.8) * box.half_length, rng.uniform(-0.5, 0.5) * box.half_width
            _box(
                canvas,
                building,
                Box(*box.at(u, v), box.angle, rng.uniform(0.3, 0.55), 0.35),
                pick(((120, 80, 68), (150, 146, 140), (80, 78, 76)), rng),
                top + 0.7,
                rng,
            )
    side = 1.0 if _sunny(canvas, box) else -1.0
    if rng.random() < 0.3:
        for _ in range(int(rng.integers(1, 4))):
            u, v = rng.uniform(-0.8, 0.8) * box.half_length, rng.choice([-1, 1]) * rng.uniform(0.35, 0.65)
            window = Box(*box.at(u, v * box.half_width), box.angle, 0.4, 0.55)
            _box(canvas, building, window, pick(((70, 78, 90), (150, 165, 180)), rng), 0.0, rng)
    if rng.random() < 0.12 and box.half_length > 4:
        panel = Box(
            *box.at(rng.uniform(-0.3, 0.3) * box.half_length, side * 0.5 * box.half_width),
            box.angle,
            box.half_length * rng.uniform(0.3, 0.55),
            box.half_width * 0.36,
        )
        _box(canvas, building, panel, pick(((44, 50, 68), (52, 58, 80)), rng), 0.0, rng)


def _sunny(canvas: Canvas, box: Box) -> bool:
    """Return whether the right-hand slope of a roof faces the sun."""
    return bool(-np.sin(box.angle) * canvas.sun.x + np.cos(box.angle) * canvas.sun.y > 0)
