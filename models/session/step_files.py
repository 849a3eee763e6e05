"""Files of one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch

from ..arrays.grid import Grid, Window
from ..arrays.score_maps import UNLABELLED, Mask, Scores, argmax_classes
from ..io.raster_writer import NODATA, class_writer, score_writer
from ..scene.scene import KEPT_PIXELS
from .unfinished_step import StateTiles


@dataclass(frozen=True)
class StepNames:
    """Number of a step, and the names of its files in the folder of the run."""

    index: int
    scores: str
    classes_raster: str
    state: str


@dataclass(frozen=True)
class StepFiles:
    """Files of one step, and how the step was made."""

    index: int
    scores: str  # probabilities, one float32 band per class
    classes_raster: str  # class indices
    state: str  # float32, input of the next step: logits, then the hidden state of the refiner
    changed: float | None  # fraction of valid pixels with another class than in the step before
    milliseconds: float  # of computing, without reading and writing
    refiner: str = ""  # identity of the refiner that made the step
    iteration: int = 0  # consecutive steps that this refiner has made

    def record(self) -> dict[str, Any]:
        """Return the step as a record for the session file."""
        content = asdict(self)
        content["age"] = content.pop("iteration")  # the stored name of the first release
        return content

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> StepFiles:
        """Return the step that a record describes.

        Raises:
            TypeError: if the record has other fields.
        """
        content = dict(record)
        content["iteration"] = content.pop("age", 0)
        return cls(**content)


class StepWriter:
    """Writer of the rasters of one step; they appear together or not at all.

    The state of a large scene consists of tiles, which `StateTiles` writes and which stay if the step is interrupted.
    """

    def __init__(
        self,
        names: StepNames,
        folder: Path,
        grid: Grid,
        classes: Sequence[str],
        pixel_size_m: float | None,
        *,
        hidden: int = 0,
        keep_state: bool = False,
        tiles: StateTiles | None = None,
    ) -> None:
        """Create the rasters.

        Args:
            names: of the files.
            folder: of the run.
            grid: of the scene.
            classes: one band of scores each.
            pixel_size_m: the working resolution in metres.
            hidden: channels of the state after the classes.
            keep_state: whether the state is on disk already, so that only scores and classes are written.
            tiles: the tiles that become the state of a large scene.
        """
        self._names, self._folder, self._count, self._tiles = names, folder, len(classes), tiles
        large = grid.width * grid.height > KEPT_PIXELS  # for less, compression and overviews cost more than the step
        bands = (*classes, *(f"memory {number + 1}" for number in range(hidden)))
        with ExitStack() as files:
            scores = score_writer(
                folder / names.scores, grid, classes=classes, pixel_size_m=pixel_size_m, compress=large, overviews=large
            )
            self._scores = files.enter_context(scores)
            self._classes = files.enter_context(class_writer(folder / names.classes_raster, grid, classes, large))
            self._state = None
            if not keep_state and tiles is None:
                state = score_writer(folder / names.state, grid, bands, pixel_size_m, False)
                self._state = files.enter_context(state)
            self._files = files.pop_all()

    def write(self, state: Scores, valid: Mask, window: Window, shown: Scores | None = None) -> None:
        """Write a window of a state: (classes + hidden, rows, columns), logits first.

        `shown` holds the scores with corrections applied. The state is stored without them, so that corrections can be
        undone.
        """
        maps = torch.from_numpy((state if shown is None else shown)[: self._count])
        nodata = np.float32(NODATA)
        self._scores.write(np.where(valid, torch.softmax(maps, dim=0).numpy(), nodata), window)
        self._classes.write(np.where(valid, argmax_classes(maps.numpy()), np.uint8(UNLABELLED))[None], window)
        if self._state is not None:
            self._state.write(np.where(valid, state, nodata), window)

    def step(self, changed: float | None, milliseconds: float, refiner: str = "", iteration: int = 0) -> StepFiles:
        """Return the written step."""
        return StepFiles(
            **asdict(self._names), changed=changed, milliseconds=milliseconds, refiner=refiner, iteration=iteration
        )

    def __enter__(self) -> StepWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        names = self._names
        try:
            self._files.__exit__(kind, error, trace)  # closes each file: complete, or discarded
            if kind is None and self._tiles is not None:
                self._tiles.publish(names.state)
        except BaseException:
            own = [names.scores, names.classes_raster, *([names.state] if self._state is not None else [])]
            for path in (self._folder / name for name in own):
                if path.is_file():
                    path.unlink()
            raise
