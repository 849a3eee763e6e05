"""The parts of a town as vectors in the image's frame (metres, y down)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon

from .lattice import Area, Floats


@dataclass(frozen=True)
class Box:
    """An oriented rectangle: centre, direction of its length in radians, half its length and half its width."""

    x: float
    y: float
    angle: float
    half_length: float
    half_width: float

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Return the point u metres along the length and v metres across, from the centre."""
        c, s = float(np.cos(self.angle)), float(np.sin(self.angle))
        return self.x + u * c - v * s, self.y + u * s + v * c

    def local(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return points as distances along and across the length, from the centre."""
        c, s = np.float32(np.cos(self.angle)), np.float32(np.sin(self.angle))
        dx, dy = x - np.float32(self.x), y - np.float32(self.y)
        return dx * c + dy * s, dy * c - dx * s

    @property
    def polygon(self) -> Polygon:
        """Return the rectangle as a polygon."""
        a, b = self.half_length, self.half_width
        return Polygon([self.at(-a, -b), self.at(a, -b), self.at(a, b), self.at(-a, b)])


def box_around(area: Area) -> Box:
    """Return the smallest oriented rectangle around an area."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(area))[:4]
    side, other = corners[1] - corners[0], corners[2] - corners[1]
    length, width = float(np.hypot(*side)), float(np.hypot(*other))
    if length < width:
        side, length, width = other, width, length
    x, y = corners.mean(0)
    return Box(float(x), float(y), float(np.arctan2(side[1], side[0])), length / 2, width / 2)


@dataclass(frozen=True)
class Street:
    """A road: its centre line, its OpenStreetMap class and its surface width in metres."""

    line: LineString
    kind: str
    width_m: float


@dataclass(frozen=True)
class Building:
    """A building: its footprint, the boxes of its roof and the roof's construction."""

    footprint: Polygon
    boxes: tuple[Box, ...]
    cover: str  # tile, metal or flat
    hipped: bool
    eaves_m: float
    pitch: float


@dataclass(frozen=True)
class Plot:
    """A piece of land with one use; `gate` is the middle of its street side, `inward` the direction away from it."""

    ground: Polygon
    use: str
    gate: Point
    inward: float  # radians
    width_m: float
    depth_m: float
    buildings: tuple[Building, ...] = ()

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Return the point u metres along the street from the gate and v metres into the plot."""
        c, s = float(np.cos(self.inward)), float(np.sin(self.inward))
        return self.gate.x - u * s + v * c, self.gate.y + u * c + v * s


@dataclass(frozen=True)
class Town:
    """Everything that is drawn, except plants and cars."""

    size_m: float
    streets: tuple[Street, ...]
    surface: Area  # of all streets
    pavement: Area  # along the streets
    plots: tuple[Plot, ...]

    @property
    def buildings(self) -> tuple[Building, ...]:
        """Return all buildings."""
        return tuple(b for plot in self.plots for b in plot.buildings)
