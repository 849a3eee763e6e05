"""Accuracy of a polygon file against true polygons, by class."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TypedDict

import numpy as np
import shapely

from ..arrays.grid import Grid
from ..errors import LabelError, RasterError
from ..io.crs import local_metric_crs, reproject
from ..io.vectors import DRIVERS, Shapes, layer_crs, read_shapes
from ..metrics.polygons import PolygonFigures, Polygons, compare
from ..runtime.progress import ProgressCallback
from ..scene.labels import RASTER_SUFFIXES
from ..shared.conventions import CLASS_FIELD, IGNORE_CLASS, TILE_CLASS


class PolygonReport(TypedDict):
    """The accuracy of one polygon file, ready for JSON."""

    path: str
    classes: list[str]
    polygons: dict[str, PolygonFigures]


def is_polygon_file(path: str) -> bool:
    """Return whether the file extension indicates polygons rather than a score raster."""
    return _file(path).suffix.lower() in DRIVERS


def evaluate_polygons(path: str, labels: str, progress: ProgressCallback = lambda _: None) -> PolygonReport:
    """Evaluate polygons against true ones, both from vector files with a text field `class`.

    The classes are those of the true polygons. If these include labelled areas (`tile`) or ignored areas (`ignore`),
    both files are cut to them; otherwise the true polygons are taken as complete. A file without a CRS is assumed to
    have that of the other.

    Raises:
        LabelError: if the files cannot be read or compared.
    """
    if _file(labels).suffix.lower() in RASTER_SUFFIXES:
        raise LabelError(
            "{name} holds polygons and {name_2} is a raster; polygons are measured against a vector "
            "layer of true polygons with a text field {field!r}.",
            name=_file(path).name,
            name_2=_file(labels).name,
            field=CLASS_FIELD,
        )
    found, truth, crs = _read(path, labels)
    tile, ignored = (_union(_of_class(truth, name)) for name in (TILE_CLASS, IGNORE_CLASS))
    names = sorted(set(truth.classes or ()) - {TILE_CLASS, IGNORE_CLASS})
    true = {name: polygons for name in names if len(polygons := _cut(_of_class(truth, name), tile, ignored))}
    _check(found, true, path, labels)
    metres = _metres([polygon for polygons in true.values() for polygon in polygons], crs)
    figures = {}
    for n, (name, polygons) in enumerate(true.items()):
        check = partial(progress, n / len(true))
        check()
        ours = _cut(_of_class(found, name), tile, ignored)
        figures[name] = compare(_moved(ours, crs, metres), _moved(polygons, crs, metres), check)
        figures[name]["polis_m"] = figures[name]["polis_m"] if metres else None
    return PolygonReport(path=path, classes=list(figures), polygons=figures)


def polygon_summary(entry: PolygonReport) -> str:
    """Return a one-line summary of the accuracy of a polygon file."""
    parts = []
    for name, figures in entry["polygons"].items():
        distance = "" if figures["polis_m"] is None else f", PoLiS {figures['polis_m']:.2f} m"
        counts = f"{figures['matched']} of {figures['true']} found, {figures['false']} false"
        parts.append(f"{name} {counts}, C-IoU {figures['c_iou']:.4f}{distance}")
    return "; ".join(parts)


def _read(path: str, labels: str) -> tuple[Shapes, Shapes, str]:
    """Read both files in a common CRS, preferably that of the true polygons; it is empty if neither file has one."""
    one_pixel = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
    truth = read_shapes(labels, Grid("", one_pixel, 1, 1), CLASS_FIELD)
    crs = layer_crs(labels)
    found = read_shapes(path, Grid(crs, one_pixel, 1, 1), CLASS_FIELD)
    if found.geometries and truth.geometries:
        ours, theirs = (shapely.box(*shapely.total_bounds(shapes.geometries)) for shapes in (found, truth))
        if not ours.intersects(theirs):
            raise LabelError(
                "The polygons of {name} and those of {name_2} lie apart; check the extent and the CRS of both.",
                name=_file(path).name,
                name_2=_file(labels).name,
            )
    return found, truth, crs or layer_crs(path)


def _check(found: Shapes, true: dict[str, Polygons], path: str, labels: str) -> None:
    if not true:
        raise LabelError(
            "{name} holds no polygons to measure against: none of a class, or none within its {tile!r}.",
            name=_file(labels).name,
            tile=TILE_CLASS,
        )
    if found.classes and not set(found.classes) & set(true):
        raise LabelError(
            "{name} has polygons of class {names}, {name_2} of {true}; one class at least must be in both.",
            name=_file(path).name,
            names=", ".join(sorted(set(found.classes))[:5]),
            name_2=_file(labels).name,
            true=", ".join(true),
        )


def _metres(polygons: Sequence[shapely.Polygon], crs: str) -> str | None:
    """Return a metric CRS centred on the polygons, or None if their CRS is not georeferenced."""
    left, bottom, right, top = (float(side) for side in shapely.total_bounds(polygons))
    try:
        return local_metric_crs(Grid(crs, (right - left, 0.0, left, 0.0, bottom - top, top), 1, 1)) if crs else None
    except RasterError:
        return None


def _moved(polygons: Polygons, crs: str, metres: str | None) -> Polygons:
    return _polygons_of(_array(reproject(list(polygons), crs, metres))) if metres else polygons


def _of_class(shapes: Shapes, name: str) -> Polygons:
    chosen = [shape for shape, k in zip(shapes.geometries, shapes.classes or (), strict=True) if k == name]
    return _polygons_of(_array(chosen))


def _polygons_of(geometries: Polygons) -> Polygons:
    """Split geometries into single polygons and repair invalid ones."""
    parts = _array(shapely.get_parts(geometries))
    broken = ~shapely.is_valid(parts)
    parts[broken] = shapely.make_valid(parts[broken])
    parts = shapely.get_parts(shapely.get_parts(parts))  # repairing may give nested collections
    return _array(parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & (shapely.area(parts) > 0)])


def _union(polygons: Polygons) -> shapely.Geometry | None:
    return shapely.union_all(polygons) if len(polygons) else None


def _cut(polygons: Polygons, tile: shapely.Geometry | None, ignored: shapely.Geometry | None) -> Polygons:
    """Cut polygons to the labelled area; those inside it keep their exact vertices."""
    if tile is not None:
        shapely.prepare(tile)
        across = ~shapely.covers(tile, polygons)
        polygons[across] = shapely.intersection(polygons[across], tile)
    if ignored is not None:
        shapely.prepare(ignored)
        across = shapely.intersects(ignored, polygons) & ~shapely.touches(ignored, polygons)
        polygons[across] = shapely.difference(polygons[across], ignored)
    return _polygons_of(polygons)


def _array(geometries: Sequence[shapely.Geometry]) -> Polygons:
    return np.array(geometries, dtype=object)


def _file(source: str) -> Path:
    return Path(source.split("|")[0])
