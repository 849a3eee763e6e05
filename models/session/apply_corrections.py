"""Application of the user's corrections: the shown steps are rewritten, and the next step starts from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..arrays.tiles import tiles
from ..errors import RefinerError
from ..io.raster_reader import GridReader
from ..io.raster_writer import NODATA
from ..runtime.device import TILE_PX
from ..runtime.progress import ProgressCallback, sub_progress
from ..scene.corrections import read_corrections
from .session import Session
from .step_files import StepFiles, StepWriter


def apply_corrections(session: Session, path: str, start: int, progress: ProgressCallback) -> Iterator[StepFiles]:
    """Apply the corrections of a layer, rewrite step `start` and all later steps, and yield each.

    The next step counts as the refiner's first, so that corrections spread as far as from a coarse map.

    Raises:
        LabelError: if the layer holds no corrections; the earlier ones then stay in place.
    """
    if not 0 <= start < len(session.history):
        raise RefinerError(
            "There is no step {start}; the last one is {number}.", start=start, number=len(session.history) - 1
        )
    session.set_corrections(read_corrections(path, session.scene.grid, session.classes), path)
    session.delete_superseded()
    count = len(session.history) - start
    for n, index in enumerate(range(start, len(session.history))):
        step = _rewritten(session, index, sub_progress(progress, n / count, 1 / count))
        session.replace_step(step)
        yield step


def _rewritten(session: Session, index: int, progress: ProgressCallback) -> StepFiles:
    """Rewrite the shown rasters of a step from its state and the corrections."""
    scene, step, count = session.scene, session.history[index], len(session.classes)
    names = replace(session.new_names(index), state=step.state)
    parts = [part.core for part in tiles(scene.grid.height, scene.grid.width, TILE_PX, 0)]
    with (
        GridReader(session.run_dir / step.state) as reader,
        StepWriter(names, session.run_dir, scene.grid, session.classes, scene.pixel_size_m, keep_state=True) as writer,
    ):
        for n, window in enumerate(parts):
            state, _ = reader.read(range(1, count + 1), window)
            writer.write(state, state[0] != NODATA, window, session.corrected(state, window))
            progress((n + 1) / len(parts))
    return writer.step(step.changed, step.milliseconds, step.refiner)
