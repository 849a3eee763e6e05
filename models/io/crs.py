"""True lengths and areas in metres for any CRS, including Mercator and those in degrees or feet."""

from __future__ import annotations

import math
from collections.abc import Sequence

import shapely
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError, ProjError

from ..arrays.grid import Grid
from ..errors import RasterError

WGS84 = Geod(ellps="WGS84")


def pixel_size_m(grid: Grid) -> float | None:
    """Return the pixel size of a grid at its centre: the geometric mean of both sides in metres.

    Return None if the CRS is unknown, or is a local one that is not tied to the earth and has no unit of length.
    """
    if not grid.crs:
        return None
    crs = parse(grid.crs)
    corners = [grid.point(grid.width / 2 + x, grid.height / 2 + y) for x, y in ((0, 0), (1, 0), (0, 1))]
    to_degrees = _to_degrees(crs)
    if to_degrees is None:
        factor = crs.axis_info[0].unit_conversion_factor if crs.axis_info and not crs.is_geographic else 0.0
        sides = [math.dist(corners[0], other) * factor for other in corners[1:]]
    else:
        places = [to_degrees.transform(x, y) for x, y in corners]
        sides = [WGS84.inv(*places[0], *place)[2] for place in places[1:]]
    size = math.sqrt(sides[0] * sides[1])
    return size if math.isfinite(size) and size > 0 else None


def is_on_earth(crs: str) -> bool:
    """Return whether a CRS can be converted to longitude and latitude."""
    return bool(crs) and _to_degrees(parse(crs)) is not None


def _to_degrees(crs: CRS) -> Transformer | None:
    """Return a transformer from a CRS to longitude and latitude, or None if it is local or of another planet."""
    if not (crs.is_geographic or crs.is_projected):
        return None
    try:
        return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    except ProjError:
        return None


def local_metric_crs(grid: Grid) -> str:
    """Return an azimuthal equidistant CRS in metres, centred on a grid, for buffers of true width.

    Raises:
        RasterError: if the CRS of the grid is not tied to the earth.
    """
    to_degrees = _to_degrees(parse(grid.crs))
    if to_degrees is None:
        raise RasterError(
            "The CRS of the image is not tied to the earth, so widths are unknown: {crs}.", crs=grid.crs[:80]
        )
    x, y = to_degrees.transform(*grid.point(grid.width / 2, grid.height / 2))
    return f"+proj=aeqd +lat_0={y:.9f} +lon_0={x:.9f} +datum=WGS84 +units=m"


def reproject(geometries: Sequence[shapely.Geometry], source: str, target: str) -> list[shapely.Geometry]:
    """Reproject geometries from one CRS to another; each may be any text that PROJ accepts.

    Raises:
        RasterError: if there is no transformation between the two.
    """
    if not geometries or parse(source) == parse(target):
        return list(geometries)
    try:
        transformer = Transformer.from_crs(parse(source), parse(target), always_xy=True)
    except ProjError as error:
        raise RasterError(
            "Coordinates cannot be transformed from the CRS {source} to the CRS {target}.",
            source=source[:60],
            target=target[:60],
        ) from error
    moved = shapely.transform(geometries, transformer.transform, interleaved=False)
    return list(moved)


def areas_m2(polygons: Sequence[shapely.Polygon], crs: str) -> list[float] | None:
    """Return the areas of polygons on the ellipsoid in square metres, or None if the CRS is not tied to the earth."""
    if not crs or _to_degrees(parse(crs)) is None:
        return None
    placed = shapely.orient_polygons(reproject(polygons, crs, "EPSG:4326"))  # so that holes subtract their area
    return [abs(WGS84.geometry_area_perimeter(polygon)[0]) for polygon in placed]


def parse(crs: str) -> CRS:
    """Parse a CRS from WKT or any other text that PROJ accepts."""
    try:
        return CRS.from_user_input(crs)
    except CRSError as error:
        raise RasterError("The CRS is not one that PROJ knows: {crs}.", crs=crs[:80]) from error
