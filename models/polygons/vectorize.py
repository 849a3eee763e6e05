"""From class scores to polygons: shared edges, true areas, confidence; block by block, joined across the seams."""

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
from ..io.files import located
from ..io.raster_reader import GridReader
from ..io.raster_writer import RasterWriter
from ..io.score_raster import ExistingScores
from ..io.tile_store import TileFiles
from ..io.vrt import Look, Source, write_mosaic
from ..runtime.dask_cluster import each
from ..runtime.progress import Watch, share
from .files import ClassPolygons, together
from .seams import groups, join
from .shared_vertices import on_map
from .sieve import sieved
from .trace_block import BLOCK, CLASSES, Pieces, Tracing, choose_classes, read_pieces, trace_block

TRACED = 3072  # px, of the blocks that are traced at once: polygons take 20 times the memory of pixels


@dataclass(frozen=True)
class Outline:
    """How polygons are made."""

    min_area_m2: float = 0.0  # smaller parts go to their largest neighbour
    tolerance_m: float = 0.0  # of the simplification on the ground; 0: along the pixels
    background: bool = False  # whether the first class is written too


@dataclass(frozen=True)
class Place:
    """Where the work is done."""

    folder: Path | None = None  # for what is made of the blocks, and goes again; all workers must see it
    scheduler: str | None = None  # of a Dask cluster; None: here


def vectorize(scores: ExistingScores, outline: Outline, watch: Watch = lambda _: None) -> ClassPolygons:
    """Turn score maps into polygons as `stream` does, and return all of them."""
    return together(stream(scores, outline, Place(), watch))


def stream(scores: ExistingScores, outline: Outline, place: Place, watch: Watch) -> Iterator[ClassPolygons]:
    """Turn score maps into polygons without gaps or overlaps; yield those of each row of blocks, once they are whole.

    All classes are traced along the pixels at once and simplified as one coverage, so that neighbours keep sharing
    their edges; only then is the background left out. In memory are a block, and what reaches from one row of blocks to
    the next; where a smallest area is asked for, a few bytes a pixel as well.

    Raises:
        RefinerError: where a size in metres is wanted and the raster has no CRS.
    """
    pixel = pixel_size_m(scores.grid)
    if pixel is None and (outline.min_area_m2 or outline.tolerance_m):
        raise RefinerError("The scores have no CRS, so no area or tolerance in metres can be kept; leave both at 0.")
    tolerance_px = outline.tolerance_m / pixel if pixel else 0.0
    fewest = math.ceil(outline.min_area_m2 / pixel**2 - 1e-6) if pixel else 0
    blocks = [tile.core for tile in tiles(scores.grid.height, scores.grid.width, TRACED, 0)]
    with tempfile.TemporaryDirectory(prefix=".map_refiner_", dir=place.folder) as folder:
        job = Tracing(str(Path(folder).resolve()), located(scores.path), scores.grid, scores.kind, tolerance_px,
                      outline.background)  # fmt: skip
        _each(partial(choose_classes, job), blocks, place, job, share(watch, 0, 0.4))
        job = replace(job, classes=str(_class_map(job, blocks, fewest)))
        watch(0.5)
        _each(partial(trace_block, job), blocks, place, job, share(watch, 0.5, 0.4))
        for pieces in _rows(job, blocks, share(watch, 0.9, 0.1)):
            polygons = on_map(pieces.polygons, scores.grid)
            areas = areas_m2(polygons.tolist(), scores.grid.crs)
            yield ClassPolygons(
                tuple(polygons),
                tuple(scores.classes[index] for index in pieces.indices),
                tuple(float(value) for value in pieces.total / np.maximum(pieces.pixels, 1)),
                None if areas is None else tuple(areas),
            )


def _each(work: Callable[[Window], None], blocks: Sequence[Window], place: Place, job: Tracing, watch: Watch) -> None:
    for n, _ in enumerate(each(work, blocks, place.scheduler, job.folder), start=1):
        watch(n / len(blocks))


def _class_map(job: Tracing, blocks: Sequence[Window], fewest: int) -> Path:
    """Make a raster of the classes of all blocks, in which no part has fewer pixels than are wanted."""
    files, grid = TileFiles(job.folder), job.grid
    path = files.folder / "classes.vrt"
    sources = [Source(files.path(CLASSES, block), block, block.width, block.height) for block in blocks]
    write_mosaic(path, grid, Look(["class"], UNLABELLED, "Byte"), sources)
    if fewest < 2:
        return path
    target = files.folder / "sieved.tif"
    with GridReader(path) as reader, RasterWriter(target, grid, ["class"], "uint8", UNLABELLED) as writer:
        for strip, classes in sieved(lambda window: reader.values([1], window)[0], grid.height, grid.width, fewest):
            for part in tiles(strip.height, strip.width, BLOCK, 0):
                writer.write(classes[part.core.slices()][None], part.core.placed(strip))
    return target


def _rows(job: Tracing, blocks: Sequence[Window], watch: Watch) -> Iterator[Pieces]:
    """Join the pieces of the blocks row by row; yield those that reach no row to come."""
    open_ones: list[Pieces] = []
    for row in sorted({block.row for block in blocks}):
        here = [block for block in blocks if block.row == row]
        bottom = row + here[0].height
        whole = _joined([*open_ones, *(read_pieces(job, block) for block in here)])
        is_open = shapely.bounds(whole.polygons)[:, 3] >= bottom if len(whole.polygons) else np.zeros(0, dtype=bool)
        is_open &= bottom < job.grid.height
        open_ones = [_chosen(whole, is_open)]
        watch(bottom / job.grid.height)
        yield _chosen(whole, ~is_open)


def _chosen(pieces: Pieces, which: Mask) -> Pieces:
    return Pieces(*(getattr(pieces, field.name)[which] for field in fields(Pieces)))


def _joined(pieces: Sequence[Pieces]) -> Pieces:
    """Put pieces together, those of one part united."""
    polygons, indices, total, pixels, seam = (
        np.concatenate([getattr(piece, field.name) for piece in pieces]) for field in fields(Pieces)
    )
    numbers = groups(polygons, indices, seam)
    firsts = np.unique(numbers, return_index=True)[1]
    return Pieces(
        join(polygons, numbers),
        indices[firsts],
        np.bincount(numbers, total).astype(np.float64),  # of nothing, it counts in whole numbers
        np.bincount(numbers, pixels).astype(np.float64),
        seam[firsts],
    )
