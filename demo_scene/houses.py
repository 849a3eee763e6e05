"""The buildings on a plot: their positions and construction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry import Polygon

from .plan import Box, Building, Plot, box_around
from .region import Region

COVERS = ("tile", "metal", "flat")


def build(plot: Plot, region: Region, style: np.random.Generator, rng: np.random.Generator) -> Plot:
    """Return the plot with its buildings."""
    if plot.use == "houses":
        buildings = _house(plot, region, style, rng)
    elif plot.use == "centre":
        buildings = _town_house(plot, region, rng)
    elif plot.use == "terraces":
        buildings = _terrace(plot, region, style, rng)
    elif plot.use == "estate":
        buildings = _slab(plot, rng)
    elif plot.use == "works":
        buildings = _hall(plot, rng)
    elif plot.use in ("school", "farm"):
        buildings = _group(plot, region, rng)
    else:
        buildings = []
    return replace(plot, buildings=tuple(_apart(buildings)))


def _apart(buildings: list[Building]) -> list[Building]:
    """Drop buildings that stand too close to an earlier one in the list."""
    kept: list[Building] = []
    for one in buildings:
        if all(one.footprint.distance(other.footprint) > 0.4 for other in kept):
            kept.append(one)
    return kept


def placed(plot: Plot, u: float, v: float, width: float, depth: float, turn: float = 0.0) -> Box:
    """Return a box on a plot: the centre u metres along the street and v metres inward, the width along the street."""
    x, y = plot.at(u, v)
    if width >= depth:
        return Box(x, y, plot.inward + np.pi / 2 + turn, width / 2, depth / 2)
    return Box(x, y, plot.inward + turn, depth / 2, width / 2)


def _made(boxes: list[Box], cover: str, hipped: bool, eaves: float, pitch: float) -> Building | None:
    """Return a building made of boxes, or None if they are not connected or enclose a hole."""
    footprint = shapely.union_all([box.polygon for box in boxes])
    footprint = shapely.set_precision(footprint, 0.01)
    if not isinstance(footprint, Polygon) or footprint.interiors:
        return None
    return Building(footprint, tuple(boxes), cover, hipped, eaves, pitch)


def _cover(region: Region, rng: np.random.Generator) -> str:
    """Choose the roof of a house."""
    return str(rng.choice(COVERS, p=region.cover_odds))


def _house(plot: Plot, region: Region, style: np.random.Generator, rng: np.random.Generator) -> list[Building]:
    """Place a detached house near the street, with a garage or shed next to or behind it."""
    usual = "tile" if style.random() < region.cover_odds[0] + 0.1 else _cover(region, style)
    hipped_odds, setback = style.uniform(0.1, 0.8), style.uniform(2.5, 6.5)
    if rng.random() < 0.05:
        return []
    yard = plot.ground.buffer(-0.9)
    for shrink in (1.0, 0.97, 0.93, 0.9, 0.86, 0.8, 0.75, 0.7, 0.66, 0.62):
        width = min(plot.width_m * rng.uniform(0.55, 0.85), rng.uniform(9, 17)) * shrink
        depth = min(plot.depth_m * 0.5, rng.uniform(7.5, 11.5)) * shrink
        if min(width, depth) < 4.5:
            break
        deeper = rng.uniform(0, 1 - shrink) * 0.6 * plot.depth_m  # if the front is too narrow
        v = min(setback + rng.normal(0, 0.5) + deeper, plot.depth_m * 0.6) + depth / 2
        aside = rng.normal(0, 0.8 + 0.4 * (1 - shrink) * plot.width_m)
        boxes = _winged(plot, aside, v, width, depth, rng)
        cover = usual if rng.random() < 0.75 else _cover(region, rng)
        eaves = rng.choice([3.0, 4.5, 6.0]) + rng.uniform(0, 0.8)
        house = _made(boxes, cover, bool(rng.random() < hipped_odds), float(eaves), _pitch(region, cover, rng))
        if house and yard.contains(house.footprint):
            return [house, *_outbuildings(plot, house, yard, region, rng)]
    return []


def _winged(plot: Plot, u: float, v: float, width: float, depth: float, rng: np.random.Generator) -> list[Box]:
    """Return the boxes of a house: a body and sometimes a wing that makes it an L or a T."""
    turn = rng.normal(0, 0.02)
    boxes = [placed(plot, u, v, width, depth, turn)]
    if rng.random() < 0.5 and width > 9:
        span, out = rng.uniform(4.5, min(7.0, width * 0.6)), rng.uniform(1.5, 4.5)
        side = rng.choice([-1, 1]) * (width - span) / 2 if rng.random() < 0.75 else 0.0
        back = rng.choice([-1, 1], p=[0.3, 0.7])
        boxes.append(placed(plot, u + side, v + back * out / 2, span, depth + out, turn))
    return boxes


def _pitch(region: Region, cover: str, rng: np.random.Generator) -> float:
    """Choose the pitch of a roof, as rise over run."""
    if cover == "flat":
        return 0.0
    return float(rng.uniform(0.08, 0.25) if cover == "metal" else region.pitch * rng.uniform(0.8, 1.2))


def _outbuildings(
    plot: Plot, house: Building, yard: Polygon, region: Region, rng: np.random.Generator
) -> list[Building]:
    """Add a garage and a shed if there is room."""
    found: list[Building] = []
    for odds, low, high in ((0.4, 3.2, 6.5), (0.45, 2.2, 4.0)):
        if rng.random() > odds:
            continue
        u = rng.choice([-1, 1]) * rng.uniform(0.25, 0.42) * plot.width_m
        v = plot.depth_m * rng.uniform(0.25, 0.9)
        cover = str(rng.choice(COVERS, p=[0.35, 0.3, 0.35]))
        box = placed(plot, u, v, rng.uniform(low, high), rng.uniform(low, high))
        shed = _made([box], cover, False, rng.uniform(2.2, 2.8), _pitch(region, cover, rng) * 0.6)
        if shed and yard.contains(shed.footprint) and shed.footprint.distance(house.footprint) > 0.6:
            found.append(shed)
    return found


def _town_house(plot: Plot, region: Region, rng: np.random.Generator) -> list[Building]:
    """Fill the street side of a plot from wall to wall, and sometimes the court behind."""
    if rng.random() < 0.06:
        return []
    room = plot.ground.buffer(-rng.uniform(0.15, 0.5), join_style="mitre")
    depth = min(plot.depth_m * rng.uniform(0.55, 1.0), rng.uniform(9, 15))
    front = placed(plot, 0, depth / 2 + rng.choice([0.0, 0.0, 1.5]), plot.width_m * 1.1, depth)
    found = []
    for box, eaves in ((front, rng.uniform(5.5, 13)), (_court(plot, depth, rng), rng.uniform(2.5, 6))):
        part = room.intersection(box.polygon) if box else None
        if not isinstance(part, Polygon) or part.area < 18 or part.interiors:
            continue
        cover = str(rng.choice(COVERS, p=region.core_odds))
        part = shapely.set_precision(part.simplify(0.2), 0.01)
        if isinstance(part, Polygon) and part.area > 18:
            pitch = _pitch(region, cover, rng)
            found.append(Building(part, (box_around(part),), cover, bool(rng.random() < 0.25), eaves, pitch))
    return found


def _court(plot: Plot, depth: float, rng: np.random.Generator) -> Box | None:
    """Return the box of a back building, or None if the remaining depth is too small, or by chance."""
    left = plot.depth_m - depth - 3
    if left < 4 or rng.random() < 0.35:
        return None
    width = plot.width_m * rng.uniform(0.35, 0.8)
    u = rng.choice([-1, 1]) * (plot.width_m - width) / 2
    back = left * rng.uniform(0.5, 1)
    return placed(plot, u, plot.depth_m - back / 2 - rng.uniform(0, 1), width, back)


def _terrace(plot: Plot, region: Region, style: np.random.Generator, rng: np.random.Generator) -> list[Building]:
    """Place a row of houses under one roof along the street."""
    cover = "tile" if style.random() < region.cover_odds[0] + 0.2 else "flat"
    eaves, pitch, setback = style.uniform(5, 7), _pitch(region, cover, style), style.uniform(3, 6)
    for share in (0.92, 0.8, 0.65):
        box = placed(plot, 0, setback + 4.6, plot.width_m * share, 9.2)
        row = _made([box], cover, False, eaves, pitch)
        if row and plot.ground.buffer(-0.8).contains(row.footprint):
            found = [row]
            for u in np.arange(-plot.width_m / 2 + 4, plot.width_m / 2 - 4, 6.5):
                found += _outbuildings(
                    replace(plot, gate=shapely.Point(plot.at(u, 0)), width_m=5.0),
                    row,
                    plot.ground.buffer(-0.8),
                    region,
                    rng,
                )
            return found
    return []


def _slab(plot: Plot, rng: np.random.Generator) -> list[Building]:
    """Place a block of flats on a lawn."""
    along = bool(rng.random() < 0.7)
    for share in (0.8, 0.65, 0.5):
        length, thick = (plot.width_m if along else plot.depth_m) * share, rng.uniform(11, 14)
        size = (length, thick) if along else (thick, length)
        boxes = [placed(plot, 0, plot.depth_m * rng.uniform(0.4, 0.6), *size)]
        if rng.random() < 0.3 and along:
            boxes.append(placed(plot, (length - thick) / 2, plot.depth_m * 0.5, thick, plot.depth_m * 0.6))
        slab = _made(boxes, "flat", False, rng.uniform(9, 16), 0.0)
        if slab and plot.ground.buffer(-2.5).contains(slab.footprint):
            return [slab]
    return []


def _hall(plot: Plot, rng: np.random.Generator) -> list[Building]:
    """Place an industrial hall on a yard."""
    for share in (0.75, 0.65, 0.55, 0.42):
        width, depth = plot.width_m * share, plot.depth_m * share * rng.uniform(0.7, 1)
        boxes = [placed(plot, 0, plot.depth_m * rng.uniform(0.45, 0.6), width, depth)]
        if rng.random() < 0.4:
            u = rng.choice([-1, 1]) * width * 0.3
            boxes.append(placed(plot, u, plot.depth_m * 0.5, width * 0.35, depth * rng.uniform(1.1, 1.3)))
        cover = str(rng.choice(["metal", "flat"]))
        hall = _made(boxes, cover, False, rng.uniform(5, 9), 0.0 if cover == "flat" else rng.uniform(0.06, 0.16))
        if hall and plot.ground.buffer(-2.5).contains(hall.footprint):
            return [hall]
    return []


def _group(plot: Plot, region: Region, rng: np.random.Generator) -> list[Building]:
    """Place a few larger buildings around a yard near the street."""
    found: list[Building] = []
    cover = _cover(region, rng) if plot.use == "farm" else str(rng.choice(["flat", "tile", "metal"]))
    for _ in range(12):
        u, v = rng.uniform(-24, 24), rng.uniform(12, min(46.0, max(13.0, plot.depth_m - 8)))
        turned = bool(rng.random() < 0.4)
        size = (rng.uniform(16, 34) if plot.use == "school" else rng.uniform(10, 24), rng.uniform(8, 13))
        box = placed(plot, u, v, *(size[::-1] if turned else size))
        one = _made([box], cover, bool(rng.random() < 0.3), rng.uniform(3.5, 7), _pitch(region, cover, rng))
        clear = one and all(one.footprint.distance(other.footprint) > 4 for other in found)
        if one and clear and plot.ground.buffer(-2).contains(one.footprint) and len(found) < 4:
            found.append(one)
    return found
