"""What is done to a tile of a scene: scoring it with a coarse model, or some steps of a refiner at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from ..arrays.grid import Window
from ..arrays.score_maps import LOG_FLOOR, Mask, Scores, uniform_where_invalid
from ..arrays.tiles import Tile
from ..io.raster_reader import GridReader
from ..io.raster_writer import NODATA
from ..io.score_raster import ScoreRaster
from ..refine.registry import TRAINING_FREE, make_refiner
from ..refine.unroll import from_prepared, total_halo
from ..runtime.device import synchronize
from ..scene.scene import Scene
from ..tiling.classify_tile import image_around, score_image, strides
from ..tiling.refine_tile import prepare_tile
from ..weights.checkpoint import load_coarse, load_refiner
from .job import Job


@dataclass(frozen=True)
class TilePixels:
    """What was read for a tile: the image, where there is data (in the window `place`), and what is refined."""

    place: Window
    valid: Mask
    image: Scores
    begun: Scores | None = None  # logits before the first step
    state: Scores | None = None  # what the next step starts from, where it is not the first
    before: Scores | None = None  # logits over the core that the first result is compared with


class TileTask(Protocol):
    """What is done to a tile."""

    total_halo: int  # px around a tile that are looked at, beside what it reads by itself
    channels: int  # of what `compute` returns

    def read(self, tile: Tile) -> TilePixels:
        """Read what a tile needs."""
        ...

    def compute(self, tile: Tile, pixels: TilePixels) -> list[Scores]:
        """Return the state over the core of a tile after each step, logits first."""
        ...

    def part(self, tile: Tile, pixels: TilePixels, inside: Tile) -> TilePixels:
        """Cut out what a tile needs whose core lies in that of another."""
        ...

    def to(self, device: torch.device) -> None:
        """Compute there from now on."""
        ...

    def close(self) -> None:
        """Let go of what was opened, but for the scene."""
        ...


class ClassifyTask:
    """Scores tiles with a coarse model."""

    total_halo = 0

    def __init__(self, job: Job, scene: Scene, device: torch.device) -> None:
        """Load the model."""
        self._scene, self._device, self.channels = scene, device, len(job.classes)
        self._path, self._is_multi_scale = job.model, job.is_multi_scale
        self._model, self._card = load_coarse(job.model, device, job.is_multi_scale)

    def read(self, tile: Tile) -> TilePixels:
        """Read the image around a tile."""
        image = image_around(self._model, self._scene, tile.core, self._card.statistics)
        return TilePixels(tile.core, self._scene.read(tile.core)[1], image)

    def compute(self, tile: Tile, pixels: TilePixels) -> list[Scores]:
        """Return the logits of a tile."""
        maps = score_image(self._model, pixels.image, tile.core, self._device)
        return [_log_softmax(maps)]

    def part(self, tile: Tile, pixels: TilePixels, inside: Tile) -> TilePixels:
        """Cut out the image around a smaller tile."""
        halo, stride, whole, core = 2 * self._model.halo, self._model.stride, tile.core, inside.core
        down, across = strides(core.row, core.height, stride), strides(core.column, core.width, stride)
        top, left = down.start - whole.row // stride * stride, across.start - whole.column // stride * stride
        image = pixels.image[:, top : top + len(down) + halo, left : left + len(across) + halo]
        return TilePixels(core, pixels.valid[core.slices(whole)], np.ascontiguousarray(image))

    def to(self, device: torch.device) -> None:
        """Compute there from now on."""
        self._device = device
        self._model, _ = load_coarse(self._path, device, self._is_multi_scale)

    def close(self) -> None:
        """There is nothing to let go of."""


class RefineTask:
    """Refines tiles some steps at once, with a halo for all of them."""

    def __init__(self, job: Job, scene: Scene, device: torch.device) -> None:
        """Load the refiner, and open what it refines."""
        self._job, self._scene, self._device = job, scene, device
        if job.model in TRAINING_FREE:
            self._refiner = make_refiner(job.model, len(job.classes), len(job.bands)).to(device)
        else:
            self._refiner, _ = load_refiner(job.model, device)
        self._existing = ScoreRaster(job.scores, scene.grid)
        self._states = GridReader(job.state) if job.state else None
        self.total_halo, self.channels = total_halo(self._refiner, job.last - job.first), self._refiner.channels

    def read(self, tile: Tile) -> TilePixels:
        """Read the image and the scores around a tile."""
        image, valid = self._scene.read(tile.outer)
        maps, known = self._existing.read(tile.outer)
        valid, begun = valid & known, _log_softmax(maps)
        if self._states is None:
            return TilePixels(tile.outer, valid, image, begun)
        state, _ = self._states.read(range(1, self.channels + 1), tile.outer)
        rows, columns = tile.core.slices(tile.outer)
        return TilePixels(tile.outer, valid & (state[0] != NODATA), image, begun, state, state[:, rows, columns])

    def compute(self, tile: Tile, pixels: TilePixels) -> list[Scores]:
        """Return the states of a tile; the first is the coarse map where the job begins with it."""
        if pixels.begun is None:
            return []
        refiner, valid, first = self._refiner, torch.from_numpy(pixels.valid).to(self._device), self._job.first
        prepared = prepare_tile(refiner, pixels.image, pixels.begun, pixels.valid, tile.borders, self._device)
        before = pixels.begun if pixels.state is None else pixels.state
        held = torch.from_numpy(uniform_where_invalid(before, pixels.valid, refiner.classes)).to(self._device)
        rows, columns = tile.core.slices(tile.outer)
        found = [pixels.begun[:, rows, columns]] if pixels.state is None else []
        with torch.inference_mode():
            state = refiner.start(held) if pixels.state is None else held
            steps = range(first, self._job.last)
            for n, after in enumerate(from_prepared(refiner, state, prepared, tile.borders, steps, valid), start=1):
                lost = total_halo(refiner, n)
                top, left = 0 if tile.borders.top else lost, 0 if tile.borders.left else lost
                cut = after[:, rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
                found.append(np.ascontiguousarray(cut.cpu().numpy(), dtype=np.float32))
            synchronize(self._device)
        return found

    def part(self, tile: Tile, pixels: TilePixels, inside: Tile) -> TilePixels:
        """Cut out what a smaller tile needs."""
        around, core = inside.outer.slices(tile.outer), inside.core.slices(tile.core)

        def cut(maps: Scores | None, where: tuple[slice, slice]) -> Scores | None:
            return None if maps is None else np.ascontiguousarray(maps[:, where[0], where[1]])

        return TilePixels(
            inside.outer,
            np.ascontiguousarray(pixels.valid[around]),
            np.ascontiguousarray(pixels.image[:, around[0], around[1]]),
            cut(pixels.begun, around),
            cut(pixels.state, around),
            cut(pixels.before, core),
        )

    def to(self, device: torch.device) -> None:
        """Compute there from now on."""
        self._device, self._refiner = device, self._refiner.to(device)

    def close(self) -> None:
        """Let go of the scores."""
        self._existing.close()
        if self._states is not None:
            self._states.close()


def _log_softmax(maps: Scores) -> Scores:
    """Return logits as every step 0 has them."""
    log = torch.log_softmax(torch.from_numpy(maps), dim=0).clamp_min(float(np.log(LOG_FLOOR)))
    return np.asarray(log.numpy(), dtype=np.float32)
