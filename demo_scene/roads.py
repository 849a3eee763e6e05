"""Road surfaces, pavements, wear and markings."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry import LineString

from ..models.runtime.progress import ProgressCallback, sub_progress, with_progress
from .canvas import LAWN, PAVED, Canvas
from .lattice import Floats, stretches
from .noise import anywhere, cut
from .plan import Street, Town
from .region import Region, linear, pick

RANK = ("track", "service", "residential", "unclassified", "tertiary", "secondary", "primary")
MARKED = ("tertiary", "secondary", "primary")


def lay_roads(canvas: Canvas, town: Town, region: Region, rng: np.random.Generator, watch: ProgressCallback) -> None:
    """Draw all streets of a town, the smallest first."""
    canvas.cover(town.pavement, pick((*region.paving, *region.grass), rng), PAVED, rng, 0.9)
    for street in with_progress(town.streets, sub_progress(watch, 0, 0.4)):
        if street.kind in ("track", "unclassified", "service"):
            _verge(canvas, street, region, rng)
        else:
            _pavement(canvas, street, town, region, rng)
    canvas.cover(town.surface, pick(region.asphalt, rng, 0.03), PAVED, rng)
    common = pick(region.asphalt, rng, 0.04)
    for street in with_progress(sorted(town.streets, key=lambda s: RANK.index(s.kind)), sub_progress(watch, 0.4, 0.4)):
        if street.kind == "track":
            _track(canvas, street, region, rng)
        else:
            _asphalt(canvas, street, common, region, rng)
    for street in with_progress(town.streets, sub_progress(watch, 0.8, 0.2)):
        if street.kind in MARKED:
            _lines(canvas, street, _apart(street, town), rng)
    _crossings(canvas, town, rng)


def _apart(street: Street, town: Town) -> list[LineString]:
    """Return the sections of a street away from its junctions."""
    others = [s.line.buffer(s.width_m / 2 + 1.5) for s in town.streets if s is not street]
    parts = shapely.get_parts(street.line.difference(shapely.union_all(others)))
    return [part for part in parts if part.length > 4]


def _pavement(canvas: Canvas, street: Street, town: Town, region: Region, rng: np.random.Generator) -> None:
    """Draw a pavement along a street, or a strip of grass or soil."""
    strip = street.line.buffer(street.width_m / 2 + 2.6, cap_style="flat").intersection(town.pavement)
    paved = street.kind in ("primary", "secondary") or rng.random() < 0.75
    colour = pick(region.paving if paved else (*region.grass, *region.soil), rng, 0.06)
    canvas.cover(strip, colour, PAVED if paved else LAWN, rng, float(rng.uniform(0.75, 1)))
    if paved:
        kerb = street.line.buffer(street.width_m / 2 + 0.25, cap_style="flat").intersection(town.pavement)
        canvas.cover(kerb, colour * np.float32(rng.uniform(1.0, 1.3)), (0.03, 0, 0.05, 0), rng)


def _verge(canvas: Canvas, street: Street, region: Region, rng: np.random.Generator) -> None:
    """Draw ragged strips of bare soil along a street."""
    soil, offset, half = pick((*region.soil, *region.grass), rng), anywhere(rng), street.width_m / 2
    width, strength = rng.uniform(0.3, 1.4), rng.uniform(0.3, 0.8)
    for part in stretches(street.line, half + 3.0, canvas.lattice):
        ragged = width + 0.5 * cut(canvas.textures.mottle, part.window, offset)
        near = np.clip((half + ragged - np.abs(part.lateral)) / 0.8, 0, 1) * strength * part.mask
        canvas.glaze(part.window, near.astype(np.float32), soil)


def _asphalt(canvas: Canvas, street: Street, common: Floats, region: Region, rng: np.random.Generator) -> None:
    """Draw one street: its age, wheel paths, dusty edges and markings."""
    base = common * 0.45 + pick(region.asphalt, rng, 0.08) * 0.55
    dust, soil = region.dust * rng.uniform(0.4, 1.2), pick(region.soil, rng)
    if street.kind in ("residential", "service", "unclassified") and rng.random() < 0.5 * region.dust:
        base = base * np.float32(0.25) + soil * np.float32(0.7)  # unsealed
    offset, half = anywhere(rng), street.width_m / 2
    wheel, centre = rng.uniform(0.03, 0.10), rng.uniform(-0.06, 0.06)
    for part in stretches(street.line, half + 0.2, canvas.lattice):
        side = np.abs(part.lateral)
        mottle = cut(canvas.textures.mottle, part.window, offset)
        light = 1 + 0.05 * cut(canvas.textures.grain, part.window) + 0.05 * mottle
        light += 0.06 * cut(canvas.textures.cloud, part.window, offset)
        light += wheel * np.cos((side - half / 2) * 2 * np.pi / 1.8) + centre * np.exp(-((side / 0.6) ** 2))
        colour = light[..., None] * base
        edge = np.clip((side - half + 1.3 + 0.35 * mottle) / 1.3, 0, 1) * dust
        colour += (soil - colour) * (edge * 0.8)[..., None]
        ragged = part.mask & (side < half + 0.06 * mottle)
        canvas.paint(part.window, ragged, colour.astype(np.float32))
    _patches(canvas, street, base, rng)


def _patches(canvas: Canvas, street: Street, base: Floats, rng: np.random.Generator) -> None:
    """Draw repair patches and trenches on a street."""
    for _ in range(int(rng.poisson(street.line.length / 45))):
        at = rng.uniform(0, street.line.length)
        length = rng.uniform(2, 9) if rng.random() < 0.8 else rng.uniform(15, 40)
        piece = shapely.ops.substring(street.line, at, at + length)
        shift = rng.uniform(-0.35, 0.35) * street.width_m
        if piece.geom_type == "LineString" and piece.length > 1:
            area = piece.offset_curve(shift).buffer(rng.uniform(0.3, 0.9), cap_style="flat")
            inside = area.intersection(street.line.buffer(street.width_m / 2 - 0.2))
            canvas.cover(inside, base * np.float32(rng.uniform(0.72, 1.12)), (0.04, 0.04, 0.03, 0), rng, 0.75)
    for at in rng.uniform(0, street.line.length, int(street.line.length / 30)):
        cover = street.line.interpolate(at).buffer(0.33)
        canvas.cover(cover, base * np.float32(0.55), (0, 0, 0, 0), rng)


def _lines(canvas: Canvas, street: Street, apart: list[LineString], rng: np.random.Generator) -> None:
    """Draw the centre line, and the edge lines of wide roads, in worn white, except at junctions."""
    if street.kind == "tertiary" and rng.random() < 0.5:
        return
    white, wear, half = linear((205, 203, 196)), rng.uniform(0.25, 0.6), street.width_m / 2
    dash, gap = (3.0, 6.0) if street.kind != "primary" else (4.0, 5.0)
    for line in apart:
        for part in stretches(line, half, canvas.lattice):
            dashed = (np.abs(part.lateral) < 0.13) & (np.mod(part.along, dash + gap) < dash)
            edges = (np.abs(np.abs(part.lateral) - half + 0.45) < 0.12) & (street.kind == "primary")
            worn = cut(canvas.textures.mottle, part.window) > -1.1
            canvas.paint(part.window, part.mask & (dashed | edges) & worn, white, wear)


def _crossings(canvas: Canvas, town: Town, rng: np.random.Generator) -> None:
    """Draw zebra crossings on larger streets near junctions."""
    white = linear((200, 198, 192))
    ends = np.array([shapely.Point(s.line.coords[k]) for s in town.streets for k in (0, -1)])
    for street in town.streets:
        if street.kind in MARKED:
            met = ends[shapely.dwithin(ends, street.line, 1.0)]
            for at in shapely.line_locate_point(street.line, met):
                if rng.random() < 0.3:
                    side = float(rng.choice([-1, 1])) * rng.uniform(6, 9)
                    _zebra(canvas, street, float(at) + side, white, rng.uniform(0.3, 0.75))


def _zebra(canvas: Canvas, street: Street, at: float, white: Floats, wear: float) -> None:
    """Draw one zebra crossing."""
    piece = shapely.ops.substring(street.line, at, at + 3.0)
    if piece.geom_type != "LineString" or at < 6 or at > street.line.length - 9:
        return
    for part in stretches(piece, street.width_m / 2 - 0.3, canvas.lattice):
        bars = np.mod(part.lateral + 50, 1.1) < 0.55
        canvas.paint(part.window, part.mask & bars & (part.along >= 0), white, wear)


def _track(canvas: Canvas, street: Street, region: Region, rng: np.random.Generator) -> None:
    """Draw a dirt track: two ruts with grass between them."""
    soil, grass = pick(region.soil, rng), pick(region.grass, rng)
    offset, half, green = anywhere(rng), street.width_m / 2, rng.uniform(0, 0.8)
    for part in stretches(street.line, half + 0.4, canvas.lattice):
        mottle = cut(canvas.textures.mottle, part.window, offset)
        light = 1 + 0.08 * cut(canvas.textures.speckle, part.window, offset) + 0.10 * mottle
        middle = np.clip(1.1 - (part.lateral / 0.45) ** 2 + 0.4 * mottle, 0, 1) * green
        colour = light[..., None] * (soil + (grass - soil) * middle[..., None])
        edge = part.mask & (np.abs(part.lateral) < half + 0.2 * mottle)
        canvas.paint(part.window, edge, colour.astype(np.float32))
