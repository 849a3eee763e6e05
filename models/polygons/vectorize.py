"""Vectorization of class scores: shared edges, true areas and confidence, block by block, joined across seams."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import shapely

from ..arrays.grid import Window
from ..arrays.score_maps import UNLABELLED, Mask
from ..arrays.tiles import tiles
from ..errors import RefinerError
from ..io.crs import areas_m2, pixel_size_m
from ..io.files import resolve_path
from ..io.raster_reader import GridReader
from ..io.raster_writer import RasterWriter
from ..io.score_raster import ScoreRaster
from ..io.tile_store import TileStore
from ..io.vrt import BandSchema, VrtSource, write_vrt
from ..runtime.dask_cluster import map_blocks
from ..runtime.progress import ProgressCallback, sub_progress
from ..shared.conventions import CLASS_FIELD
from .files import ClassPolygons, merge_polygons
from .seams import groups, join
from .shared_vertices import to_map
from .sieve import sieve_classes
from .trace_block import (
    CLASSES_FOLDER,
    TRACE_BLOCK_PX,
    BlockTracing,
    PolygonParts,
    choose_classes,
    read_parts,
    trace_block,
)

TRACED_PX = 3072  # px, blocks traced at once; polygons take 20 times the memory of pixels


@dataclass(frozen=True)
class PolygonOptions:
    """Options of the vectorization."""

    min_area_m2: float = 0.0  # smaller parts go to their largest neighbour
    tolerance_m: float = 0.0  # of the simplification, in true metres; 0: along the pixels
    background: bool = False  # whether to write the first class too


@dataclass(frozen=True)
class Workplace:
    """The temporary folder and the Dask scheduler for the blocks."""

    folder: Path | None = None  # parent of the temporary results; every Dask worker must be able to access it
    scheduler: str | None = None  # of a Dask cluster; None: run locally


def vectorize(
    scores: ScoreRaster, outline: PolygonOptions, progress: ProgressCallback = lambda _: None
) -> ClassPolygons:
    """Vectorize a score raster as `stream_polygons` does, and return all polygons."""
    return merge_polygons(stream_polygons(scores, outline, Workplace(), progress))


def stream_polygons(
    scores: ScoreRaster, outline: PolygonOptions, workplace: Workplace, progress: ProgressCallback
) -> Iterator[ClassPolygons]:
    """Vectorize a score raster without gaps or overlaps; yield the completed polygons of each row of blocks.

    All classes are traced along the pixels at once and simplified as one coverage, so that neighbours still share their
    edges; only then is the background dropped. Memory holds a block, and polygons that reach from one row of blocks
    into the next; with a minimum area also a few bytes per pixel.

    Raises:
        RefinerError: if an area or tolerance in metres is given and the raster has no CRS.
    """
    pixel = pixel_size_m(scores.grid)
    if pixel is None and (outline.min_area_m2 or outline.tolerance_m):
        raise RefinerError("The scores have no CRS, so no area or tolerance in metres can be kept; leave both at 0.")
    tolerance_px = outline.tolerance_m / pixel if pixel else 0.0
    fewest = math.ceil(outline.min_area_m2 / pixel**2 - 1e-6) if pixel else 0
    blocks = [tile.core for tile in tiles(scores.grid.height, scores.grid.width, TRACED_PX, 0)]
    with tempfile.TemporaryDirectory(prefix=".map_refiner_", dir=workplace.folder) as folder:
        job = BlockTracing(
            str(Path(folder).resolve()),
            resolve_path(scores.path),
            grid=scores.grid,
            kind=scores.kind,
            tolerance_px=tolerance_px,
            background=outline.background,
        )
        _each(partial(choose_classes, job), blocks, workplace, job, sub_progress(progress, 0, 0.4))
        job = replace(job, classes=str(_class_map(job, blocks, fewest)))
        progress(0.5)
        _each(partial(trace_block, job), blocks, workplace, job, sub_progress(progress, 0.5, 0.4))
        for pieces in _rows(job, blocks, sub_progress(progress, 0.9, 0.1)):
            polygons = to_map(pieces.polygons, scores.grid)
            areas = areas_m2(polygons.tolist(), scores.grid.crs)
            yield ClassPolygons(
                tuple(polygons),
                tuple(scores.classes[index] for index in pieces.indices),
                tuple(float(value) for value in pieces.total / np.maximum(pieces.pixels, 1)),
                None if areas is None else tuple(areas),
            )


def _each(
    work: Callable[[Window], None],
    blocks: Sequence[Window],
    workplace: Workplace,
    job: BlockTracing,
    progress: ProgressCallback,
) -> None:
    for n, _ in enumerate(map_blocks(work, blocks, workplace.scheduler, job.folder), start=1):
        progress(n / len(blocks))


def _class_map(job: BlockTracing, blocks: Sequence[Window], fewest: int) -> Path:
    """Write the class raster of all blocks, sieved so that no part has fewer than `fewest` pixels."""
    files, grid = TileStore(job.folder), job.grid
    path = files.folder / "classes.vrt"
    sources = [VrtSource(files.path(CLASSES_FOLDER, block), block, block.width, block.height) for block in blocks]
    write_vrt(path, grid, BandSchema([CLASS_FIELD], UNLABELLED, "Byte"), sources)
    if fewest < 2:
        return path
    target = files.folder / "sieved.tif"
    with GridReader(path) as reader, RasterWriter(target, grid, [CLASS_FIELD], "uint8", UNLABELLED) as writer:
        for strip, classes in sieve_classes(
            lambda window: reader.values([1], window)[0], grid.height, grid.width, fewest
        ):
            for part in tiles(strip.height, strip.width, TRACE_BLOCK_PX, 0):
                writer.write(classes[part.core.slices()][None], part.core.placed(strip))
    return target


def _rows(job: BlockTracing, blocks: Sequence[Window], progress: ProgressCallback) -> Iterator[PolygonParts]:
    """Join the polygons of the blocks row by row; yield those that do not reach the next row."""
    open_ones: list[PolygonParts] = []
    for row in sorted({block.row for block in blocks}):
        here = [block for block in blocks if block.row == row]
        bottom = row + here[0].height
        whole = _joined([*open_ones, *(read_parts(job, block) for block in here)])
        is_open = shapely.bounds(whole.polygons)[:, 3] >= bottom if len(whole.polygons) else np.zeros(0, dtype=bool)
        is_open &= bottom < job.grid.height
        open_ones = [_chosen(whole, is_open)]
        progress(bottom / job.grid.height)
        yield _chosen(whole, ~is_open)


def _chosen(pieces: PolygonParts, which: Mask) -> PolygonParts:
    return PolygonParts(*(getattr(pieces, field.name)[which] for field in fields(PolygonParts)))


def _joined(pieces: Sequence[PolygonParts]) -> PolygonParts:
    """Concatenate polygons, uniting those that belong to one part."""
    polygons, indices, total, pixels, seam = (
        np.concatenate([getattr(piece, field.name) for piece in pieces]) for field in fields(PolygonParts)
    )
    numbers = groups(polygons, indices, seam)
    firsts = np.unique(numbers, return_index=True)[1]
    return PolygonParts(
        join(polygons, numbers),
        indices[firsts],
        np.bincount(numbers, total).astype(np.float64),  # bincount returns integers for empty input
        np.bincount(numbers, pixels).astype(np.float64),
        seam[firsts],
    )
