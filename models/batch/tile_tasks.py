"""Work on one tile of a scene: classification by a coarse model, or several steps of a refiner at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from ..arrays.grid import Window
from ..arrays.score_maps import Mask, Scores
from ..arrays.tiles import Tile
from ..io.raster_reader import GridReader
from ..io.raster_writer import NODATA
from ..io.score_raster import ScoreRaster
from ..refine.registry import make_refiner
from ..refine.unroll import total_halo
from ..scene.scene import Scene
from ..shared.model_kinds import TRAINING_FREE
from ..tiling.classify_tile import image_around, log_probabilities, score_image, strides, suitable_side
from ..tiling.refine_tile import prepare_tile, refine_tile
from ..weights.checkpoint import load_coarse, load_refiner
from .job import Job


@dataclass(frozen=True)
class TilePixels:
    """Pixels read for a tile: the image, the mask of valid pixels (in `window`), and the scores to refine."""

    window: Window
    valid: Mask
    image: Scores
    begun: Scores | None = None  # logits before the first step
    state: Scores | None = None  # input of the next step, unless it is the first
    before: Scores | None = None  # logits over the core, to compare with the first result


class TileTask(Protocol):
    """Work on one tile."""

    total_halo: int  # px of halo that a tile gets; `read` may add more
    channels: int  # of the result of `compute`

    def side(self, usual: int) -> int:
        """Return the side of the tiles in px, for a device that computes tiles of the usual side."""
        ...

    def read(self, tile: Tile) -> TilePixels:
        """Read the pixels of a tile."""
        ...

    def compute(self, tile: Tile, pixels: TilePixels) -> list[Scores]:
        """Return the state over the core of a tile after each step, logits first."""
        ...

    def part(self, tile: Tile, pixels: TilePixels, inside: Tile) -> TilePixels:
        """Cut out the pixels of a smaller tile with its core inside that of `tile`."""
        ...

    def to(self, device: torch.device) -> None:
        """Move the computation to a device."""
        ...

    def close(self) -> None:
        """Close the open files, except the scene."""
        ...


class ClassifyTask:
    """Classification of tiles by a coarse model."""

    total_halo = 0

    def __init__(self, job: Job, scene: Scene, device: torch.device) -> None:
        """Load the model."""
        self._scene, self._device, self.channels = scene, device, len(job.classes)
        self._path, self._is_multi_scale = job.model, job.is_multi_scale
        self._model, self._card = load_coarse(job.model, device, job.is_multi_scale)

    def side(self, usual: int) -> int:
        """Return a side that suits the model's halo."""
        return suitable_side(self._model, usual)

    def read(self, tile: Tile) -> TilePixels:
        """Read the image around a tile."""
        image = image_around(self._model, self._scene, tile.core, self._card.statistics)
        return TilePixels(tile.core, self._scene.read(tile.core)[1], image)

    def compute(self, tile: Tile, pixels: TilePixels) -> list[Scores]:
        """Return the logits of a tile."""
        maps = score_image(self._model, pixels.image, tile.core, self._device)
        return [log_probabilities(maps)]

    def part(self, tile: Tile, pixels: TilePixels, inside: Tile) -> TilePixels:
        """Cut out the image around a smaller tile."""
        halo, stride, whole, core = 2 * self._model.halo, self._model.stride, tile.core, inside.core
        down, across = strides(core.row, core.height, stride), strides(core.column, core.width, stride)
        top, left = down.start - whole.row // stride * stride, across.start - whole.column // stride * stride
        image = pixels.image[:, top : top + len(down) + halo, left : left + len(across) + halo]
        return TilePixels(core, pixels.valid[core.slices(whole)], np.ascontiguousarray(image))

    def to(self, device: torch.device) -> None:
        """Move the computation to a device."""
        self._device = device
        self._model, _ = load_coarse(self._path, device, self._is_multi_scale)

    def close(self) -> None:
        """Do nothing: no files are open."""


class RefineTask:
    """Refinement of tiles by several steps at once, with a halo for all of them."""

    def __init__(self, job: Job, scene: Scene, device: torch.device) -> None:
        """Load the refiner, and open the scores and states that it refines."""
        self._job, self._scene, self._device = job, scene, device
        if job.model in TRAINING_FREE:
            self._refiner = make_refiner(job.model, len(job.classes), len(job.bands)).to(device)
        else:
            self._refiner, _ = load_refiner(job.model, device)
        self._existing = ScoreRaster(job.scores, scene.grid)
        self._states = GridReader(job.state) if job.state else None
        self.total_halo, self.channels = total_halo(self._refiner, job.last - job.first), self._refiner.channels

    def side(self, usual: int) -> int:
        """Return the usual side."""
        return usual

    def read(self, tile: Tile) -> TilePixels:
        """Read the image and the scores around a tile."""
        image, valid = self._scene.read(tile.outer)
        maps, known = self._existing.read(tile.outer)
        valid, begun = valid & known, log_probabilities(maps)
        if self._states is None:
            return TilePixels(tile.outer, valid, image, begun)
        state, _ = self._states.read(range(1, self.channels + 1), tile.outer)
        rows, columns = tile.core.slices(tile.outer)
        return TilePixels(
            tile.outer,
            valid & (state[0] != NODATA),
            image=image,
            begun=begun,
            state=state,
            before=state[:, rows, columns],
        )

    def compute(self, tile: Tile, pixels: TilePixels) -> list[Scores]:
        """Return the states of a tile; the first is the coarse map if the job starts from it."""
        if pixels.begun is None:
            return []
        device = self._device
        prepared = prepare_tile(
            self._refiner, pixels.image, initial=pixels.begun, valid=pixels.valid, borders=tile.borders, device=device
        )
        before = pixels.begun if pixels.state is None else pixels.state
        steps = range(self._job.first, self._job.last)
        states = refine_tile(self._refiner, tile, before, pixels.valid, prepared=prepared, steps=steps, device=device)
        rows, columns = tile.core.slices(tile.outer)
        return [*([pixels.begun[:, rows, columns]] if pixels.state is None else []), *states]

    def part(self, tile: Tile, pixels: TilePixels, inside: Tile) -> TilePixels:
        """Cut out the pixels of a smaller tile."""
        around, core = inside.outer.slices(tile.outer), inside.core.slices(tile.core)

        def cut(maps: Scores | None, where: tuple[slice, slice]) -> Scores | None:
            return None if maps is None else np.ascontiguousarray(maps[:, where[0], where[1]])

        return TilePixels(
            inside.outer,
            np.ascontiguousarray(pixels.valid[around]),
            image=np.ascontiguousarray(pixels.image[:, around[0], around[1]]),
            begun=cut(pixels.begun, around),
            state=cut(pixels.state, around),
            before=cut(pixels.before, core),
        )

    def to(self, device: torch.device) -> None:
        """Move the computation to a device."""
        self._device, self._refiner = device, self._refiner.to(device)

    def close(self) -> None:
        """Close the scores and the states."""
        self._existing.close()
        if self._states is not None:
            self._states.close()
