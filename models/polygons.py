"""From class scores to polygons: shared edges, true areas, confidence, written whole."""

from __future__ import annotations

import math
import os
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError

from .coarse.existing import ExistingScores
from .coverage import on_map, share_vertices
from .errors import OutputError, RefinerError
from .ground import areas_m2, pixel_size_m
from .progress import Watch, share
from .rasters import burn, sieve, trace
from .score_maps import UNLABELLED, Grid, Labels, Window, probabilities
from .seams import groups, join, on_seam
from .tile_step import best_classes
from .tiles import tiles

DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON"}
SIDECARS = (".qix", ".sbn", ".sbx", ".cpg", ".prj")  # of a shapefile, that a new one may not have
LOGS = ("-wal", "-shm", "-journal")  # of a GeoPackage that was left open
BLOCK = 1024  # px, of the windows in which scores are read
TRACED = 3072  # px, of the blocks that are traced at once: polygons take 20 times the memory of pixels


@dataclass(frozen=True)
class Outline:
    """How polygons are made."""

    min_area_m2: float = 0.0  # smaller parts go to their largest neighbour
    tolerance_m: float = 0.0  # of the simplification on the ground; 0: along the pixels
    background: bool = False  # whether the first class is written too


@dataclass(frozen=True)
class ClassPolygons:
    """The polygons of a class map, in the CRS of its grid."""

    polygons: tuple[shapely.Polygon, ...]
    classes: tuple[str, ...]  # of each polygon
    confidence: tuple[float, ...]  # mean probability (0-1) of its class over its pixels
    areas_m2: tuple[float, ...] | None  # on the ellipsoid; None where the CRS is unknown


def vectorize(scores: ExistingScores, outline: Outline, watch: Watch = lambda _: None) -> ClassPolygons:
    """Turn score maps into polygons without gaps or overlaps.

    All classes are traced along the pixels at once and simplified as one coverage, so that neighbours keep sharing
    their edges; only then is the background left out.

    Raises:
        RefinerError: where a size in metres is wanted and the raster has no CRS.
    """
    grid = scores.grid
    pixel = pixel_size_m(grid)
    if pixel is None and (outline.min_area_m2 or outline.tolerance_m):
        raise RefinerError("The scores have no CRS, so no area or tolerance in metres can be kept; leave both at 0.")
    classes = _class_indices(scores, share(watch, 0, 0.4))
    if pixel is not None:
        classes = sieve(classes, math.ceil(outline.min_area_m2 / pixel**2 - 1e-6))
    watch(0.5)
    tolerance_px = outline.tolerance_m / pixel if pixel else 0.0
    pieces, blocks = [], [tile.core for tile in tiles(grid.height, grid.width, TRACED, 0)]
    for n, block in enumerate(blocks):
        watch_block = share(watch, 0.5 + 0.4 * n / len(blocks), 0.4 / len(blocks))
        pieces.append(_pieces(scores, classes, block, tolerance_px, outline.background, watch_block))
    whole = _joined(pieces)
    watch(0.95)
    polygons = on_map(whole.polygons, grid)
    areas = areas_m2(polygons.tolist(), grid.crs)
    return ClassPolygons(
        tuple(polygons),
        tuple(scores.classes[index] for index in whole.indices),
        tuple(float(value) for value in whole.total / np.maximum(whole.pixels, 1)),
        None if areas is None else tuple(areas),
    )


@dataclass(frozen=True)
class _Pieces:
    """Polygons of a block, in pixels of the whole: class, sum of its probability, pixels, whether on a seam."""

    polygons: NDArray[np.object_]
    indices: NDArray[np.int_]
    total: NDArray[np.float64]
    pixels: NDArray[np.float64]
    seam: NDArray[np.bool_]


def _pieces(
    scores: ExistingScores, classes: Labels, block: Window, tolerance_px: float, background: bool, watch: Watch
) -> _Pieces:
    """Trace and simplify one block; only the classes that are wanted are kept, for memory."""
    part = np.ascontiguousarray(classes[block.slices()])
    traced = trace(part)
    indices = np.array([index for _, index in traced], dtype=int)
    shift = np.array([block.column, block.row], dtype=float)
    placed = shapely.transform([polygon for polygon, _ in traced], lambda points: points + shift)
    polygons = share_vertices(placed, classes)  # also those of the neighbours across a seam
    total, pixels = _confidence(scores, polygons, indices, block, watch)
    if tolerance_px and len(polygons):
        polygons = _simplified(polygons, tolerance_px)
    kept = (~shapely.is_empty(polygons)) & ((indices > 0) | background)
    polygons = polygons[kept]
    return _Pieces(polygons, indices[kept], total[kept], pixels[kept], on_seam(polygons, block, *classes.shape))


def _joined(pieces: Sequence[_Pieces]) -> _Pieces:
    """Put the pieces of all blocks together, those of one part united."""
    polygons, indices, total, pixels, seam = (
        np.concatenate([getattr(piece, field.name) for piece in pieces]) for field in fields(_Pieces)
    )
    numbers = groups(polygons, indices, seam)
    firsts = np.unique(numbers, return_index=True)[1]
    return _Pieces(
        join(polygons, numbers),
        indices[firsts],
        np.bincount(numbers, total).astype(np.float64),  # of nothing, it counts in whole numbers
        np.bincount(numbers, pixels).astype(np.float64),
        seam[firsts],
    )


def _class_indices(scores: ExistingScores, watch: Watch) -> Labels:
    grid = scores.grid
    classes = np.full((grid.height, grid.width), UNLABELLED, dtype=np.uint8)
    windows = [tile.core for tile in tiles(grid.height, grid.width, BLOCK, 0)]
    for n, window in enumerate(windows):
        maps, valid = scores.read(window)
        classes[window.slices()] = np.where(valid, best_classes(maps), UNLABELLED)
        watch((n + 1) / len(windows))
    return classes


def _confidence(
    scores: ExistingScores, polygons: NDArray[np.object_], indices: NDArray[np.int_], block: Window, watch: Watch
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sum of the probability of its class over the pixels of each polygon, as traced, and their number.

    The polygons are in pixels of the whole.
    """
    total = np.zeros(len(polygons) + 1)
    pixels = np.zeros(len(polygons) + 1)
    tree = shapely.STRtree(polygons)
    of_class = np.concatenate([[0], indices])  # the value 0 is no polygon
    windows = [tile.core for tile in tiles(block.height, block.width, BLOCK, 0)]
    for n, window in enumerate(windows):
        place = Window(block.row + window.row, block.column + window.column, window.height, window.width)
        part = Grid("", (1, 0, place.column, 0, 1, place.row), place.width, place.height)
        near = tree.query(shapely.Polygon(part.corners()))
        numbers = burn([(polygons[m], int(m) + 1) for m in near], part, dtype="int32")
        maps, _ = scores.read(place)
        own = np.take_along_axis(probabilities(maps), of_class[numbers][None], axis=0)[0]
        total += np.bincount(numbers.ravel(), own.ravel(), minlength=total.size)
        pixels += np.bincount(numbers.ravel(), minlength=total.size)
        watch((n + 1) / len(windows))
    return total[1:], pixels[1:]


def _simplified(polygons: NDArray[np.object_], tolerance_px: float) -> NDArray[np.object_]:
    """Simplify a coverage by a tolerance in pixels; the simplification is by area, so the tolerance is its root.

    The outline of what has data, and of a block, stays as it is, so that all polygons together cover just that.
    """
    return np.asarray(shapely.coverage_simplify(polygons, tolerance_px, simplify_boundary=False), dtype=object)


def write(found: ClassPolygons, path: str | Path, crs: str) -> str:
    """Write polygons with the fields class, confidence and area_m2; the format is the ending's.

    GeoJSON is written in WGS 84, as its standard asks. The file appears whole or not at all.

    Returns:
        A sentence to pass on, empty where there is nothing to say.

    Raises:
        OutputError: for an unknown ending, or a place that cannot be written.
    """
    path = Path(path)
    driver = DRIVERS.get(path.suffix.lower())
    if driver is None:
        raise OutputError(f"{path.name} should end in one of {', '.join(DRIVERS)}.")
    if not path.parent.is_dir():
        raise OutputError(f"There is no folder {path.parent}.")
    try:
        with tempfile.TemporaryDirectory(prefix=".map_refiner_", dir=path.parent) as folder:
            _write(found, Path(folder) / f"{path.stem}{path.suffix.lower()}", driver, crs)
            _replace(Path(folder), path)
    except (OSError, DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise OutputError(f"{path} cannot be written: {error}. Is it open elsewhere, or the disk full?") from error
    return "" if found.areas_m2 else "The scene has no CRS, so the polygons have no area in square metres."


def _replace(folder: Path, path: Path) -> None:
    """Move what was written in a folder to where it belongs, in place of a layer that may be there.

    A *.shp is the first to go and the last to come, so that it never lies beside parts or indices of another.
    """
    stale = [path.with_name(path.name + ending) for ending in LOGS]
    if path.suffix.lower() == ".shp":
        stale += [path, *(path.with_suffix(ending) for ending in SIDECARS)]
    for old in stale:
        old.unlink(missing_ok=True)
    for part in sorted(folder.iterdir(), key=lambda part: part.suffix == path.suffix.lower()):
        os.replace(part, path if part.suffix == path.suffix.lower() else path.parent / part.name)


def _write(found: ClassPolygons, path: Path, driver: str, crs: str) -> None:
    areas: Sequence[float] = found.areas_m2 or [np.nan] * len(found.polygons)
    options = {"RFC7946": "YES", "WRITE_NAME": "NO"} if driver == "GeoJSON" else {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'crs' was not provided")  # the analyst is told in words
        pyogrio.raw.write(
            path,
            geometry=shapely.to_wkb(np.array(found.polygons, dtype=object)),
            field_data=[
                np.array(found.classes, dtype=object),
                np.round(np.array(found.confidence, dtype=np.float64), 4),
                np.round(np.array(areas, dtype=np.float64), 2),
            ],
            fields=["class", "confidence", "area_m2"],
            geometry_type="Polygon",
            driver=driver,
            crs=crs or None,
            encoding="UTF-8",
            layer_options=options,
        )
