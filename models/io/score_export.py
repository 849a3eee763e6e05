"""Export of score and class rasters on the grid of the image."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays.grid import Grid
from ..arrays.score_maps import UNLABELLED, Mask, Scores, argmax_classes, probabilities
from ..arrays.tiles import tiles
from ..runtime.progress import ProgressCallback, sub_progress
from .files import refuse_inputs
from .prefetch import WriteBehind, prefetch
from .raster_writer import NODATA, RasterWriter, class_writer, optimize, score_writer
from .score_raster import ScoreRaster

BLOCK_PX = 1024


def write_scores(source: str | Path, grid: Grid, path: str | Path, progress: ProgressCallback) -> None:
    """Write a score raster as probabilities on another grid, resampled if the pixels differ."""
    refuse_inputs(path, source)
    with closing(ScoreRaster(source, grid)) as scores, _draft(path) as draft:
        writer = score_writer(draft, grid, scores.classes, scores.pixel_size_m, compress=False)
        _fill(writer, scores, lambda maps, valid: np.where(valid, probabilities(maps), np.float32(NODATA)), progress)
        optimize(draft, path, sub_progress(progress, 0.6, 0.4))


def write_classes(source: str | Path, grid: Grid, path: str | Path, progress: ProgressCallback) -> None:
    """Write the best class of each pixel of a grid, from a score raster."""
    refuse_inputs(path, source)
    with closing(ScoreRaster(source, grid)) as scores, _draft(path) as draft:
        _fill(class_writer(draft, grid, scores.classes), scores, _best, progress)
        optimize(draft, path, sub_progress(progress, 0.6, 0.4))


def _best(maps: Scores, valid: Mask) -> NDArray[Any]:
    return np.where(valid, argmax_classes(maps), UNLABELLED).astype(np.uint8)[None]


def _fill(
    writer: RasterWriter, scores: ScoreRaster, of: Callable[[Scores, Mask], NDArray[Any]], progress: ProgressCallback
) -> None:
    """Write `of(scores, valid)` window by window."""
    windows = [tile.core for tile in tiles(scores.grid.height, scores.grid.width, BLOCK_PX, 0)]
    with writer, WriteBehind() as behind, closing(prefetch(scores.read, windows)) as reads:
        for n, (window, read) in enumerate(zip(windows, reads, strict=True)):
            behind.do(partial(writer.write, of(*read), window))
            progress(0.6 * (n + 1) / len(windows))


@contextmanager
def _draft(path: str | Path) -> Iterator[Path]:
    """Yield the path of a temporary raster next to the target, and delete it at the end."""
    draft = Path(path).with_name(f".{Path(path).stem}.draft.tif")
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)
