"""Previews of the next step for the visible area, computed before the step itself.

A preview covers as many pixels as can be computed in a moment: at the working resolution if the map is zoomed in,
downsampled to screen pixels if it is zoomed out, and further on a slow machine. At the working resolution a preview
equals the step to come. A downsampled one only resembles it, because the refiner then works at another pixel size.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ..arrays.borders import WHOLE
from ..arrays.grid import Grid, Window
from ..arrays.score_maps import UNLABELLED, Mask, Scores, argmax_classes, probabilities
from ..arrays.tiles import Tile, surround
from ..errors import RasterError
from ..io.raster_reader import GridReader, window_of
from ..io.raster_writer import NODATA, RasterWriter, class_writer
from ..refine.refiner import Refiner, crop_halo
from ..refine.unroll import total_halo
from ..runtime.device import out_of_memory
from ..tiling.refine_tile import prepare_tile, refine_tile
from .session import Session

MOMENT_S = 0.13  # of computing, so that pixels are shown within 0.3 s
PACE_S = 4e-7  # initial estimate per pixel and step
FEWEST_PIXELS, MOST_PIXELS = 100_000, 4_000_000  # bounds, however slow or fast the machine is
MOST_READ = 200_000_000  # pixels that may be downsampled; reading more takes too long for a preview
CLOSE = 1.25  # downsampling by less is not worth the blur
REUSABLE_FACTORS = (0.5, 1.5)  # range of new to prepared factor that reuses the prepared view


@dataclass(frozen=True)
class View:
    """Visible area of a map: xmin, ymin, xmax, ymax in the image's CRS, and its size in screen pixels."""

    area: tuple[float, float, float, float]
    width: int
    height: int

    def thinning(self, grid: Grid) -> float:
        """Return the number of grid pixels per screen pixel and side, at least one."""
        xmin, ymin, xmax, ymax = self.area
        a, b, _, d, e, _ = grid.transform
        ground = abs((xmax - xmin) * (ymax - ymin))
        return max(1.0, math.sqrt(ground / abs(a * e - b * d) / (self.width * self.height)))


@dataclass(frozen=True)
class _Part:
    """Visible part of a scene, downsampled by a factor; its tile counts downsampled pixels."""

    core: Window
    factor: float
    tile: Tile

    @property
    def shape(self) -> tuple[int, int]:
        return self.tile.outer.height, self.tile.outer.width

    @property
    def source(self) -> Window:
        """Window of the scene that is read."""
        return self.core if self.factor > 1 else self.tile.outer


@dataclass(frozen=True)
class _Seen:
    """Input of a view that stays the same at every step, with the initial state and the refiner that it belongs to."""

    part: _Part
    beginning: str
    refiner: Refiner
    valid: Mask
    prepared: Tensor


class Previewer:
    """Previewer of a session's steps; it keeps the last view, in which several steps are usually made."""

    def __init__(self, session: Session) -> None:
        """Create a previewer for a session."""
        self._session = session
        self._seen: _Seen | None = None
        self._after: tuple[str, Scores] | None = None  # previous state and its downsampled successor
        self._pace = PACE_S if session.device.type == "cpu" else PACE_S / 100

    def make(self, start: int, view: View, kind: int) -> str | None:
        """Write a raster of the step after `start` for a view, and return its path.

        Args:
            start: the step before.
            view: the visible area.
            kind: 0 for class indices, k for the probabilities of the class of band k.

        Returns:
            None if a preview is of no use: nothing is visible, the whole scene takes no longer, or the map has
            corrections, which a preview does not apply.
        """
        session = self._session
        part = self._part(view)
        if part is None or session.refiner is None or session.corrections is not None:
            return None
        try:
            after, valid = self._refined(part, session.refiner, start)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            self._seen = self._after = None
            return None  # the step itself continues with smaller tiles
        for old in session.run_dir.glob("preview_*"):
            with suppress(OSError):  # on Windows, QGIS may still have a file open
                old.unlink()
        path = session.run_dir / session.new_name("preview")
        grid = session.scene.grid.crop(part.core).resized(part.tile.core.width, part.tile.core.height)
        whole = Window(0, 0, grid.height, grid.width)
        if 0 < kind <= len(session.classes):
            with RasterWriter(path, grid, [session.classes[kind - 1]], "float32", NODATA, compress=False) as writer:
                writer.write(np.where(valid, probabilities(after)[kind - 1], np.float32(NODATA))[None], whole)
        else:
            with class_writer(path, grid, session.classes) as writer:
                writer.write(np.where(valid, argmax_classes(after), np.uint8(UNLABELLED))[None], whole)
        return session.path(path.name)

    def _part(self, view: View) -> _Part | None:
        """Choose the part to compute: the visible area, at screen resolution at most, limited to a moment's work."""
        session, grid = self._session, self._session.scene.grid
        if session.refiner is None or view.width < 1 or view.height < 1:
            return None
        try:
            core = window_of(grid, view.area)
        except RasterError:
            return None
        pixels = core.height * core.width
        most = min(max(FEWEST_PIXELS, MOMENT_S / self._pace), MOST_PIXELS)
        factor = max(view.thinning(grid), math.sqrt(pixels / most))
        seen = self._seen if self._seen is not None and self._seen.refiner is session.refiner else None
        if (
            seen is not None
            and seen.part.core == core
            and REUSABLE_FACTORS[0] < factor / seen.part.factor < REUSABLE_FACTORS[1]
        ):
            return seen.part  # its image term is prepared; a fluctuating pace does not justify another
        if factor < CLOSE:
            tile, factor = surround(core, grid.height, grid.width, total_halo(session.refiner)), 1.0
        else:  # treat the view as a whole scene; only its margin lacks real neighbours
            thin = Window(0, 0, max(1, round(core.height / factor)), max(1, round(core.width / factor)))
            tile = Tile(thin, thin, WHOLE)
        is_little = 1.5 * tile.core.height * tile.core.width < grid.height * grid.width
        return _Part(core, factor, tile) if is_little and (factor == 1 or pixels <= MOST_READ) else None

    def _refined(self, part: _Part, refiner: Refiner, start: int) -> tuple[Scores, Mask]:
        """Return the state of the core after the step, and its mask of valid pixels."""
        session = self._session
        index = session.steps_made(start)
        origin, beginning = session.history[start].state, session.history[start - index].state
        seen = self._look(part, refiner, beginning)
        started = time.perf_counter()
        state = self._state(part, refiner, start, refiner.channels if index else refiner.classes)
        steps = range(index, index + 1)
        (after,) = refine_tile(
            refiner, part.tile, state, seen.valid, prepared=seen.prepared, steps=steps, device=session.device
        )
        pace = (time.perf_counter() - started) / after[0].size
        self._pace = math.sqrt(self._pace * pace)  # damped, because another program may have slowed this one
        self._after = (origin, after) if part.factor > 1 else None
        return after[: refiner.classes], seen.valid[part.tile.core.slices(part.tile.outer)]

    def _look(self, part: _Part, refiner: Refiner, beginning: str) -> _Seen:
        """Return the prepared view, reused from the last preview if nothing else has changed."""
        seen = self._seen
        session, tile = self._session, part.tile
        if (
            seen is not None
            and (seen.part, seen.beginning, seen.refiner) == (part, beginning, refiner)
            and seen.prepared.device.type == session.device.type
        ):
            return seen
        self._after = None
        image, valid = session.scene.read(part.source, part.shape)
        with GridReader(session.run_dir / beginning) as first:
            begun = first.values(range(1, refiner.classes + 1), part.source, part.shape)
        valid = valid & (begun[0] != NODATA)
        whole = session.engine.prepared(beginning) if part.factor == 1 else None
        if whole is not None and whole.shape[-2:] == (session.scene.grid.height, session.scene.grid.width):
            rows, columns = tile.outer.slices()
            prepared = crop_halo(whole[:, rows, columns], refiner.context_radius, tile.borders)
        else:
            prepared = prepare_tile(
                refiner, image, initial=begun, valid=valid, borders=tile.borders, device=session.device
            )
        self._seen = _Seen(part, beginning, refiner, valid, prepared)
        return self._seen

    def _state(self, part: _Part, refiner: Refiner, start: int, channels: int) -> Scores:
        """Return the state before the step, from the last preview if that computed it, else from disk."""
        session = self._session
        if self._after is not None and start > 0 and session.history[start - 1].state == self._after[0]:
            return self._after[1]
        with GridReader(session.run_dir / session.history[start].state) as before:
            return before.values(range(1, channels + 1), part.source, part.shape)
