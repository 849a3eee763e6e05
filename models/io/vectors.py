"""Reading and writing of vector files."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FieldError

from ..arrays.grid import Grid
from ..errors import LabelError
from .crs import local_metric_crs, reproject
from .files import is_local_file

DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON"}
WRITE_ERRORS = (OSError, DataSourceError, DataLayerError)  # a locked file, a full disk, a broken layer
ROAD_WIDTH_M = 7.0  # default width of lines [Maggiori et al. 2017, section IV]


@dataclass(frozen=True)
class Shapes:
    """The geometries of a vector file, and their classes if a class field was read."""

    geometries: tuple[shapely.Geometry, ...]
    classes: tuple[str, ...] | None


def read_shapes(source: str, grid: Grid, field: str | None = None) -> Shapes:
    """Read a vector file in the CRS of a grid.

    Args:
        source: a path, optionally with "|layername=NAME" and "|subset=SQL" as QGIS writes them.
        grid: gives the target CRS, which is also assumed for a file without a CRS.
        field: a text field to read as the class of each geometry.

    Raises:
        LabelError: if the file, layer or field cannot be read.
    """
    path, options = _parse(source)
    name = Path(path).name
    if is_local_file(path) and not Path(path).exists():
        raise LabelError("There is no file {path}.", path=path)
    try:
        meta, _, wkb, values = pyogrio.raw.read(
            path, layer=options.get("layername"), where=options.get("subset"), columns=[field] if field else []
        )
    except (DataSourceError, DataLayerError, FieldError, ValueError) as error:
        raise LabelError("{name} cannot be read as vector data: {error}", name=name, error=error) from error
    if field and field not in meta["fields"]:
        found = ", ".join(pyogrio.read_info(path, layer=options.get("layername"))["fields"]) or "none"
        raise LabelError(
            "{name} has no text field {field!r} with the class of each polygon; its fields: {found}.",
            name=name,
            field=field,
            found=found,
        )
    geometries = _geometries(wkb, name)
    present = [n for n, geometry in enumerate(geometries) if geometry is not None and not geometry.is_empty]
    kept = [geometries[n] for n in present]
    if meta["crs"] and grid.crs:
        kept = reproject(kept, meta["crs"], grid.crs)
    # Geometries outside the area where the CRS is valid are dropped.
    placed = [k for k, geometry in enumerate(kept) if np.isfinite(geometry.bounds).all()]
    classes = tuple(_class_name(values[0][present[k]]) for k in placed) if field else None
    return Shapes(tuple(kept[k] for k in placed), classes)


def _geometries(wkb: NDArray[np.object_] | None, name: str) -> NDArray[np.object_]:
    """Return geometries without their heights.

    Raises:
        LabelError: if some are curves, surfaces or broken, which GEOS cannot represent.
    """
    if wkb is None:
        return np.array([], dtype=object)
    found = shapely.from_wkb(wkb, on_invalid="ignore")
    if lost := sum(content is not None and shape is None for content, shape in zip(wkb, found, strict=True)):
        raise LabelError(
            "{name} has {lost} geometries that cannot be used: curves, surfaces or broken polygons. Convert the "
            "layer to polygons, with Fix Geometries or Convert Geometry Type.",
            name=name,
            lost=lost,
        )
    return np.asarray(shapely.force_2d(found), dtype=object)


def _class_name(value: Any) -> str:
    """Return the value of a class field as text; whole numbers without a decimal point, NULL as an empty text."""
    if value is None or value != value:  # NaN: NULL in a field of numbers
        return ""
    return str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()


def layer_crs(source: str) -> str:
    """Return the CRS of a readable layer as text for PROJ, or an empty string if it has none."""
    path, options = _parse(source)
    return str(pyogrio.read_info(path, layer=options.get("layername"))["crs"] or "")


def _parse(source: str) -> tuple[str, dict[str, str]]:
    """Split a QGIS layer source into its path and options."""
    path, *options = source.split("|")
    return path, dict(option.split("=", 1) for option in options if "=" in option)


def polygons(source: str, grid: Grid, width_m: float | None) -> list[shapely.Geometry]:
    """Read a file as polygons: invalid polygons are repaired, lines are buffered to a width.

    Args:
        source: as in `read_shapes`.
        grid: gives the target CRS.
        width_m: the true width of lines in metres; None means `ROAD_WIDTH_M`. Not used for polygons.
    """
    shapes = read_shapes(source, grid).geometries
    flat = [part for shape in shapes for part in shapely.get_parts(shape)]
    areas = [shapely.make_valid(part) for part in flat if isinstance(part, shapely.Polygon)]
    lines = [part for part in flat if isinstance(part, shapely.LineString)]
    areas += buffer_lines(lines, grid, width_m)
    if not areas:
        raise LabelError("{name} holds no polygons and no lines.", name=Path(_parse(source)[0]).name)
    return areas


def buffer_lines(lines: Sequence[shapely.Geometry], grid: Grid, width_m: float | None = None) -> list[shapely.Geometry]:
    """Return lines in the grid's CRS as polygons of a true width in metres; None means `ROAD_WIDTH_M`.

    Raises:
        LabelError: if the grid has no CRS.
    """
    if not lines:
        return []
    if not grid.crs:
        raise LabelError("The image has no CRS, so lines cannot be given a width in metres; assign its CRS.")
    metres = local_metric_crs(grid)
    buffered = shapely.buffer(reproject(lines, grid.crs, metres), (width_m or ROAD_WIDTH_M) / 2, cap_style="flat")
    return list(reproject(list(buffered), metres, grid.crs))


def write_polygons(
    path: Path,
    polygons: Sequence[shapely.Polygon],
    fields: Mapping[str, NDArray[Any]],
    crs: str,
    append: bool = False,
) -> None:
    """Write or append polygons with their fields; the file's ending chooses the format.

    Raises:
        OSError, DataSourceError, DataLayerError: if the file cannot be written (`WRITE_ERRORS`).
    """
    driver = DRIVERS[path.suffix.lower()]
    options = {"RFC7946": "YES", "WRITE_NAME": "NO"} if driver == "GeoJSON" and not append else {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'crs' was not provided")  # the caller warns the user
        pyogrio.raw.write(
            path,
            geometry=shapely.to_wkb(np.array(polygons, dtype=object)),
            field_data=list(fields.values()),
            fields=list(fields),
            geometry_type="Polygon",
            driver=driver,
            crs=crs or None,
            encoding="UTF-8",
            layer_options=options,
            append=append,
        )
