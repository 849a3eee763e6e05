"""Open grounds between buildings: lawns, paths, ponds, pitches and waste land."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Point, Polygon

from .canvas import BARE, PAVED, Canvas
from .fields import rough
from .houses import placed
from .plan import Box, Plot, box_around
from .region import Region, linear, pick


def lay_park(canvas: Canvas, plot: Plot, region: Region, rng: np.random.Generator) -> None:
    """Draw a park: lawns of several ages, paths, and sometimes a pond."""
    rough(canvas, plot.ground, region, rng, float(rng.uniform(0.05, 0.45)))
    _paths(canvas, plot, pick((*region.paving, *region.soil), rng), 1.0, rng)
    if plot.ground.area > 2500 and rng.random() < 0.35:
        _pond(canvas, plot, region, rng)


def lay_waste(canvas: Canvas, plot: Plot, region: Region, rng: np.random.Generator) -> None:
    """Draw untended land: weeds, bare soil, trodden paths, heaps."""
    rough(canvas, plot.ground, region, rng, float(rng.uniform(0.5, 1.15)))
    _paths(canvas, plot, pick(region.soil, rng), 0.5, rng)
    for _ in range(int(rng.integers(0, 5))):
        heap = blob(_inside(plot, rng), rng.uniform(2, 7), rng).intersection(plot.ground)
        canvas.cover(heap, pick((*region.soil, *region.paving), rng), BARE, rng, 0.85)


def lay_commons(canvas: Canvas, plot: Plot, region: Region, rng: np.random.Generator) -> None:
    """Draw the grounds of flats and schools: lawns, paths and a sports court."""
    rough(canvas, plot.ground, region, rng, float(rng.uniform(0.1, 0.5)))
    colour = pick(region.paving, rng)
    for building in plot.buildings:
        around = building.footprint.buffer(rng.uniform(1.2, 5), join_style="mitre")
        canvas.cover(around.intersection(plot.ground), colour, PAVED, rng, 0.9)
    strip = placed(plot, 0, 6.0, plot.width_m * 0.9, 11).polygon
    canvas.cover(strip.intersection(plot.ground), pick(region.asphalt, rng), PAVED, rng)
    if plot.use == "school" and plot.depth_m > 40:
        _pitch(canvas, plot, region, rng)
    _paths(canvas, plot, colour, 0.8, rng)


def winding(ends: NDArray[np.float64], sway_m: float, rng: np.random.Generator) -> LineString:
    """Return a smooth curve between two ends (2, 2) that sways sideways."""
    t = np.linspace(0, 1, 25)[:, None]
    way = ends[1] - ends[0]
    side = np.array([-way[1], way[0]]) / max(float(np.hypot(*way)), 1.0)
    sway = rng.normal(0, sway_m) * np.sin(np.pi * t) + rng.normal(0, sway_m * 0.5) * np.sin(2 * np.pi * t)
    return LineString(ends[0] + way * t + side * sway)


def blob(centre: tuple[float, float], radius: float, rng: np.random.Generator) -> Polygon:
    """Return a rounded, irregular patch."""
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    waves = [rng.normal(0, 0.25 / k) * np.sin(k * turn + rng.uniform(0, 6)) for k in (1, 2, 3, 4)]
    reach = radius * np.maximum(1 + np.sum(waves, 0), 0.3)
    return Polygon(np.stack([centre[0] + reach * np.cos(turn), centre[1] + reach * np.sin(turn)], 1)).buffer(0.0)


def _inside(plot: Plot, rng: np.random.Generator) -> tuple[float, float]:
    """Return a random point on a plot."""
    x0, y0, x1, y1 = plot.ground.bounds
    for _ in range(20):
        x, y = rng.uniform(x0, x1), rng.uniform(y0, y1)
        if shapely.contains_xy(plot.ground, x, y):
            return float(x), float(y)
    centre: Point = plot.ground.representative_point()
    return centre.x, centre.y


def _paths(canvas: Canvas, plot: Plot, colour: NDArray[np.float32], width_m: float, rng: np.random.Generator) -> None:
    """Draw paved or trodden winding paths across a plot."""
    around = box_around(plot.ground)
    a, b = around.half_length, around.half_width
    for _ in range(int(rng.integers(1, 4))):
        ends = np.array([around.at(-a * 1.1, rng.uniform(-b, b)), around.at(a * 1.1, rng.uniform(-b, b))])
        if rng.random() < 0.35:
            ends[1] = around.at(rng.uniform(-a, a), b * 1.1)
        way = winding(ends, min(b * 0.35, 14), rng).buffer(width_m * rng.uniform(0.7, 1.3))
        canvas.cover(way.intersection(plot.ground), colour, PAVED, rng, float(rng.uniform(0.6, 0.95)))


def _pond(canvas: Canvas, plot: Plot, region: Region, rng: np.random.Generator) -> None:
    """Draw a pond."""
    shore = blob(_inside(plot, rng), np.sqrt(plot.ground.area) * rng.uniform(0.1, 0.17), rng)
    if plot.ground.buffer(-3).contains(shore):
        canvas.cover(shore.buffer(1.2), pick((*region.soil, *region.grass), rng) * np.float32(0.8), BARE, rng, 0.8)
        canvas.cover(shore, pick(((62, 76, 66), (74, 84, 78), (56, 66, 62)), rng), (0.02, 0.03, 0.05, 0.1), rng)


def _pitch(canvas: Canvas, plot: Plot, region: Region, rng: np.random.Generator) -> None:
    """Draw a sports pitch at the back."""
    size = min(plot.width_m * 0.6, 60.0), min(plot.depth_m * 0.4, 34.0)
    box = placed(plot, 0, plot.depth_m * 0.74, *size)
    hard = ((150, 100, 84), (110, 124, 112), (150, 146, 140), (170, 150, 122))
    surface = pick(region.grass if rng.random() < 0.5 else hard, rng)
    if not plot.ground.contains(box.polygon) or any(b.footprint.intersects(box.polygon) for b in plot.buildings):
        return
    canvas.cover(box.polygon, surface, (0.05, 0.06, 0.09, 0.12), rng)
    for end in (-1, 1):
        goal = blob(box.at(end * (box.half_length - 3), 0), 3.2, rng).intersection(box.polygon)
        canvas.cover(goal, pick(region.soil, rng), BARE, rng, 0.6)
    edge = Box(box.x, box.y, box.angle, box.half_length - 1.5, box.half_width - 1.5)
    lines = (
        edge.polygon.exterior,
        LineString([edge.at(0, -edge.half_width), edge.at(0, edge.half_width)]),
        Point(box.x, box.y).buffer(box.half_width * 0.25).exterior,
    )
    for line in lines:
        canvas.cover(line.buffer(0.1), linear((205, 205, 198)), (0, 0, 0, 0), rng, 0.5)
