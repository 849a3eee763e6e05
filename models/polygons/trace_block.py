"""From scores to polygons for one block of a class map, locally or on a cluster."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ..arrays.grid import Grid, Window
from ..arrays.score_maps import UNLABELLED, Labels, argmax_classes, probabilities
from ..arrays.tiles import surround, tiles
from ..io.files import write_whole
from ..io.raster_reader import GridReader, environment
from ..io.raster_writer import RasterWriter
from ..io.rasterize import burn, trace
from ..io.score_raster import ScoreEncoding, ScoreRaster
from ..io.tile_store import TileStore
from ..shared.conventions import CLASS_FIELD
from .seams import on_seam
from .shared_vertices import share_vertices

TRACE_BLOCK_PX = 1024  # px, size of the windows in which scores are read
CLASSES_FOLDER, PIECES_FOLDER = "classes", "pieces"  # folders of intermediate results


@dataclass(frozen=True)
class BlockTracing:
    """The job description of all blocks: plain values, and paths that every machine can access."""

    folder: str  # of intermediate results
    scores: str
    grid: Grid
    kind: ScoreEncoding
    tolerance_px: float
    background: bool  # whether to keep the first class
    classes: str = ""  # raster of class indices, once written


@dataclass(frozen=True)
class PolygonParts:
    """Polygons of a block in scene pixels: class, sum of its probability, pixel count, whether on a seam."""

    polygons: NDArray[np.object_]
    indices: NDArray[np.int_]
    total: NDArray[np.float64]
    pixels: NDArray[np.float64]
    seam: NDArray[np.bool_]


def choose_classes(job: BlockTracing, block: Window) -> None:
    """Write a raster of the best class per pixel of a block."""
    path = TileStore(job.folder).path(CLASSES_FOLDER, block)
    with (
        environment(),
        closing(_scores(job)) as scores,
        RasterWriter(path, job.grid.crop(block), [CLASS_FIELD], "uint8", UNLABELLED) as writer,
    ):
        for part in tiles(block.height, block.width, TRACE_BLOCK_PX, 0):
            maps, valid = scores.read(part.core.placed(block))
            writer.write(np.where(valid, argmax_classes(maps), np.uint8(UNLABELLED))[None], part.core)


def trace_block(job: BlockTracing, block: Window) -> None:
    """Trace and simplify a block, and write its polygons; drop an unwanted background to save memory."""
    around = surround(block, job.grid.height, job.grid.width, 1).outer  # neighbours across a seam add vertices too
    with environment(), GridReader(job.classes) as reader:
        classes: Labels = reader.values([1], around)[0]
    traced = trace(np.ascontiguousarray(classes[block.slices(around)]))
    indices = np.array([index for _, index in traced], dtype=int)
    inner = np.array([block.column - around.column, block.row - around.row], dtype=float)
    placed = shapely.transform([polygon for polygon, _ in traced], lambda points: points + inner)
    outer = np.array([around.column, around.row], dtype=float)
    polygons = _array(shapely.transform(share_vertices(placed, classes), lambda points: points + outer))
    with environment(), closing(_scores(job)) as scores:
        total, pixels = _confidence(scores, polygons, indices, block)
    if job.tolerance_px and len(polygons):
        polygons = _simplified(polygons, job.tolerance_px)
    kept = (~shapely.is_empty(polygons)) & ((indices > 0) | job.background)
    _save(job, block, polygons[kept], {"indices": indices[kept], "total": total[kept], "pixels": pixels[kept]})


def _save(
    job: BlockTracing, block: Window, polygons: NDArray[np.object_], values: dict[str, NDArray[np.float64]]
) -> None:
    packed, content = io.BytesIO(), dict(values)
    if len(polygons):
        _, points, (rings, parts) = shapely.to_ragged_array(polygons)
        content |= {"points": points, "rings": rings, "parts": parts}
    np.savez(packed, allow_pickle=False, **content)
    write_whole(_pieces_path(job, block), packed.getvalue())


def read_parts(job: BlockTracing, block: Window) -> PolygonParts:
    """Read the polygons written for a block."""
    path = _pieces_path(job, block)
    with np.load(path, allow_pickle=False) as found:
        polygons = np.array([], dtype=object)
        if "points" in found:
            offsets = (found["rings"], found["parts"])
            polygons = _array(shapely.from_ragged_array(shapely.GeometryType.POLYGON, found["points"], offsets))
        seam = on_seam(polygons, block, job.grid.height, job.grid.width)
        return PolygonParts(polygons, found["indices"], found["total"], found["pixels"], seam)


def _pieces_path(job: BlockTracing, block: Window) -> Path:
    return TileStore(job.folder).path(PIECES_FOLDER, block).with_suffix(".npz")


def _scores(job: BlockTracing) -> ScoreRaster:
    return ScoreRaster(job.scores, job.grid, job.kind)


def _array(polygons: Any) -> NDArray[np.object_]:
    return np.asarray(polygons, dtype=object)


def _confidence(
    scores: ScoreRaster, polygons: NDArray[np.object_], indices: NDArray[np.int_], block: Window
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sum of its class's probability over the pixels of each traced polygon, and the pixel counts.

    The polygons are in scene pixels.
    """
    total = np.zeros(len(polygons) + 1)
    pixels = np.zeros(len(polygons) + 1)
    tree = shapely.STRtree(polygons)
    of_class = np.concatenate([[0], indices])  # the value 0 means no polygon
    for window in tiles(block.height, block.width, TRACE_BLOCK_PX, 0):
        place = window.core.placed(block)
        part = Grid("", (1, 0, place.column, 0, 1, place.row), place.width, place.height)
        near = tree.query(shapely.Polygon(part.corners()))
        numbers = burn([(polygons[m], int(m) + 1) for m in near], part, dtype="int32")
        maps, _ = scores.read(place)
        own = np.take_along_axis(probabilities(maps), of_class[numbers][None], axis=0)[0]
        total += np.bincount(numbers.ravel(), own.ravel(), minlength=total.size)
        pixels += np.bincount(numbers.ravel(), minlength=total.size)
    return total[1:], pixels[1:]


def _simplified(polygons: NDArray[np.object_], tolerance_px: float) -> NDArray[np.object_]:
    """Simplify a coverage; `tolerance_px` is about the square root of the area of removed triangles, in pixels.

    The outlines of the data and of the block stay unchanged, so that the polygons together still cover them exactly.
    """
    return np.asarray(shapely.coverage_simplify(polygons, tolerance_px, simplify_boundary=False), dtype=object)
