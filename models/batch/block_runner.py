"""Computation of one block of a scene, from input files to output files, on one machine or on a cluster.

A block is the unit of finished work. It is computed in tiles that fit the memory of the device, with prefetch and
write-behind; the result does not depend on the tiles.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..arrays.grid import Window
from ..arrays.score_maps import Scores
from ..arrays.tiles import Tile, surround, tiles
from ..io.raster_reader import environment
from ..io.raster_writer import NODATA, RasterWriter, optimize, score_writer
from ..io.tile_store import TileStore
from ..runtime.device import choose_device, tile_side
from ..scene.scene import Scene
from ..tiling.memory_fallback import MemoryFallback
from ..tiling.refine_tile import count_changed
from ..tiling.tile_loop import TileResult, run_tiles, timed
from .job import BlockOutcome, Job, kind_of
from .tile_tasks import ClassifyTask, RefineTask, TilePixels, TileTask


class BlockRunner:
    """Scene, model and device for the blocks of a job, opened once per thread."""

    def __init__(self, job: Job) -> None:
        """Open the scene and the model."""
        self.job = job
        device = choose_device(job.device)
        self.scene = Scene(job.image, job.bands, None, job.pixel_size_m, job.statistics)
        self.task: TileTask = (RefineTask if job.scores else ClassifyTask)(job, self.scene, device)
        self.memory = MemoryFallback(device, self.scene.affordable(self.task.side(tile_side(device))))

    def around(self, core: Window) -> Tile:
        """Return the tile made up of a core window and the halo around it."""
        return surround(core, self.scene.grid.height, self.scene.grid.width, self.task.total_halo)

    def compute(self, tile: Tile, pixels: TilePixels) -> list[Scores]:
        """Compute a tile; if the device runs out of memory, retry with smaller tiles and then on the CPU."""
        side = max(tile.core.height, tile.core.width)

        def compute() -> list[Scores]:
            return self.task.compute(tile, pixels) if side <= self.memory.side else self._in_parts(tile, pixels)

        return self.memory.run(compute, self.task.to, side)

    def _in_parts(self, tile: Tile, pixels: TilePixels) -> list[Scores]:
        core = tile.core
        found: list[Scores] = []
        for part in tiles(core.height, core.width, self.memory.side, 0):
            window = part.core
            inside = self.around(
                Window(core.row + window.row, core.column + window.column, window.height, window.width)
            )
            maps = self.task.compute(inside, self.task.part(tile, pixels, inside))
            if not found:
                found = [np.empty((len(each), core.height, core.width), dtype=np.float32) for each in maps]
            for whole, each in zip(found, maps, strict=True):
                rows, columns = window.slices()
                whole[:, rows, columns] = each
        return found


_own = threading.local()  # one runner per thread: open rasters cannot be shared


def run_block(job: Job, block: Window) -> dict[str, Any]:
    """Compute a block of a job, write its tile files, and return its `BlockOutcome` as plain values."""
    with environment():
        runner = getattr(_own, "runner", None)
        if runner is None or runner.job != job:
            release()
            runner = _own.runner = BlockRunner(job)
        outcome = asdict(_run(runner, job, block))
        TileStore(job.folder).finish(block, job.first, outcome)
        return outcome


def release() -> None:
    """Close the scene and the model of this thread's last job."""
    runner = getattr(_own, "runner", None)
    if runner is not None:
        runner.task.close()
        runner.scene.close()
        _own.runner = None


def _run(runner: BlockRunner, job: Job, block: Window) -> BlockOutcome:
    cores = [_moved(part.core, block) for part in tiles(block.height, block.width, runner.memory.side, 0)]
    classes = len(job.classes)

    def compute(tile: Tile, found: TilePixels) -> TileResult:
        states, milliseconds = timed(lambda: runner.compute(tile, found))
        valid = found.valid[tile.core.slices(found.window)]
        compared = states if found.before is None else [found.before, *states]
        return TileResult(states, valid, count_changed(compared, valid, classes), milliseconds)

    with _Writers(runner, block) as writers:
        totals = run_tiles([runner.around(core) for core in cores], runner.task.read, compute, writers.write)
    notices = tuple(runner.memory.notices)
    runner.memory.notices.clear()
    return BlockOutcome(totals.pixels, totals.changed, totals.milliseconds, notices)


def _moved(core: Window, block: Window) -> Window:
    return Window(block.row + core.row, block.column + core.column, core.height, core.width)


class _Writers:
    """Writer of the tile files of a block: one raster of probabilities per step, and the state if the job keeps it."""

    def __init__(self, runner: BlockRunner, block: Window) -> None:
        job, here, pixel_size_m = runner.job, runner.scene.grid.crop(block), runner.scene.pixel_size_m
        files, self._block, self._job = TileStore(job.folder), block, job
        self._steps = [n for n, step in enumerate(job.steps) if step in job.wanted]
        self._paths = [files.path(kind_of(job.steps[n]), block) for n in self._steps]
        self._state: RasterWriter | None = None
        with ExitStack() as opened:
            writers = [score_writer(self._draft(path), here, job.classes, pixel_size_m, False) for path in self._paths]
            self._writers = [opened.enter_context(writer) for writer in writers]
            if job.keeps_state:
                path = files.path(kind_of(job.last, state=True), block)
                bands = [f"channel {n + 1}" for n in range(runner.task.channels)]
                self._state = opened.enter_context(score_writer(path, here, bands, pixel_size_m, False))
            self._files = opened.pop_all()

    def _draft(self, path: Path) -> Path:
        return path.with_suffix(".draft.tif") if self._job.lasting else path

    def write(self, tile: Tile, result: TileResult) -> None:
        """Write a computed tile."""
        states, valid, core = result.states, result.valid, tile.core
        window = Window(core.row - self._block.row, core.column - self._block.column, core.height, core.width)
        nodata = np.float32(NODATA)
        for writer, n in zip(self._writers, self._steps, strict=True):
            maps = torch.softmax(torch.from_numpy(states[n][: len(self._job.classes)]), dim=0).numpy()
            writer.write(np.where(valid, maps, nodata), window)
        if self._state is not None:
            self._state.write(np.where(valid, states[-1], nodata), window)

    def __enter__(self) -> _Writers:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._files.__exit__(kind, error, trace)
        if kind is None and self._job.lasting:
            for path in self._paths:
                optimize(self._draft(path), path, lambda _: None)
                self._draft(path).unlink()
