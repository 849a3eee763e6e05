"""The files of one step, and writing them side by side."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import torch

from ..arrays.grid import Grid, Window
from ..arrays.score_maps import UNLABELLED, Mask, Scores, argmax_classes
from ..io.raster_writer import NODATA, class_writer, score_writer
from ..scene.scene import KEPT_PIXELS
from .unfinished_step import StateTiles


@dataclass(frozen=True)
class StepFiles:
    """The files of one step, by their names in the run's folder, and how it came about."""

    index: int
    scores: str  # probabilities, float32, a band a class
    classes_raster: str  # class indices
    state: str  # float32, what the next step starts from: logits, and what the refiner remembers
    changed: float | None  # fraction of valid pixels whose class differs from the step before
    milliseconds: float  # of computing, without reading and writing
    refiner: str = ""  # that made it
    age: int = 0  # steps that this refiner has made in a row


class StepWriter:
    """Writes the rasters of a step side by side; all of them appear, or none.

    The state of a large scene is tiles, which somebody else writes, and which stay when the step is broken off.
    """

    def __init__(
        self,
        names: tuple[str, str, str, int],
        folder: Path,
        grid: Grid,
        classes: Sequence[str],
        pixel_size_m: float | None,
        memory: int = 0,
        keep_state: bool = False,
        tiles: StateTiles | None = None,
    ) -> None:
        """Begin the three rasters; with `keep_state` the two that are seen, of a state that is on disk already."""
        self._names, self._folder, self._count, self._tiles = names, folder, len(classes), tiles
        large = grid.width * grid.height > KEPT_PIXELS  # else packing and overviews would cost more than the step
        bands = (*classes, *(f"memory {number + 1}" for number in range(memory)))
        with ExitStack() as files:
            scores = score_writer(folder / names[0], grid, classes, pixel_size_m, large, large)
            self._scores = files.enter_context(scores)
            self._classes = files.enter_context(class_writer(folder / names[1], grid, classes, large))
            self._state = None
            if not keep_state and tiles is None:
                self._state = files.enter_context(score_writer(folder / names[2], grid, bands, pixel_size_m, False))
            self._files = files.pop_all()

    def write(self, state: Scores, valid: Mask, window: Window, seen: Scores | None = None) -> None:
        """Write a (classes + memory, rows, columns) state, logits first, at a window.

        What is seen of it may be other scores, with corrections bound; the state is kept free of them, so that they can
        be taken back.
        """
        maps = torch.from_numpy((state if seen is None else seen)[: self._count])
        nodata = np.float32(NODATA)
        self._scores.write(np.where(valid, torch.softmax(maps, dim=0).numpy(), nodata), window)
        self._classes.write(np.where(valid, argmax_classes(maps.numpy()), np.uint8(UNLABELLED))[None], window)
        if self._state is not None:
            self._state.write(np.where(valid, state, nodata), window)

    def step(self, changed: float | None, milliseconds: float, refiner: str = "", age: int = 0) -> StepFiles:
        """Describe what was written."""
        return StepFiles(self._names[3], *self._names[:3], changed, milliseconds, refiner, age)

    def __enter__(self) -> StepWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._files.__exit__(kind, error, trace)  # each is closed: whole, or not at all
            if kind is None and self._tiles is not None:
                self._tiles.leave(self._names[2])
        except BaseException:
            own = self._names[:3] if self._state is not None else self._names[:2]
            for path in (self._folder / name for name in own):
                if path.is_file():
                    path.unlink()
            raise
