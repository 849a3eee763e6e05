"""Land between the streets: blocks, their use, and their division into plots."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry import Point, Polygon, box
from shapely.ops import split

from .houses import build
from .lattice import Area
from .plan import Plot, Street, Town, box_around
from .region import Region
from .streets import MARGIN_M, Density, across, surface

PAVED_M = {"primary": 3.0, "secondary": 2.4, "tertiary": 1.9, "residential": 1.6, "service": 0.6}
PARCEL_M2 = {"centre": 230.0, "estate": 3600.0, "works": 3400.0, "terraces": 1500.0, "fields": 9000.0, "farm": 8000.0}


def town(size_m: float, streets: tuple[Street, ...], built: Density, region: Region, rng: np.random.Generator) -> Town:
    """Build a town along its streets."""
    land = box(-MARGIN_M, -MARGIN_M, size_m + MARGIN_M, size_m + MARGIN_M)
    carriageway = surface(streets)
    beside = [s.line.buffer(s.width_m / 2 + PAVED_M.get(s.kind, 0.4)) for s in streets]
    taken = shapely.union_all([carriageway, *beside]).buffer(1.5).buffer(-1.5)
    shapely.prepare(carriageway)
    plots = [
        plot
        for block in polygons(land.difference(taken))
        if block.area > 60
        for plot in _plots(block, carriageway, built, region, rng)
    ]
    return Town(size_m, streets, carriageway, taken.difference(carriageway), tuple(plots))


def polygons(area: Area) -> list[Polygon]:
    """Return the polygons of an area."""
    parts = area.geoms if hasattr(area, "geoms") else [area]
    return [part for part in parts if isinstance(part, Polygon) and not part.is_empty]


def _use(block: Polygon, built: Density, rng: np.random.Generator) -> str:
    """Choose the use of a block by its density and size."""
    at = block.representative_point()
    dense = built.at(at.x, at.y) + rng.normal(0, 0.06)
    if dense < 0.24 or block.area > 30000:
        return str(rng.choice(["fields", "wood", "farm"], p=[0.72, 0.13, 0.15]))
    if dense > 0.78:
        return str(rng.choice(["centre", "houses", "estate", "park", "parking"], p=[0.68, 0.1, 0.1, 0.06, 0.06]))
    if block.area < 1800:
        return str(rng.choice(["houses", "park", "parking", "waste"], p=[0.55, 0.2, 0.1, 0.15]))
    odds = [0.58, 0.1, 0.09, 0.1, 0.04, 0.05, 0.04]
    return str(rng.choice(["houses", "terraces", "estate", "works", "school", "park", "waste"], p=odds))


def _plots(block: Polygon, carriageway: Area, built: Density, region: Region, rng: np.random.Generator) -> list[Plot]:
    """Cut a block into plots and place buildings on them."""
    use = _use(block, built, rng)
    target = PARCEL_M2.get(use, region.lot_m2 if use == "houses" else 1e9)
    if use == "centre":
        target = min(target, region.lot_m2 * 0.5)
    style = int(rng.integers(1 << 30))  # neighbours share a style
    grounds = parcels(block, target, region.clutter, rng)
    uses = [use] * len(grounds)
    if use == "farm":
        uses = ["farm"] + ["fields"] * (len(grounds) - 1)
    return [
        build(_plot(ground, kind, carriageway), region, np.random.default_rng(style), rng)
        for ground, kind in zip(grounds, uses, strict=True)
    ]


def parcels(area: Polygon, target_m2: float, disorder: float, rng: np.random.Generator) -> list[Polygon]:
    """Halve an area across its long side until the parts are close to the target size; `disorder` skews the cuts."""
    if area.area < target_m2 * rng.uniform(1.2, 1.7):
        return [area]
    cut = across(area, rng, wobble=0.04 * disorder, turn=0.03 * disorder)
    parts = [part for part in split(area, cut).geoms if part.area > 4]
    if len(parts) < 2:
        return [area]
    return [small for part in parts for small in parcels(part, target_m2, disorder, rng)]


def _plot(ground: Polygon, use: str, carriageway: Area) -> Plot:
    """Return a plot for a piece of land; its gate is on the side nearest to a street."""
    around = box_around(ground)
    a, b = around.half_length, around.half_width
    sides = ((-a, 0.0, 0.0), (a, 0.0, np.pi), (0.0, -b, np.pi / 2), (0.0, b, -np.pi / 2))
    gates = [Point(*around.at(u, v)) for u, v, _ in sides]
    near = int(np.argmin(shapely.distance(np.array(gates), carriageway)))
    width, depth = (2 * b, 2 * a) if near < 2 else (2 * a, 2 * b)
    return Plot(ground, use, gates[near], around.angle + sides[near][2], width, depth)
