"""Atomic writing of polygon layers with class, confidence and area, part by part."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from ..errors import OutputError
from ..io.crs import is_on_earth
from ..io.vectors import DRIVERS, WRITE_ERRORS, write_polygons
from ..shared.conventions import CLASS_FIELD
from ..shared.text import Text, text

SIDECARS = (".qix", ".sbn", ".sbx", ".cpg", ".prj")  # sidecar files of a shapefile that its replacement may lack
SQLITE = b"SQLite format 3\0"  # the first bytes of a database
LOGS = ("-wal", "-shm", "-journal")  # log files of a GeoPackage that was left open


@dataclass(frozen=True)
class ClassPolygons:
    """The polygons of all or part of a class map, in the CRS of its grid."""

    polygons: tuple[shapely.Polygon, ...]
    classes: tuple[str, ...]  # class of each polygon
    confidence: tuple[float, ...]  # mean probability (0-1) of the polygon's class over its pixels
    areas_m2: tuple[float, ...] | None  # on the ellipsoid; None if the CRS is unknown


@dataclass(frozen=True)
class WrittenPolygons:
    """The result of writing a polygon file."""

    count: int  # number of polygons
    notices: tuple[Text, ...]  # for the user


def merge_polygons(parts: Iterable[ClassPolygons]) -> ClassPolygons:
    """Merge the polygons of all parts of a map."""
    every = list(parts)
    areas = [part.areas_m2 for part in every if part.areas_m2 is not None]
    return ClassPolygons(
        tuple(polygon for part in every for polygon in part.polygons),
        tuple(name for part in every for name in part.classes),
        tuple(value for part in every for value in part.confidence),
        tuple(value for values in areas for value in values) if len(areas) == len(every) else None,
    )


def write_class_polygons(parts: Iterable[ClassPolygons], path: str | Path, crs: str) -> WrittenPolygons:
    """Write polygons with the fields class, confidence and area_m2; the file extension chooses the format.

    An existing GeoPackage keeps its other layers.
    Only one part is in memory at a time, except for GeoJSON, which its standard requires in WGS 84. The file is
    replaced only when complete.

    Raises:
        OutputError: if the extension is unknown, or the file cannot be written.
    """
    path = Path(path)
    driver = DRIVERS.get(path.suffix.lower())
    if driver is None:
        raise OutputError(
            "{path_name} should end in one of {drivers}.", path_name=path.name, drivers=", ".join(DRIVERS)
        )
    if not path.parent.is_dir():
        raise OutputError("There is no folder {path_parent}.", path_parent=path.parent)
    if driver == "GeoJSON" and not is_on_earth(crs):
        raise OutputError(
            "GeoJSON needs longitude and latitude, and the scene has no CRS or a local one. Choose .gpkg or .shp, or "
            "assign a CRS."
        )
    if driver == "GeoJSON":
        parts = iter([merge_polygons(parts)])
    count, has_areas = 0, True
    try:
        with tempfile.TemporaryDirectory(prefix=".map_refiner_", dir=path.parent) as folder:
            if driver == "GPKG" and _is_database(path):
                _copy_geopackage(path, Path(folder) / f"{path.stem}{path.suffix.lower()}")
            for n, found in enumerate(parts):
                if n == 0 or found.polygons:
                    _write(found, Path(folder) / f"{path.stem}{path.suffix.lower()}", crs, n > 0)
                count, has_areas = count + len(found.polygons), has_areas and found.areas_m2 is not None
            _replace(Path(folder), path)
    except WRITE_ERRORS as error:
        raise OutputError(
            "{path} cannot be written: {error}. Is it open elsewhere, or the disk full?", path=path, error=error
        ) from error
    return WrittenPolygons(
        count, () if has_areas else (text("The scene has no CRS, so the polygons have no area in square metres."),)
    )


def _is_database(path: Path) -> bool:
    """Return whether an existing file is an SQLite database, as every GeoPackage is."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def _copy_geopackage(path: Path, target: Path) -> None:
    """Copy a GeoPackage with what its write-ahead log holds, so that its other layers are kept.

    Raises:
        OutputError: if the file is not a GeoPackage but another database, or cannot be read.
    """
    try:
        with (
            closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)
            copy.execute("SELECT table_name FROM gpkg_contents").fetchone()  # fails for other databases
    except sqlite3.Error as error:
        raise OutputError(
            "{path} cannot be written: it exists and is not a GeoPackage ({error}). Choose another file.",
            path=path,
            error=error,
        ) from error


def _replace(folder: Path, path: Path) -> None:
    """Move the files in `folder` to their final place, replacing an existing layer.

    A *.shp is deleted first and moved last, so that it never lies next to parts or indices of another layer.
    """
    stale = [path.with_name(path.name + ending) for ending in LOGS]
    if path.suffix.lower() == ".shp":
        stale += [path, *(path.with_suffix(ending) for ending in SIDECARS)]
    for old in stale:
        old.unlink(missing_ok=True)
    for part in sorted(folder.iterdir(), key=lambda part: part.suffix == path.suffix.lower()):
        os.replace(part, path if part.suffix == path.suffix.lower() else path.parent / part.name)


def _write(found: ClassPolygons, path: Path, crs: str, append: bool) -> None:
    areas: Sequence[float] = found.areas_m2 or [np.nan] * len(found.polygons)
    fields = {
        CLASS_FIELD: np.array(found.classes, dtype=object),
        "confidence": np.round(np.array(found.confidence, dtype=np.float64), 4),
        "area_m2": np.round(np.array(areas, dtype=np.float64), 2),
    }
    write_polygons(path, found.polygons, fields, crs, append)
