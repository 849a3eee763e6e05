"""Finished tiles of the current step of a large scene, from which an interrupted step resumes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays.grid import Grid, Window
from ..arrays.tiles import Tile, count, tiles
from ..errors import OutputError
from ..io.files import require_space
from ..io.raster_reader import GridReader
from ..io.raster_writer import NODATA, score_writer
from ..io.tile_store import TileStore, plain
from ..io.vrt import BandSchema, VrtSource, write_vrt
from ..tiling.tile_loop import TileResult

UNFINISHED_FOLDER = ".unfinished"  # in the folder of a run, which computes one step at a time
OF_KEY, STEP_KEY, SIDE_KEY = "of", "step", "tile"  # keys of the manifest


@dataclass(frozen=True)
class KeptTiles:
    """Progress of an interrupted step."""

    step: int
    finished: int  # tiles
    tiles: int  # in all


class StateTiles:
    """Store of the state tiles of the current step."""

    def __init__(
        self, run_dir: Path, grid: Grid, channels: int, step: int, side: int, halo: int, manifest: Mapping[str, Any]
    ) -> None:
        """Reuse finished tiles whose manifest equals `manifest`; delete all others.

        Smaller tiles are reused as they are, because memory may have been short when they were made.
        """
        self._run_dir, self._grid, self._step = run_dir, grid, step
        self._bands = [f"channel {n + 1}" for n in range(channels)]
        self._files, of = TileStore(run_dir / UNFINISHED_FOLDER), plain({**manifest, STEP_KEY: step})
        begun = self._files.manifest()
        if isinstance(begun, dict) and begun.get(OF_KEY) == of and 0 < begun[SIDE_KEY] <= side:
            side = begun[SIDE_KEY]
        self.parts = list(tiles(grid.height, grid.width, side, halo))
        self._files.start({OF_KEY: of, SIDE_KEY: side}, resume=True)
        finished = sum(self._files.finished(part.core, 0) is not None for part in self.parts)
        self.kept = KeptTiles(step, finished, len(self.parts))
        left = (len(self.parts) - finished) * grid.width * grid.height // len(self.parts)
        require_space(run_dir, 4 * channels * left)

    def read(self, tile: Tile) -> TileResult | None:
        """Return a finished tile, or None if it is not finished."""
        core, record = tile.core, self._files.finished(tile.core, 0)
        if record is None:
            return None
        with GridReader(self._files.path("state", core)) as reader:
            state, _ = reader.read(range(1, len(self._bands) + 1), Window(0, 0, core.height, core.width))
        changed = (int(record["flips"]),) if self._step else ()  # the coarse map changes nothing
        return TileResult([state], state[0] != NODATA, changed, float(record["milliseconds"]))

    def write(self, result: TileResult, core: Window) -> None:
        """Write a tile and record that it is finished, unless it is finished already."""
        if self._files.finished(core, 0) is not None:
            return
        with score_writer(self._files.path("state", core), self._grid.crop(core), self._bands, None, False) as writer:
            writer.write(
                np.where(result.valid, result.states[0], np.float32(NODATA)), Window(0, 0, core.height, core.width)
            )
        self._files.finish(core, 0, {"flips": sum(result.changed), "milliseconds": result.milliseconds})

    def drop(self) -> None:
        """Delete the tiles."""
        self._files.clear()

    def publish(self, name: str) -> None:
        """Publish the complete tiles as a raster of this name (*.vrt) in the folder of the run."""
        folder = (self._run_dir / name).with_suffix("")
        try:
            os.replace(self._files.folder, folder)
        except OSError as error:
            raise OutputError(
                "{folder} cannot be written: {value}.", folder=folder, value=error.strerror or error
            ) from error
        files = TileStore(folder)
        files.forget()
        sources = [
            VrtSource(files.path("state", core), core, core.width, core.height)
            for core in (part.core for part in self.parts)
        ]
        write_vrt(self._run_dir / name, self._grid, BandSchema(self._bands, NODATA), sources)


def kept_tiles(run_dir: Path, grid: Grid) -> KeptTiles | None:
    """Return the progress of a run's interrupted step, or None if there is none."""
    files = TileStore(run_dir / UNFINISHED_FOLDER)
    manifest = files.manifest()
    try:
        step, side = int(manifest[OF_KEY][STEP_KEY]), int(manifest[SIDE_KEY])
    except (TypeError, KeyError, ValueError):
        return None
    finished = files.count()
    return KeptTiles(step, finished, count(grid.height, grid.width, side)) if finished and side > 0 else None
