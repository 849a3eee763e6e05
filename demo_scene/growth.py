"""Plants of a scene: gardens, hedges, street trees, parks, woods, field edges."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString

from .grounds import fence_lines
from .plan import Plot, Town
from .plants import Grove
from .region import Region

Points = NDArray[np.float64]


def vegetation(town: Town, region: Region, rng: np.random.Generator) -> Grove:
    """Return all plants of a town; none stands on a road or a roof, but crowns may overhang both."""
    parts = [_street_trees(town, rng)]
    parts += [part for plot in town.plots for part in _of_plot(plot, region, rng)]
    places, radii = np.concatenate([p for p, _ in parts]), np.concatenate([r for _, r in parts])
    points = shapely.points(places)
    roofs = shapely.STRtree([b.footprint for b in town.buildings])
    near = np.unique(roofs.query(points, predicate="dwithin", distance=0.4 * radii)[0])
    shapely.prepare(town.surface)
    rooted = ~shapely.contains(town.surface, points)
    rooted[near] = False
    seen = (places > -10).all(1) & (places < town.size_m + 10).all(1)
    return Grove(places[rooted & seen], radii[rooted & seen])


def _of_plot(plot: Plot, region: Region, rng: np.random.Generator) -> list[tuple[Points, Points]]:
    """Return the plants of one plot, by its use."""
    area = plot.ground.area
    if plot.use == "wood":
        return [_scatter(plot, area / 16, 1.6, 5.5, rng)]
    if plot.use in ("park", "estate", "school"):
        density = rng.uniform(150, 420)
        return [_clump(plot, area / density, 1.6, 5.8, rng, 8.0), _clump(plot, area / 200, 0.6, 1.6, rng, 2.0)]
    if plot.use in ("houses", "terraces"):
        trees = rng.poisson(region.tree_cover * area / 600)
        bushes = _clump(plot, area / 70, 0.5, 1.5, rng, 1.6)
        grove = _clump(plot, rng.poisson(region.tree_cover * 2) * (rng.random() < 0.4), 1.5, 4.5, rng, 3.0)
        return [_scatter(plot, trees, 1.3, 5.6, rng), bushes, grove, *_hedges(plot, 0.35, rng)]
    if plot.use == "centre":
        return [_scatter(plot, rng.poisson(0.5), 1.2, 3.5, rng), _scatter(plot, area / 120, 0.5, 1.0, rng)]
    if plot.use == "fields":
        if rng.random() < 0.1:
            return [_orchard(plot, rng), *_hedges(plot, 0.3, rng)]
        return [_scatter(plot, rng.poisson(0.4), 2, 5, rng), *_hedges(plot, 0.22, rng)]
    weeds = _clump(plot, area / 70, 0.5, 1.4, rng, 3.0)
    return [_clump(plot, area / 260, 1, 4.5, rng), weeds, *_hedges(plot, 0.25, rng)]


def _scatter(plot: Plot, count: float, low: float, high: float, rng: np.random.Generator) -> tuple[Points, Points]:
    """Scatter plants uniformly over a plot."""
    x0, y0, x1, y1 = plot.ground.bounds
    share = plot.ground.area / max((x1 - x0) * (y1 - y0), 1)
    places = rng.uniform((x0, y0), (x1, y1), (int(count / max(share, 0.05)), 2))
    places = places[shapely.contains_xy(plot.ground, places)]
    return places, _sizes(len(places), low, high, rng)


def _sizes(count: int, low: float, high: float, rng: np.random.Generator) -> Points:
    """Draw random radii; smaller ones are more frequent."""
    sizes: Points = low + (high - low) * rng.beta(1.4, 2.2, count)
    return sizes


def _clump(
    plot: Plot, count: float, low: float, high: float, rng: np.random.Generator, spread_m: float = 5.0
) -> tuple[Points, Points]:
    """Place plants in groups on a plot."""
    seeds, _ = _scatter(plot, max(count / 6, 1), low, high, rng)
    if not len(seeds):
        return seeds, np.zeros(0)
    places = seeds[rng.integers(len(seeds), size=int(count))] + rng.normal(0, spread_m, (int(count), 2))
    places = places[shapely.contains_xy(plot.ground, places)]
    return places, _sizes(len(places), low, high, rng)


def _hedges(plot: Plot, odds: float, rng: np.random.Generator) -> list[tuple[Points, Points]]:
    """Place hedges along some sides of a plot, and rows of trees along a few."""
    found = []
    for side in fence_lines(plot):
        if rng.random() < odds and side.length > 6:
            tall = plot.use == "fields" and rng.random() < 0.5
            found.append(_row(side, 0.9, 0.55, 0.95, rng))
            if tall:
                found.append(_row(side, rng.uniform(4, 9), 1.2, 4.5, rng))
    return found


def _row(line: LineString, spacing: float, low: float, high: float, rng: np.random.Generator) -> tuple[Points, Points]:
    """Place plants along a line."""
    at = np.arange(0, line.length, spacing) + rng.normal(0, spacing * 0.15, int(np.ceil(line.length / spacing)))
    places = shapely.get_coordinates(shapely.line_interpolate_point(line, at)) + rng.normal(0, 0.12, (len(at), 2))
    return places, _sizes(len(at), low, high, rng)


def _orchard(plot: Plot, rng: np.random.Generator) -> tuple[Points, Points]:
    """Place trees on a grid."""
    reach, step = max(plot.width_m, plot.depth_m), rng.uniform(4.5, 7)
    u, v = np.meshgrid(np.arange(-reach, reach, step), np.arange(0, reach, step))
    places = np.stack(plot.at(u.ravel(), v.ravel()), 1) + rng.normal(0, 0.3, (u.size, 2))
    places = places[shapely.contains_xy(plot.ground.buffer(-3), places) & (rng.random(len(places)) < 0.93)]
    return places, rng.normal(step * 0.3, 0.25, len(places)).clip(0.8, 3)


def _street_trees(town: Town, rng: np.random.Generator) -> tuple[Points, Points]:
    """Place trees along some streets."""
    found = [(np.zeros((0, 2)), np.zeros(0))]
    for street in town.streets:
        if street.kind in ("track", "service") or rng.random() < 0.55:
            continue
        for side in rng.permutation([-1, 1])[: int(rng.integers(1, 3))]:
            line = street.line.offset_curve(side * (street.width_m / 2 + rng.uniform(1.6, 2.6)))
            if isinstance(line, LineString) and line.length > 20:
                places, radii = _row(line, rng.uniform(7, 15), 1.3, 4.4, rng)
                kept = rng.random(len(radii)) < rng.uniform(0.4, 0.95)
                found.append((places[kept] + rng.normal(0, 0.4, (int(kept.sum()), 2)), radii[kept]))
    return np.concatenate([p for p, _ in found]), np.concatenate([r for _, r in found])
