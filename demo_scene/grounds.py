"""The ground of the plots: lawns, yards, gardens, parking lots, pitches."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from .canvas import BARE, LAWN, PAVED, Canvas
from .fields import field, rough
from .houses import placed
from .lattice import Area, Floats, stretches
from .parks import lay_commons, lay_park, lay_waste
from .plan import Box, Plot
from .region import Region, pick


def lay_ground(canvas: Canvas, plot: Plot, region: Region, rng: np.random.Generator) -> None:
    """Draw the ground of a plot, by its use."""
    if plot.use in ("houses", "terraces"):
        _garden(canvas, plot, region, rng)
    elif plot.use == "centre":
        _court(canvas, plot, region, rng)
    elif plot.use in ("works", "parking"):
        _yard(canvas, plot, region, rng)
    elif plot.use in ("estate", "school"):
        lay_commons(canvas, plot, region, rng)
    elif plot.use == "park":
        lay_park(canvas, plot, region, rng)
    elif plot.use == "waste":
        lay_waste(canvas, plot, region, rng)
    elif plot.use == "fields":
        field(canvas, plot.ground, region, rng)
    elif plot.use == "farm":
        rough(canvas, plot.ground, region, rng, 0.5)
        _farmyard(canvas, plot, region, rng)
    else:
        rough(canvas, plot.ground, region, rng, 0.4)


def _garden(canvas: Canvas, plot: Plot, region: Region, rng: np.random.Generator) -> None:
    """Draw a house's garden: lawn or bare soil, a drive, a terrace, beds, and sometimes a pool."""
    if rng.random() < region.lawn_odds:
        rough(canvas, plot.ground, region, rng, float(rng.choice([0.05, 0.2, 0.6])))
    else:
        canvas.cover(plot.ground, pick(region.soil, rng), BARE, rng)
        rough(canvas, plot.ground.intersection(_half(plot, rng)), region, rng, 0.9)
    paving = pick(region.paving, rng)
    if plot.buildings:
        house = plot.buildings[0].footprint
        if rng.random() < 0.6:
            room = house.buffer(rng.uniform(0.8, 3), join_style="mitre")
            canvas.cover(_clip(room.intersection(_half(plot, rng)), plot), paving, PAVED, rng)
        side = rng.choice([-1, 1]) * rng.uniform(0.2, 0.4) * plot.width_m
        drive = placed(plot, side, 6.0, rng.uniform(2.6, 5.0), 14.0).polygon
        canvas.cover(_clip(drive, plot), pick((*region.paving, *region.soil, *region.asphalt), rng), PAVED, rng)
        if rng.random() < 0.12:
            canvas.cover(plot.ground, paving, PAVED, rng, 0.85)
    _beds(canvas, plot, region, rng)
    if rng.random() < region.pool_odds:
        _pool(canvas, plot, paving, rng)
    _litter(canvas, plot, int(rng.poisson(2.0 * region.clutter)), rng)


def _clip(area: Area, plot: Plot) -> Area:
    """Clip an area to a plot."""
    return area.intersection(plot.ground)


def _half(plot: Plot, rng: np.random.Generator) -> Polygon:
    """Return the front or the back part of a plot."""
    share = rng.uniform(0.3, 0.6)
    back = rng.random() < 0.6
    middle = plot.depth_m * (share + (1 - share) / 2 if back else share / 2)
    size = plot.depth_m * (1 - share if back else share)
    return placed(plot, 0, middle, plot.width_m * 1.3, size).polygon


def _somewhere(plot: Plot, width: float, depth: float, rng: np.random.Generator) -> Box:
    """Return a box at a random position on a plot."""
    u = rng.uniform(-0.42, 0.42) * plot.width_m
    return placed(plot, u, rng.uniform(0.1, 0.95) * plot.depth_m, width, depth)


def _beds(canvas: Canvas, plot: Plot, region: Region, rng: np.random.Generator) -> None:
    """Draw vegetable and flower beds."""
    for _ in range(int(rng.poisson(1.0))):
        bed = _somewhere(plot, rng.uniform(2, 7), rng.uniform(2, 6), rng)
        canvas.cover(_clip(bed.polygon, plot), pick(region.soil, rng), (0.1, 0.14, 0.1, 0.1), rng, 0.85)
        _rows(canvas, plot, bed, pick(region.grass, rng) * np.float32(0.8))


def _rows(canvas: Canvas, plot: Plot, bed: Box, green: Floats) -> None:
    """Draw planted rows on a bed."""
    window = canvas.lattice.window(bed.polygon.bounds)
    if window.rows and window.cols:
        u, v = bed.local(*canvas.lattice.centres(window))
        rows = (np.mod(v, 1.1) < 0.5) & (np.abs(u) < bed.half_length - 0.4) & (np.abs(v) < bed.half_width - 0.3)
        canvas.paint(window, rows & canvas.lattice.inside(plot.ground, window), green, 0.7)


def _pool(canvas: Canvas, plot: Plot, paving: Floats, rng: np.random.Generator) -> None:
    """Draw a pool behind the house."""
    pool = placed(
        plot,
        rng.uniform(-0.2, 0.2) * plot.width_m,
        plot.depth_m * rng.uniform(0.68, 0.82),
        rng.uniform(6, 10),
        rng.uniform(3.2, 4.6),
    )
    basin = pool.polygon if rng.random() < 0.7 else pool.polygon.buffer(-1.4).buffer(1.4)
    rim = basin.buffer(rng.uniform(0.8, 1.8))
    if plot.ground.buffer(-0.5).contains(rim) and all(b.footprint.distance(rim) > 0.5 for b in plot.buildings):
        canvas.cover(rim, np.clip(paving * 1.25, 0, 0.8).astype(np.float32), PAVED, rng)
        canvas.cover(basin, pick(((88, 168, 190), (102, 180, 196), (70, 140, 170)), rng), (0.02, 0.03, 0.06, 0), rng)


def _litter(canvas: Canvas, plot: Plot, count: int, rng: np.random.Generator) -> None:
    """Draw the small objects of a yard: crates, trampolines, sheets, heaps."""
    for _ in range(count):
        thing = _somewhere(plot, rng.uniform(0.6, 2.6), rng.uniform(0.6, 2.0), rng)
        clear = all(b.footprint.distance(thing.polygon) > 0.3 for b in plot.buildings)
        window = canvas.lattice.window(thing.polygon.bounds)
        if clear and window.rows and window.cols and plot.ground.contains(thing.polygon):
            mask = canvas.lattice.inside(thing.polygon, window)
            palette = ((190, 188, 184), (120, 116, 110), (90, 86, 82), (150, 120, 98), (70, 100, 140), (150, 74, 62))
            canvas.paint(window, mask, pick(palette, rng))
            canvas.raise_to(window, mask, float(rng.uniform(0.3, 1.2)))


def _court(canvas: Canvas, plot: Plot, region: Region, rng: np.random.Generator) -> None:
    """Draw the open ground of a plot in the centre."""
    palette = (*region.paving, *region.soil, *region.asphalt)
    canvas.cover(plot.ground, pick(palette, rng) * np.float32(0.85), PAVED, rng)
    if rng.random() < 0.35:
        rough(canvas, plot.ground.intersection(_half(plot, rng)), region, rng, 0.8)
    _litter(canvas, plot, int(rng.poisson(4 * region.clutter)), rng)


def _yard(canvas: Canvas, plot: Plot, region: Region, rng: np.random.Generator) -> None:
    """Draw a works yard or a parking lot with a worn edge."""
    canvas.cover(plot.ground, pick(region.grass, rng), LAWN, rng)
    palette = (*region.asphalt, *region.asphalt, *region.paving, *region.soil)
    paved = plot.ground.buffer(-float(rng.choice([0.05, 0.05, 0.4, rng.uniform(1, 4)])))
    canvas.cover(paved, pick(palette, rng), (0.05, 0.07, 0.12, 0.10), rng)
    _litter(canvas, plot, int(rng.poisson(region.clutter * plot.ground.area / 160)), rng)


def _farmyard(canvas: Canvas, plot: Plot, region: Region, rng: np.random.Generator) -> None:
    """Draw the worn yard between farm buildings."""
    if plot.buildings:
        yard = shapely.union_all([b.footprint for b in plot.buildings]).convex_hull.buffer(rng.uniform(4, 9))
        canvas.cover(_clip(yard, plot), pick((*region.soil, *region.paving), rng), BARE, rng, 0.9)
        lane = LineString([plot.at(0, -2), plot.at(0, 14)]).buffer(2)
        canvas.cover(_clip(lane, plot), pick(region.soil, rng), BARE, rng, 0.9)
        _litter(canvas, plot, 12, rng)


def fence_lines(plot: Plot) -> list[LineString]:
    """Return the sides of a plot."""
    xy = shapely.get_coordinates(plot.ground.exterior)
    return [LineString(pair) for pair in zip(xy[:-1], xy[1:], strict=True) if np.hypot(*(pair[1] - pair[0])) > 3]


def wall(canvas: Canvas, line: LineString, colour: Floats, height_m: float) -> None:
    """Draw a thin wall or fence along a line."""
    for part in stretches(line, 0.15, canvas.lattice):
        free = part.mask & (canvas.height[part.window.slices] < height_m)
        canvas.paint(part.window, free, colour)
        canvas.raise_to(part.window, free, height_m)
