"""A whole scene: the plan of a town, its image, its exact truth and its imprecise map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from shapely.geometry import LineString, Polygon, box

from ..models.arrays.grid import Grid
from ..models.runtime.progress import ProgressCallback, sub_progress, with_progress
from .canvas import Canvas, blank
from .grounds import fence_lines, lay_ground, wall
from .growth import vegetation
from .land import polygons, town
from .lattice import Lattice
from .light import lit
from .noise import anywhere, cut, textures
from .plan import Town
from .plants import crowns, plant
from .region import Region, pick, region, sun
from .roads import lay_roads
from .roofs import roof
from .sensor import photograph
from .streets import density, network
from .survey import Way, mapped_buildings, mapped_roads
from .traffic import raise_poles, traffic

PIXEL_M = 0.5
FINER = 2  # canvas pixels per image pixel, along one side
WILD = (0.07, 0.1, 0.14, 0.12)  # colour variation of unused ground
Shape = TypeVar("Shape", Polygon, LineString)
COUNTRY = 2  # another number gives other towns for the same seeds
EPSG = "EPSG:32631"
CORNER_M = (431_200.0, 4_873_600.0)  # easting and northing of the upper left corner


@dataclass(frozen=True, eq=False)
class DemoScene:
    """A scene of uint8 colour (rows, columns, 3) with exact truth and imprecise map vectors.

    All vectors are in the CRS of the scene, in metres; the roads are the carriageways, including parts under tree
    crowns.
    """

    image: NDArray[np.uint8]
    buildings: tuple[Polygon, ...]
    roads: tuple[Polygon, ...]
    osm_buildings: tuple[Polygon, ...]
    osm_roads: tuple[Way, ...]
    transform: tuple[float, float, float, float, float, float]
    crs: str

    @property
    def grid(self) -> Grid:
        """Return the pixel grid."""
        rows, cols = self.image.shape[:2]
        return Grid(CRS.from_user_input(self.crs).to_wkt(), self.transform, cols, rows)

    @property
    def outline(self) -> Polygon:
        """Return the outline of the whole scene."""
        return Polygon(self.grid.corners())


def draw(size_px: int = 1500, seed: int = 7, watch: ProgressCallback = lambda _: None) -> DemoScene:
    """Draw a square scene of `size_px` pixels of 0.5 m; the same seed and library versions give the same scene."""
    plan_rng, paint_rng, camera_rng, survey_rng = np.random.default_rng([seed, COUNTRY]).spawn(4)
    size_m = size_px * PIXEL_M
    habits = region(plan_rng)
    built = density(size_m, plan_rng)
    place = town(size_m, network(size_m, built, habits.street_scale, plan_rng), built, habits, plan_rng)
    watch(0.1)
    painted = _painted(place, habits, size_px, paint_rng, sub_progress(watch, 0.1, 0.8))
    seen = lit(painted)
    watch(0.95)
    image = photograph(seen, FINER, camera_rng)
    watch(1)
    view = box(0, 0, size_m, size_m)
    buildings = [part for b in place.buildings for part in polygons(b.footprint.intersection(view)) if part.area > 1]
    roads = polygons(place.surface.intersection(view))
    return DemoScene(
        image,
        tuple(_on_earth(part) for part in buildings),
        tuple(_on_earth(part) for part in roads),
        tuple(_on_earth(part) for part in mapped_buildings(buildings, view, survey_rng)),
        tuple(Way(_on_earth(w.line), w.kind, w.width_m) for w in mapped_roads(place.streets, view, survey_rng)),
        (PIXEL_M, 0.0, CORNER_M[0], 0.0, -PIXEL_M, CORNER_M[1]),
        EPSG,
    )


def _on_earth(shape: Shape) -> Shape:
    """Transform a shape from the image's frame to the CRS."""
    x0, y0 = CORNER_M
    return shapely.transform(shape, lambda xy: np.stack([x0 + xy[:, 0], y0 - xy[:, 1]], 1))


def _painted(place: Town, habits: Region, size_px: int, rng: np.random.Generator, watch: ProgressCallback) -> Canvas:
    """Paint a town on a canvas, from the ground up."""
    sky, weave, *brushes = rng.spawn(8)
    canvas = blank(Lattice(size_px * FINER, PIXEL_M / FINER), textures(weave), sun(sky))
    canvas.cover(box(0, 0, place.size_m, place.size_m), pick(habits.grass, brushes[0]), WILD, brushes[0])
    for plot in with_progress(place.plots, sub_progress(watch, 0, 0.35)):
        lay_ground(canvas, plot, habits, brushes[0])
    lay_roads(canvas, place, habits, brushes[1], sub_progress(watch, 0.35, 0.4))
    tone = int(brushes[2].integers(1 << 30))
    for plot in with_progress(place.plots, sub_progress(watch, 0.75, 0.1)):
        for building in plot.buildings:
            roof(canvas, building, habits, np.random.default_rng(tone + int(plot.inward * 4)), brushes[2])
    _fences(canvas, place, habits, brushes[3])
    traffic(canvas, place, brushes[4])
    watch(0.9)
    grown = vegetation(place, habits, brushes[5])
    plant(canvas, grown, habits, crowns(canvas.sun, canvas.lattice.pixel_m, brushes[5]), brushes[5])
    raise_poles(canvas, place, brushes[4])
    _grime(canvas, weave)
    watch(1)
    return canvas


def _grime(canvas: Canvas, rng: np.random.Generator) -> None:
    """Add weathering over the whole scene."""
    offset = anywhere(rng)
    dirt = 1 + 0.035 * cut(canvas.textures.mottle, canvas.lattice.all, offset)
    dirt += 0.05 * cut(canvas.textures.cloud, canvas.lattice.all, offset)
    np.multiply(canvas.colour, dirt[..., None], out=canvas.colour)


def _fences(canvas: Canvas, place: Town, habits: Region, rng: np.random.Generator) -> None:
    """Draw walls and fences around some plots."""
    for plot in place.plots:
        if plot.use in ("houses", "terraces", "centre", "works", "school"):
            for side in fence_lines(plot):
                if rng.random() < 0.5:
                    wall(canvas, side, pick(habits.paving, rng, 0.12), float(rng.uniform(0.8, 2.0)))
