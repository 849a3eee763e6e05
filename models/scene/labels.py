"""Labels on a grid, from rasters of class indices or from vector layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely

from ..arrays.grid import Grid, Window
from ..arrays.score_maps import UNLABELLED, Labels
from ..errors import LabelError
from ..io.raster_reader import GridReader
from ..io.rasterize import burn
from ..io.vectors import buffer_lines, polygons, read_shapes
from ..shared.class_source import ClassSource
from ..shared.conventions import BACKGROUND, CLASS_FIELD, CLASSES_TAG, IGNORE_CLASS, TILE_CLASS

RASTER_SUFFIXES = (".tif", ".tiff", ".vrt", ".img", ".png")


def read_labels(path: str, grid: Grid, classes: Sequence[str]) -> Labels:
    """Read labels as class indices on a grid; the file's ending decides between a raster and a vector layer.

    Pixels without a label are `UNLABELLED`.

    Raises:
        LabelError: if the labels cannot be used.
    """
    if Path(path.split("|")[0]).suffix.lower() in RASTER_SUFFIXES:
        return _by_name(raster_labels(path, grid), _stored_names(path), classes, Path(path).name)
    return vector_labels(path, grid, classes)


def _stored_names(path: str) -> list[str]:
    """Return the class names that a class raster stores; empty if it stores none."""
    with GridReader(path) as reader:
        return [name for name in (reader.tag(CLASSES_TAG) or "").split(",") if name]


def _by_name(labels: Labels, names: Sequence[str], classes: Sequence[str], source: str) -> Labels:
    """Convert the indices of a raster that stores class names to those of `classes`.

    Raises:
        LabelError: if a class of the raster is not among them.
    """
    if not names or tuple(names) == tuple(classes):
        return labels
    lookup = np.full(UNLABELLED + 1, UNLABELLED, dtype=np.uint8)
    for index in np.unique(labels[labels != UNLABELLED]).tolist():
        name = names[index] if index < len(names) else f"class {index}"
        if name not in classes:
            raise LabelError(
                "{source} has pixels of class {name!r}; the classes here are {classes}.",
                source=source,
                name=name,
                classes=", ".join(classes),
            )
        lookup[index] = list(classes).index(name)
    return lookup[labels]


def raster_labels(path: str, grid: Grid) -> Labels:
    """Read a raster of class indices on a grid; NoData, 255 and pixels outside the raster are unlabelled."""
    with GridReader(path, grid, "nearest") as reader:
        values, valid = reader.read([1], Window(0, 0, grid.height, grid.width))
        if reader.nodata is not None:
            valid &= values[0] != reader.nodata
    known = values[0][valid]
    if known.size and (known.min() < 0 or known.max() > UNLABELLED or (known != np.floor(known)).any()):
        raise LabelError(
            "{name} holds values from {min} to {max}; labels are whole class indices from 0, and 255 for unlabelled.",
            name=Path(path).name,
            min=known.min(),
            max=known.max(),
        )
    return np.where(valid, values[0], UNLABELLED).astype(np.uint8)


def vector_labels(path: str, grid: Grid, classes: Sequence[str]) -> Labels:
    """Burn a digitized layer; pixels of its `tile` polygons without a class become the first class, the background.

    Without a `tile` polygon only the polygons themselves are labelled. Lines get the usual width of a road.
    """
    shapes = read_shapes(path, grid, CLASS_FIELD)
    by_class: dict[str, list[shapely.Geometry]] = {}
    for geometry, name in zip(shapes.geometries, shapes.classes or (), strict=True):
        is_line = geometry.geom_type in ("LineString", "MultiLineString")
        area = buffer_lines([geometry], grid)[0] if is_line else shapely.make_valid(geometry)
        by_class.setdefault(name, []).append(area)
    if nameless := len(by_class.get("", ())):
        raise LabelError(
            "{name} has {nameless} features without a class in the field {field!r}; fill them in or delete them.",
            name=Path(path.split("|")[0]).name,
            nameless=nameless,
            field=CLASS_FIELD,
        )
    unknown = sorted(set(by_class) - {*classes, TILE_CLASS, IGNORE_CLASS})
    if unknown:
        found = ", ".join(repr(name) for name in unknown[:5])
        raise LabelError(
            "{name} has polygons of class {found}; the classes here are {classes}, and {tile!r} and "
            "{ignore!r} for outlines.",
            name=Path(path.split("|")[0]).name,
            found=found,
            classes=", ".join(classes),
            tile=TILE_CLASS,
            ignore=IGNORE_CLASS,
        )
    burnt = [(geometry, 0) for geometry in by_class.get(TILE_CLASS, [])]
    burnt += [(geometry, k) for k, name in enumerate(classes) for geometry in by_class.get(name, [])]
    outside = burn([(geometry, 1) for geometry in by_class.get(TILE_CLASS, [])], grid) == 0
    labels: Labels = burn(
        burnt + [(geometry, UNLABELLED) for geometry in by_class.get(IGNORE_CLASS, [])], grid, UNLABELLED
    )
    return np.where(outside, UNLABELLED, labels).astype(np.uint8) if by_class.get(TILE_CLASS) else labels


def named_labels(path: str, grid: Grid) -> tuple[Labels, tuple[str, ...]]:
    """Read labels with their own classes: polygons or points with a field `class`, or a raster of indices.

    Returns:
        Class indices on the grid, and the names of the classes: first the background, which may have no pixels,
        then the others in alphabetical order; for a raster its own names, or numbers.

    Raises:
        LabelError: if the labels cannot be used.
    """
    if Path(path.split("|")[0]).suffix.lower() in RASTER_SUFFIXES:
        labels = raster_labels(path, grid)
        names = _stored_names(path)
        count = int(labels[labels != UNLABELLED].max(initial=1)) + 1
        return labels, (*names, *(f"class {k}" if k else BACKGROUND for k in range(len(names), count)))
    found = {name for name in read_shapes(path, grid, CLASS_FIELD).classes or () if name} - {TILE_CLASS, IGNORE_CLASS}
    if not found:
        name = Path(path.split("|")[0]).name
        raise LabelError(
            "No polygon or point of {name} has a class in the field {field!r}.", name=name, field=CLASS_FIELD
        )
    classes = (BACKGROUND, *sorted(found - {BACKGROUND}))
    return vector_labels(path, grid, classes), classes


def burn_sources(sources: Sequence[ClassSource], grid: Grid) -> tuple[Labels, tuple[str, ...]]:
    """Burn vector layers, one class each, over a background; later layers cover earlier ones.

    Returns:
        Class indices on the grid, and the names of the classes with the background first.
    """
    names = list(dict.fromkeys(source.name for source in sources))
    if not names:
        raise LabelError("No class is given; a coarse net needs at least one, such as building.")
    classes = (BACKGROUND, *(name for name in names if name != BACKGROUND))
    shapes = [
        (shape, classes.index(source.name))
        for source in sources
        for shape in polygons(source.path, grid, source.width_m)
    ]
    labels: Labels = burn(shapes, grid)
    for k, name in enumerate(classes[1:], start=1):
        if not (labels == k).any():
            raise LabelError(
                "No {name} of the vector layers lies within the scene; check their CRS and their extent.", name=name
            )
    return labels, classes
