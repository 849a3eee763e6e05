"""Cars: on roads, along kerbs, on drives and in rows on parking lots."""

from __future__ import annotations

import numpy as np
from shapely.geometry import LineString, Point, box

from .canvas import Canvas
from .houses import placed
from .lattice import Floats, Mask, Window
from .plan import Box, Plot, Town
from .region import linear, pick

PAINT = (
    (212, 212, 210),
    (222, 222, 220),
    (176, 179, 182),
    (150, 153, 156),
    (98, 100, 103),
    (52, 53, 56),
    (38, 39, 42),
    (126, 48, 44),
    (62, 78, 112),
    (150, 142, 128),
    (205, 204, 200),
    (70, 74, 80),
)
GLASS = (44, 50, 56)


def car(canvas: Canvas, x: float, y: float, angle: float, rng: np.random.Generator) -> None:
    """Draw one car, or occasionally a van or a lorry."""
    long, wide, high = rng.uniform(3.8, 4.8), rng.uniform(1.7, 1.9), 1.4
    van = rng.random() < 0.09
    if van:
        long, wide, high = rng.uniform(5.2, 8.5), rng.uniform(2.0, 2.4), 2.5
    body = Box(x, y, angle, long / 2, wide / 2)
    window = canvas.lattice.window(body.polygon.bounds)
    if not (window.rows and window.cols):
        return
    u, v = body.local(*canvas.lattice.centres(window))
    mask = (np.abs(u) / body.half_length) ** 6 + (np.abs(v) / body.half_width) ** 6 < 1
    if canvas.height[window.slices][mask].max(initial=0) > 0.8:
        return
    colour = pick(PAINT[:3] if van else PAINT, rng)
    canvas.paint(window, mask, colour)
    canvas.raise_to(window, mask, high * 0.62)
    cabin = mask & (np.abs(v) < body.half_width - 0.12) & (u < long * 0.22) & (u > -long * 0.40)
    canvas.raise_to(window, cabin, high)
    if not van:
        _glass(canvas, window, u, mask & (np.abs(v) < body.half_width - 0.18), long)


def _glass(canvas: Canvas, window: Window, u: Floats, mask: Mask, long: float) -> None:
    """Draw the windscreen and the rear window of a car."""
    front = (u > long * 0.09) & (u < long * 0.21)
    rear = (u < -long * 0.29) & (u > -long * 0.36)
    canvas.paint(window, mask & (front | rear), linear(GLASS), 0.6)


def traffic(canvas: Canvas, town: Town, rng: np.random.Generator) -> None:
    """Draw cars on the streets and next to them."""
    view = box(0, 0, town.size_m, town.size_m)
    for street in town.streets:
        line = street.line.intersection(view)
        if street.kind == "track" or line.geom_type != "LineString":
            continue
        busy = {"primary": 45.0, "secondary": 70.0, "tertiary": 110.0}.get(street.kind, 220.0)
        for at in rng.uniform(0, line.length, int(line.length / busy)):
            _on_lane(canvas, line, float(at), street.width_m * 0.25, rng)
        if street.kind in ("residential", "tertiary"):
            _kerb(canvas, line, street.width_m / 2 - 1.05, rng)
    for plot in town.plots:
        _parked(canvas, plot, rng)


def _on_lane(canvas: Canvas, line: LineString, at: float, shift: float, rng: np.random.Generator) -> None:
    """Draw one car on the right or left lane, facing the lane's direction."""
    spot, ahead = line.interpolate(at), line.interpolate(at + 0.5)
    angle = float(np.arctan2(ahead.y - spot.y, ahead.x - spot.x))
    side = float(rng.choice([-1, 1]))
    x, y = spot.x - np.sin(angle) * shift * side, spot.y + np.cos(angle) * shift * side
    car(canvas, float(x), float(y), angle + (0 if side > 0 else np.pi) + rng.normal(0, 0.02), rng)


def _kerb(canvas: Canvas, line: LineString, shift: float, rng: np.random.Generator) -> None:
    """Draw cars parked along the kerb, with a random density per street."""
    odds = rng.choice([0.02, 0.08, 0.3])
    for at in np.arange(8.0, line.length - 8, 6.2):
        if rng.random() < odds:
            _on_lane(canvas, line, float(at + rng.uniform(-0.6, 0.6)), shift, rng)


def _parked(canvas: Canvas, plot: Plot, rng: np.random.Generator) -> None:
    """Draw parked cars on a plot, by its use."""
    if plot.use == "houses" and plot.buildings and rng.random() < 0.5:
        x, y = plot.at(rng.uniform(-0.35, 0.35) * plot.width_m, rng.uniform(2.8, 4))
        _if_free(canvas, plot, x, y, plot.inward + float(rng.choice([0, np.pi])), rng)
    elif plot.use in ("works", "parking", "estate", "school"):
        full = rng.uniform(0.2, 0.8)
        deep = plot.depth_m if plot.use == "parking" else 10.0
        for v in np.arange(4.0, deep - 2, 8.4):
            _row(canvas, plot, float(v), full, rng)


def _row(canvas: Canvas, plot: Plot, v: float, full: float, rng: np.random.Generator) -> None:
    """Draw a row of cars side by side between painted lines."""
    white = linear((196, 194, 188))
    for u in np.arange(-plot.width_m * 0.42, plot.width_m * 0.42, 2.6):
        bar = placed(plot, float(u), v, 0.14, 4.6).polygon
        if plot.ground.buffer(-1).contains(bar) and all(b.footprint.distance(bar) > 1 for b in plot.buildings):
            canvas.cover(bar, white, (0, 0, 0, 0), rng, 0.3)
            if rng.random() < full:
                x, y = plot.at(float(u) + 1.3, v + rng.normal(0, 0.2))
                _if_free(canvas, plot, x, y, plot.inward + float(rng.choice([0, np.pi])), rng)


def _if_free(canvas: Canvas, plot: Plot, x: float, y: float, angle: float, rng: np.random.Generator) -> None:
    """Draw a parked car if the plot has room for it."""
    spot = Point(x, y).buffer(2.4)
    if plot.ground.contains(spot) and all(not b.footprint.intersects(spot) for b in plot.buildings):
        car(canvas, x, y, angle + float(rng.normal(0, 0.03)), rng)


def raise_poles(canvas: Canvas, town: Town, rng: np.random.Generator) -> None:
    """Draw lamp and wire poles along the streets; mainly their shadows are visible."""
    for street in town.streets:
        if street.kind in ("track", "service") or rng.random() < 0.25:
            continue
        line = street.line.offset_curve(float(rng.choice([-1, 1])) * (street.width_m / 2 + 0.7))
        for at in np.arange(rng.uniform(0, 30), line.length, rng.uniform(24, 42)):
            spot = line.interpolate(at)
            window = canvas.lattice.window(spot.buffer(0.1).bounds)
            foot = np.zeros((window.rows, window.cols), bool)
            foot[:1, :1] = True
            canvas.paint(window, foot, linear((150, 148, 144)))
            canvas.raise_to(window, foot, float(rng.uniform(6, 9)))
