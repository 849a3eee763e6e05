"""Computation of a session's steps: the coarse map, and the refinement of the step before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..arrays.grid import Window
from ..arrays.score_maps import Mask, Scores
from ..arrays.tiles import Tile, tiles
from ..errors import RefinerError
from ..io.raster_reader import GridReader
from ..io.raster_writer import NODATA
from ..io.tile_store import fingerprint
from ..refine.refiner import Refiner
from ..refine.unroll import total_halo
from ..runtime.device import tile_side
from ..runtime.progress import ProgressCallback
from ..scene.scene import Scene
from ..tiling.classify_tile import log_probabilities
from ..tiling.memory_fallback import MemoryFallback
from ..tiling.refine_tile import count_changed, prepare_tile, refine_tile
from ..tiling.tile_loop import TileResult, run_tiles, timed
from .step_files import StepFiles, StepNames, StepWriter
from .unfinished_step import KeptTiles, StateTiles


@dataclass(frozen=True)
class Target:
    """Files of a step, and the corrections that apply to it."""

    names: StepNames
    classes: tuple[str, ...]
    correct: Callable[[Scores, Window], Scores]  # applies the corrections to a window
    corrections: str = ""  # hash of the corrections


@dataclass(frozen=True)
class Start:
    """State that a step starts from, and the refiner that computes the step."""

    refiner: Refiner
    refiner_id: str
    previous_state: str  # raster of the state before the step
    initial_state: str  # raster of the state before the refiner's first step
    iteration: int  # consecutive steps that the refiner has made


@dataclass(frozen=True)
class _TilePixels:
    """Pixels of a tile over its outer window."""

    valid: Mask
    image: Scores
    initial: Scores  # logits before the refiner's first step
    state: Scores  # before this step


@dataclass(frozen=True)
class Prepared:
    """Part of the refiner's input that is the same at every step, for a scene of one tile."""

    initial_state: str
    terms: torch.Tensor


class StepEngine:
    """Engine for the steps of a scene; resumes an interrupted step of a large scene from its finished tiles."""

    def __init__(self, scene: Scene, run_dir: Path, device: torch.device) -> None:
        """Create an engine for a scene in the folder of its run."""
        whole = max(scene.grid.width, scene.grid.height)
        self.memory = MemoryFallback(device, whole if scene.is_small else scene.affordable(tile_side(device)))
        self._prepared: Prepared | None = None
        self._on_resumed: Callable[[KeptTiles], None] = lambda kept: None
        self._scene, self._run_dir = scene, run_dir

    def on_resumed(self, call: Callable[[KeptTiles], None]) -> None:
        """Have a function called when a step resumes from finished tiles."""
        self._on_resumed = call

    def prepared(self, initial_state: str) -> torch.Tensor | None:
        """Return the prepared terms of the whole scene for an initial state, or None if they are not kept."""
        prepared = self._prepared
        return prepared.terms if prepared is not None and prepared.initial_state == initial_state else None

    def discard_prepared(self) -> None:
        """Prepare the refiner's input again for the next step."""
        self._prepared = None

    def begin(
        self,
        targets: Sequence[Target],
        logits: Callable[[Window], tuple[list[Scores], Mask]],
        side: int,
        source: str,
        progress: ProgressCallback,
    ) -> list[StepFiles]:
        """Make the coarse map and its coarser levels.

        Args:
            targets: one per level; the coarse map is the last.
            logits: returns the logits of all levels of a window, and its mask.
            side: px, of a window.
            source: the model or raster that provides the logits.
            progress: called after each window.
        """
        grid, pixel_size_m, target, coarser = self._scene.grid, self._scene.pixel_size_m, targets[-1], targets[:-1]
        count = len(target.classes)
        kept = self._kept_tiles(target, count * len(targets), side, 0, {"source": fingerprint(source)})
        parts = kept.parts if kept else list(tiles(grid.height, grid.width, side, 0))

        def compute(tile: Tile, window: Window) -> TileResult:
            masks: list[Mask] = []

            def score() -> list[Scores]:
                levels, valid = logits(window)
                masks.append(valid)
                return [np.concatenate([log_probabilities(levels[-1]), *levels[:-1]])]  # stored with the coarse map

            states, milliseconds = timed(score)
            return TileResult(states, masks[0], (), milliseconds)

        with ExitStack() as files:
            levels = [
                files.enter_context(
                    StepWriter(each.names, self._run_dir, grid, each.classes, pixel_size_m, keep_state=True)
                )
                for each in coarser
            ]
            writer = files.enter_context(self._writer(target, count * len(coarser), kept))

            def write(tile: Tile, result: TileResult) -> None:
                self._write(writer, target, kept, tile.core, result)
                for n, level in enumerate(levels, start=1):
                    level.write(result.states[0][count * n : count * (n + 1)], result.valid, tile.core)

            finished = kept.read if kept else _nothing
            totals = run_tiles(
                parts, lambda tile: tile.core, compute=compute, write=write, finished=finished, progress=progress
            )
            if not totals.pixels:
                if kept is not None:
                    kept.drop()
                raise RefinerError("There is no data within the scene; choose another area, or scores that lie on it.")
        return [*(level.step(None, 0.0) for level in levels), writer.step(None, totals.milliseconds)]

    def advance(self, target: Target, start: Start, progress: ProgressCallback) -> StepFiles:
        """Compute the next step, with smaller tiles and then on the CPU if the device runs out of memory."""
        retries = False

        def attempt() -> StepFiles:
            nonlocal retries
            if retries or (self._prepared is not None and self._prepared.initial_state != start.initial_state):
                self._prepared = None
            retries = True
            return self._advance(target, start, progress)

        return self.memory.run(attempt, start.refiner.to)

    def _advance(self, target: Target, start: Start, progress: ProgressCallback) -> StepFiles:
        refiner, count = start.refiner, len(target.classes)
        manifest = {
            "origin": fingerprint(str(self._run_dir / start.previous_state)),
            "age": start.iteration,
            "maker": start.refiner_id,
            "beginning": fingerprint(str(self._run_dir / start.initial_state)),
            "corrections": target.corrections,
        }
        grid, halo = self._scene.grid, total_halo(refiner)
        kept = self._kept_tiles(target, refiner.channels, self.memory.side, halo, manifest)
        parts = kept.parts if kept else list(tiles(grid.height, grid.width, self.memory.side, halo))
        bands = range(1, (refiner.channels if start.iteration else count) + 1)
        keep = len(parts) == 1
        is_prepared = self._prepared is not None and keep
        with (
            GridReader(self._run_dir / start.previous_state) as before,
            GridReader(self._run_dir / start.initial_state) as first,
            self._writer(target, refiner.channels - count, kept) as writer,
        ):

            def read(tile: Tile) -> _TilePixels:
                state = initial = target.correct(before.values(bands, tile.outer), tile.outer)
                if start.iteration and not is_prepared:
                    initial = target.correct(first.values(range(1, count + 1), tile.outer), tile.outer)
                image, valid = self._scene.read(tile.outer)
                return _TilePixels(valid & (state[0] != NODATA), image, initial, state)

            def compute(tile: Tile, found: _TilePixels) -> TileResult:
                steps = range(start.iteration, start.iteration + 1)
                device = self.memory.device

                def refine() -> list[Scores]:
                    terms = self._prepare(refiner, tile, found, start.initial_state if keep else "")
                    return refine_tile(
                        refiner, tile, found.state, found.valid, prepared=terms, steps=steps, device=device
                    )

                states, milliseconds = timed(refine)
                rows, columns = tile.core.slices(tile.outer)
                valid = found.valid[rows, columns]
                old = found.state[:, rows, columns]
                changed = count_changed([old, target.correct(states[0], tile.core)], valid, count)
                return TileResult(states, valid, changed, milliseconds)

            def write(tile: Tile, result: TileResult) -> None:
                self._write(writer, target, kept, tile.core, result)

            totals = run_tiles(
                parts, read, compute=compute, write=write, finished=kept.read if kept else _nothing, progress=progress
            )
        share = totals.changed[0] / max(1, totals.pixels)
        return writer.step(share, totals.milliseconds, start.refiner_id, start.iteration + 1)

    def _prepare(self, refiner: Refiner, tile: Tile, found: _TilePixels, keep_as: str) -> torch.Tensor:
        """Prepare a tile; keep its terms for the next step if `keep_as` is not empty."""
        if self._prepared is not None and keep_as:
            return self._prepared.terms
        terms = prepare_tile(
            refiner,
            found.image,
            initial=found.initial,
            valid=found.valid,
            borders=tile.borders,
            device=self.memory.device,
        )
        self._prepared = Prepared(keep_as, terms) if keep_as else None
        return terms

    def _kept_tiles(
        self, target: Target, channels: int, side: int, halo: int, manifest: dict[str, object]
    ) -> StateTiles | None:
        """Return the tile store of the step with its finished tiles, or None if the scene is small."""
        if self._scene.is_small:
            return None
        manifest = {"image": fingerprint(str(self._scene.path)), **manifest}
        stored = StateTiles(
            self._run_dir,
            self._scene.grid,
            channels=channels,
            step=target.names.index,
            side=side,
            halo=halo,
            manifest=manifest,
        )
        if stored.kept.finished:
            self._on_resumed(stored.kept)
        return stored

    def _writer(self, target: Target, hidden: int, kept: StateTiles | None) -> StepWriter:
        scene = self._scene
        return StepWriter(
            target.names, self._run_dir, scene.grid, target.classes, scene.pixel_size_m, hidden=hidden, tiles=kept
        )

    def _write(
        self, writer: StepWriter, target: Target, kept: StateTiles | None, core: Window, result: TileResult
    ) -> None:
        state = result.states[0]
        if kept is not None:
            kept.write(result, core)
        writer.write(state, result.valid, core, target.correct(state, core))


def _nothing(_: Tile) -> TileResult | None:
    return None
