"""The road network: through roads, then cuts across the land between them, then one smooth bend of all lines."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import rotate
from shapely.geometry import LineString, Point, Polygon, box
from shapely.ops import split, unary_union

from .lattice import Area
from .plan import Street, box_around

MARGIN_M = 80.0  # the town continues beyond the image


@dataclass(frozen=True)
class Density:
    """The density of building, from 0 in the fields to 1 in the centre."""

    centres: NDArray[np.float64]  # (n, 2) metres
    spread_m: NDArray[np.float64]  # (n,)

    def at(self, x: float, y: float) -> float:
        """Return the density at a point."""
        square = ((self.centres - np.array([x, y])) ** 2).sum(1)
        return float(np.exp(-square / (2 * self.spread_m**2)).max())


def density(size_m: float, rng: np.random.Generator) -> Density:
    """Place a town centre and an outlying district."""
    centre = size_m * rng.uniform(0.35, 0.65, 2)
    turn = rng.uniform(0, 2 * np.pi)
    quarter = centre + rng.uniform(300, 420) * np.array([np.cos(turn), np.sin(turn)])
    return Density(np.array([centre, quarter]), np.array([rng.uniform(200, 290), rng.uniform(90, 130)]))


def network(size_m: float, built: Density, scale: float, rng: np.random.Generator) -> tuple[Street, ...]:
    """Generate all streets of a square scene with a margin around it; `scale` widens the smaller ones."""
    land = box(-MARGIN_M, -MARGIN_M, size_m + MARGIN_M, size_m + MARGIN_M)
    through = _through_roads(size_m, built, rng)
    faces = [land]
    for street in through:
        faces = [part for face in faces for part in _parts(face, street.line)]
    smaller = [street for face in faces for street in _cuts(face, 0, built, rng)]
    through = [replace(street, line=street.line.intersection(land.buffer(MARGIN_M))) for street in through]
    smaller = [replace(street, width_m=street.width_m * scale) for street in smaller]
    return tuple(_bent([*through, *smaller], rng))


def _through_roads(size_m: float, built: Density, rng: np.random.Generator) -> list[Street]:
    """Generate a primary road and one or two roads that cross it, all passing near the centre."""
    turn = rng.uniform(0, 180)
    centre = Point(*built.centres[0])
    primary = _crossing(centre, size_m, turn, rng.uniform(-60, 60), rng)
    roads = [Street(primary, "primary", float(rng.uniform(9.0, 12.5)))]
    offsets = [rng.uniform(-70, 70)] if size_m < 500 else [rng.uniform(-150, 0), rng.uniform(120, 260)]
    for offset in offsets:
        line = _crossing(centre, size_m, turn + rng.uniform(70, 110), offset, rng)
        roads.append(Street(line, "secondary", float(rng.uniform(7.0, 8.5))))
    return roads


def _crossing(centre: Point, size_m: float, turn: float, offset: float, rng: np.random.Generator) -> LineString:
    """Return a line across the whole scene at an offset from the centre."""
    reach = 2 * size_m + 4 * MARGIN_M
    line = LineString([(centre.x - reach, centre.y + offset), (centre.x + reach, centre.y + offset)])
    return rotate(line, turn, origin=centre)


def _parts(face: Polygon, line: LineString) -> list[Polygon]:
    """Split a face by a line."""
    return [part for part in split(face, line).geoms if part.area > 1]


def across(area: Polygon, rng: np.random.Generator, wobble: float = 0.12, turn: float = 0.06) -> LineString:
    """Return a cut across an area's long side, near its middle."""
    around = box_around(area)
    u = rng.uniform(-wobble, wobble) * 2 * around.half_length
    lean = rng.uniform(-turn, turn) * around.half_width
    far = 3 * (around.half_width + around.half_length)
    slope = lean / max(around.half_width, 1.0)
    return LineString([around.at(u - slope * far, -far), around.at(u + slope * far, far)])


def _cuts(face: Polygon, depth: int, built: Density, rng: np.random.Generator) -> list[Street]:
    """Return the streets that cut a face into blocks, finer in denser areas."""
    centre = face.representative_point()
    dense = built.at(centre.x, centre.y)
    target = float(np.interp(dense, (0.05, 0.3, 0.6, 0.95), (70000, 22000, 8500, 4200)))
    if face.area < target * rng.uniform(1.3, 2.1):
        return _dead_end(face, dense, rng) if 4500 < face.area < 30000 and rng.random() < 0.35 else []
    cut = across(face, rng)
    street = _street(cut.intersection(face), depth, dense, rng)
    return street + [s for part in _parts(face, cut) for s in _cuts(part, depth + 1, built, rng)]


def _dead_end(face: Polygon, dense: float, rng: np.random.Generator) -> list[Street]:
    """Return a short dead-end street into a block, or an empty list if the block does not suit one."""
    way = across(face, rng).intersection(face)
    if way.geom_type != "LineString" or way.length < 40 or not 0.2 < dense < 0.85:
        return []
    first, last = (way.coords[0], way.coords[-1])[:: int(rng.choice([-1, 1]))]
    share = rng.uniform(0.45, 0.65)
    end = (first[0] + share * (last[0] - first[0]), first[1] + share * (last[1] - first[1]))
    return [Street(LineString([first, end]), "residential", float(rng.uniform(4.4, 5.6)))]


def _street(where: LineString, depth: int, dense: float, rng: np.random.Generator) -> list[Street]:
    """Return a cut as a street with its class and width; only the longest part of a split line is kept."""
    if where.geom_type != "LineString":
        where = max(where.geoms, key=lambda part: part.length)
    if dense < 0.25:
        kind, width = ("unclassified", rng.uniform(4.2, 5.5)) if depth < 1 else ("track", rng.uniform(2.8, 3.6))
    elif depth < 2:
        kind, width = "tertiary", rng.uniform(6.0, 7.2)
    elif dense > 0.8 and rng.random() < 0.35:
        kind, width = "service", rng.uniform(3.4, 4.4)
    else:
        kind, width = "residential", rng.uniform(4.8, 6.4)
    return [Street(where, kind, float(width))]


def _bent(streets: list[Street], rng: np.random.Generator) -> list[Street]:
    """Bend all lines by one smooth displacement, so that junctions stay connected."""
    waves = rng.normal(0, 1, (5, 2, 2)) / np.array([55.0, 75, 95, 130, 180])[:, None, None]
    phase, amplitude = rng.uniform(0, 6.28, (5, 2)), rng.uniform(5, 10)

    def bend(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        wave = np.sin(np.einsum("np,kap->nka", xy, waves) + phase[None])  # (n, 5, 2)
        moved: NDArray[np.float64] = xy + amplitude * (wave * np.array([0.5, 0.7, 1, 1.3, 1.6])[None, :, None]).sum(1)
        return moved

    lines = [shapely.segmentize(street.line, 6.0) for street in streets]
    return [
        Street(shapely.transform(line, bend), street.kind, street.width_m)
        for line, street in zip(lines, streets, strict=True)
    ]


def surface(streets: tuple[Street, ...], extra_m: float = 0.0) -> Area:
    """Return the surface of streets, widened by `extra_m` metres on each side, with rounded corners at junctions."""
    wide = [s.line.buffer(s.width_m / 2 + extra_m, cap_style="round", quad_segs=6) for s in streets]
    return unary_union(wide).buffer(3.0, quad_segs=6).buffer(-3.0, quad_segs=6)
