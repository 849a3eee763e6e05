"""Making the steps of a scene tile by tile: the coarse map, and what a refiner makes of the step before."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch

from ..arrays.grid import Window
from ..arrays.score_maps import LOG_FLOOR, Mask, Scores, argmax_classes
from ..arrays.tiles import Tile, tiles
from ..errors import RefinerError
from ..io.prefetch import WriteBehind, prefetch
from ..io.raster_reader import GridReader
from ..io.raster_writer import NODATA
from ..io.tile_store import fingerprint
from ..refine.refiner import Refiner
from ..refine.unroll import total_halo
from ..runtime.device import SMALLEST_TILE_PX, TILE_PX, out_of_memory, tile_side
from ..runtime.progress import ProgressCallback
from ..scene.scene import Scene
from ..tiling.refine_tile import prepare_tile, refine_tile
from .step_files import StepFiles, StepWriter
from .unfinished_step import Done, Kept, StateTiles

Read = TypeVar("Read")


@dataclass(frozen=True)
class Target:
    """Where a step goes, and what is bound of it."""

    names: tuple[str, str, str, int]  # of its files, and its number
    classes: tuple[str, ...]
    bound: Callable[[Scores, Window], Scores]
    corrections: str = ""  # what is bound, told from anything else


@dataclass(frozen=True)
class Start:
    """What a refiner steps on from."""

    refiner: Refiner
    maker: str  # the refiner, told from all others
    origin: str  # raster of the state before
    beginning: str  # of the state that the refiner began with
    age: int  # steps that it has made in a row


class Stepping:
    """Makes steps, as the memory of the device allows; those of a large scene go on from tiles that are finished."""

    def __init__(self, scene: Scene, run_dir: Path, device: torch.device) -> None:
        """Work on a scene in the folder of its run."""
        self.device = device
        whole = max(scene.grid.width, scene.grid.height)
        self.side = whole if scene.is_small else scene.affordable(tile_side(device))  # px, of a tile
        self.prepared: tuple[str, torch.Tensor] | None = None  # by the state it began with, where the scene is whole
        self.notices: list[str] = []
        self.tell: Callable[[Kept], None] = lambda kept: None  # that a step goes on from finished tiles
        self._scene, self._run_dir = scene, run_dir

    def begin(
        self,
        targets: Sequence[Target],
        logits: Callable[[Window], tuple[list[Scores], Mask]],
        side: int,
        source: str,
        watch: ProgressCallback,
    ) -> list[StepFiles]:
        """Make the coarse map of the logits that a source, which is a file, gives to windows of a side.

        It is the last of the levels, each of which has a target; the others are seen, and lie behind it in its state.
        """
        grid, pixel_size_m, target, coarser = self._scene.grid, self._scene.pixel_size_m, targets[-1], targets[:-1]
        count = len(target.classes)
        kept = self._kept(target, count * len(targets), side, 0, {"source": fingerprint(source)})
        parts = kept.parts if kept else list(tiles(grid.height, grid.width, side, 0))

        def compute(tile: Tile, window: Window) -> Done:
            started = time.perf_counter()
            levels, valid = logits(window)
            milliseconds = 1000 * (time.perf_counter() - started)
            log = torch.log_softmax(torch.from_numpy(levels[-1]), dim=0).clamp_min(np.log(LOG_FLOOR)).numpy()
            return Done(np.concatenate([log, *levels[:-1]]) if coarser else log, valid, 0, milliseconds)

        with ExitStack() as files:
            seen = [
                files.enter_context(
                    StepWriter(each.names, self._run_dir, grid, each.classes, pixel_size_m, keep_state=True)
                )
                for each in coarser
            ]
            writer = files.enter_context(self._writer(target, count * len(coarser), kept))

            def also(done: Done, core: Window) -> None:
                for n, level in enumerate(seen, start=1):
                    level.write(done.state[count * n : count * (n + 1)], done.valid, core)

            pixels, _, milliseconds = _make(writer, target, parts, kept, lambda tile: tile.core, compute, watch, also)
            if not pixels:
                if kept is not None:
                    kept.drop()
                raise RefinerError("There is no data within the scene; choose another area, or scores that lie on it.")
        return [*(level.step(None, 0.0) for level in seen), writer.step(None, milliseconds)]

    def advance(self, target: Target, start: Start, watch: ProgressCallback) -> StepFiles:
        """Make the next step, with smaller tiles and then on the CPU where the device's memory runs out."""
        while True:
            try:
                return self._advance(target, start, watch)
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                self.prepared = None
                if self.side > SMALLEST_TILE_PX:
                    self.side = max(SMALLEST_TILE_PX, min(self.side, 2 * TILE_PX) // 2)
                    self.notices.append(f"Out of memory on {self.device}: going on with tiles of {self.side} pixels.")
                elif self.device.type != "cpu":
                    self.notices.append(f"Out of memory on {self.device}: going on with the CPU.")
                    self.device = torch.device("cpu")
                    start.refiner.to(self.device)
                else:
                    raise RefinerError("There is too little memory even for the smallest tiles.") from error

    def _advance(self, target: Target, start: Start, watch: ProgressCallback) -> StepFiles:
        refiner, count, bound = start.refiner, len(target.classes), target.bound
        if self.prepared is not None and self.prepared[0] != start.beginning:
            self.prepared = None
        about = {
            "origin": fingerprint(str(self._run_dir / start.origin)),
            "age": start.age,
            "maker": start.maker,
            "beginning": fingerprint(str(self._run_dir / start.beginning)),
            "corrections": target.corrections,
        }
        grid, halo = self._scene.grid, total_halo(refiner)
        kept = self._kept(target, refiner.channels, self.side, halo, about)
        parts = kept.parts if kept else list(tiles(grid.height, grid.width, self.side, halo))
        bands = range(1, (refiner.channels if start.age else count) + 1)
        is_prepared = self.prepared is not None and len(parts) == 1
        with (
            GridReader(self._run_dir / start.origin) as before,
            GridReader(self._run_dir / start.beginning) as first,
            self._writer(target, refiner.channels - count, kept) as writer,
        ):

            def read(tile: Tile) -> tuple[Scores, Scores, Scores, Mask]:
                state = begun = bound(before.values(bands, tile.outer), tile.outer)
                if start.age and not is_prepared:
                    begun = bound(first.values(range(1, count + 1), tile.outer), tile.outer)
                image, valid = self._scene.read(tile.outer)
                return state, begun, image, valid & (state[0] != NODATA)

            def compute(tile: Tile, read: tuple[Scores, Scores, Scores, Mask]) -> Done:
                state, begun, image, valid = read
                started = time.perf_counter()
                keep = start.beginning if len(parts) == 1 else ""
                prepared = self._prepare(refiner, tile, begun, image, valid, keep)
                after = refine_tile(refiner, tile, state, prepared, valid, start.age, self.device)
                milliseconds = 1000 * (time.perf_counter() - started)
                rows, columns = tile.core.slices(tile.outer)
                inside = valid[rows, columns]
                old, new = state[:count, rows, columns], bound(after, tile.core)[:count]
                flips = int(np.count_nonzero((argmax_classes(old) != argmax_classes(new)) & inside))
                return Done(after, inside, flips, milliseconds)

            pixels, flips, milliseconds = _make(writer, target, parts, kept, read, compute, watch)
        return writer.step(flips / max(1, pixels), milliseconds, start.maker, start.age + 1)

    def _prepare(
        self, refiner: Refiner, tile: Tile, begun: Scores, image: Scores, valid: Mask, keep: str
    ) -> torch.Tensor:
        """Prepare a tile from the scores that the refiner began with; keep it under a name where there is one."""
        if self.prepared is not None and keep:
            return self.prepared[1]
        prepared = prepare_tile(refiner, image, begun, valid, tile.borders, self.device)
        self.prepared = (keep, prepared) if keep else None
        return prepared

    def _kept(self, target: Target, channels: int, side: int, halo: int, about: dict[str, object]) -> StateTiles | None:
        """Return the tiles of the step to come, those that are finished too; None where the scene is small."""
        if self._scene.is_small:
            return None
        about = {"image": fingerprint(str(self._scene.path)), **about}
        tiles_of = StateTiles(self._run_dir, self._scene.grid, channels, target.names[3], side, halo, about)
        if tiles_of.kept.finished:
            self.tell(tiles_of.kept)
        return tiles_of

    def _writer(self, target: Target, memory: int, kept: StateTiles | None) -> StepWriter:
        scene = self._scene
        return StepWriter(
            target.names, self._run_dir, scene.grid, target.classes, scene.pixel_size_m, memory, tiles=kept
        )


def _make(
    writer: StepWriter,
    target: Target,
    parts: Sequence[Tile],
    kept: StateTiles | None,
    read: Callable[[Tile], Read],
    compute: Callable[[Tile, Read], Done],
    watch: ProgressCallback,
    also: Callable[[Done, Window], None] = lambda done, core: None,
) -> tuple[int, int, float]:
    """Compute the tiles that are not finished, write all; return pixels with data, flips and milliseconds."""

    def look(tile: Tile) -> tuple[Tile, Done | Read, bool]:
        done = kept.read(tile) if kept else None
        return (tile, read(tile), False) if done is None else (tile, done, True)

    def write(done: Done, core: Window, is_new: bool) -> None:
        if kept is not None and is_new:
            kept.write(done.state, done.valid, core, done.flips, done.milliseconds)
        writer.write(done.state, done.valid, core, target.bound(done.state, core))
        also(done, core)

    pixels, flips, milliseconds = 0, 0, 0.0
    with WriteBehind() as behind, closing(prefetch(look, parts)) as reads:
        for n, (tile, found, is_done) in enumerate(reads):
            done = found if isinstance(found, Done) else compute(tile, found)
            behind.do(partial(write, done, tile.core, not is_done))
            pixels += int(np.count_nonzero(done.valid))
            flips += done.flips
            milliseconds += done.milliseconds
            watch((n + 1) / len(parts))
    return pixels, flips, milliseconds
