"""The state of a step of a large scene, tile by tile: what a step that was broken off goes on from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays.grid import Grid, Window
from ..arrays.score_maps import Mask, Scores
from ..arrays.tiles import Tile, count, tiles
from ..errors import OutputError
from ..io.files import require_space
from ..io.raster_reader import GridReader
from ..io.raster_writer import NODATA, score_writer
from ..io.tile_store import TileStore, plain
from ..io.vrt import BandSchema, VrtSource, write_vrt

FOLDER = ".unfinished"  # in the folder of a run: it works on one step at a time
OF, STEP, SIDE = "of", "step", "tile"  # what is written down about the tiles


@dataclass(frozen=True)
class Kept:
    """How much there is of a step that is not whole."""

    step: int
    finished: int  # tiles
    tiles: int  # in all


@dataclass(frozen=True)
class Done:
    """A finished tile."""

    state: Scores
    valid: Mask
    flips: int  # pixels whose class changed
    milliseconds: float  # of computing


class StateTiles:
    """The tiles of the step that a run is working on."""

    def __init__(
        self, run_dir: Path, grid: Grid, channels: int, step: int, side: int, halo: int, about: Mapping[str, Any]
    ) -> None:
        """Keep what is there of just this step, which `about` tells from all others, and drop anything else.

        Tiles that were begun with a smaller side stay; memory may have been short then.
        """
        self._run_dir, self._grid, self._bands = run_dir, grid, [f"channel {n + 1}" for n in range(channels)]
        self._files, of = TileStore(run_dir / FOLDER), plain({**about, STEP: step})
        begun = self._files.about()
        if isinstance(begun, dict) and begun.get(OF) == of and 0 < begun[SIDE] <= side:
            side = begun[SIDE]
        self.parts = list(tiles(grid.height, grid.width, side, halo))
        self._files.begin({OF: of, SIDE: side}, go_on=True)
        finished = sum(self._files.finished(part.core, 0) is not None for part in self.parts)
        self.kept = Kept(step, finished, len(self.parts))
        left = (len(self.parts) - finished) * grid.width * grid.height // len(self.parts)
        require_space(run_dir, 4 * channels * left)

    def read(self, tile: Tile) -> Done | None:
        """Return a tile where it is finished."""
        core, note = tile.core, self._files.finished(tile.core, 0)
        if note is None:
            return None
        with GridReader(self._files.path("state", core)) as reader:
            state, _ = reader.read(range(1, len(self._bands) + 1), Window(0, 0, core.height, core.width))
        return Done(state, state[0] != NODATA, int(note["flips"]), float(note["milliseconds"]))

    def write(self, state: Scores, valid: Mask, core: Window, flips: int, milliseconds: float) -> None:
        """Write a tile, and note that it is finished."""
        with score_writer(self._files.path("state", core), self._grid.crop(core), self._bands, None, False) as writer:
            writer.write(np.where(valid, state, np.float32(NODATA)), Window(0, 0, core.height, core.width))
        self._files.finish(core, 0, {"flips": flips, "milliseconds": milliseconds})

    def drop(self) -> None:
        """Remove the tiles."""
        self._files.clear()

    def leave(self, name: str) -> None:
        """Make the tiles, which are all there, the raster of this name (*.vrt) in the run's folder."""
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


def kept_tiles(run_dir: Path, grid: Grid) -> Kept | None:
    """Tell how much a run's folder holds of a step that was broken off; None where there is nothing."""
    files = TileStore(run_dir / FOLDER)
    about = files.about()
    try:
        step, side = int(about[OF][STEP]), int(about[SIDE])
    except (TypeError, KeyError, ValueError):
        return None
    finished = files.count()
    return Kept(step, finished, count(grid.height, grid.width, side)) if finished and side > 0 else None
