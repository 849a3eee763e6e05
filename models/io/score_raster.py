"""Score rasters of any encoding as step 0: probabilities, percentages, bytes, or scores before the softmax."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..arrays.grid import Grid, Window
from ..arrays.score_maps import UNLABELLED, Mask, Scores, logits
from ..errors import RasterError
from ..shared.conventions import BACKGROUND
from .raster_reader import GridReader

ScoreEncoding = Literal["probabilities", "percent", "bytes", "scores"]
FEWEST_PERCENT = 10  # integers that are all below this are class indices, not percentages
ENCODING_SCALES: dict[ScoreEncoding, float] = {"probabilities": 1.0, "percent": 100.0, "bytes": 255.0, "scores": 1.0}


class ScoreRaster:
    """A raster with one band per class, read as logits on a grid; a single band is one class against the rest."""

    def __init__(self, path: str | Path, grid: Grid | None = None, kind: ScoreEncoding | None = None) -> None:
        """Open the raster; detect its encoding from the values unless `kind` is given.

        Raises:
            RasterError: if the raster cannot hold scores, or does not lie on the grid.
        """
        self.path = str(path)  # unresolved: it may be on a server
        native = GridReader(path)
        finer = grid is not None and grid.width > native.grid.width
        native.close()
        self._reader = GridReader(path, grid, "bilinear" if finer else "average")
        self.bands = self._reader.colour_bands()
        try:
            self.classes = class_names([self._reader.band_names[band - 1] for band in self.bands])
            self.kind = kind or detect_encoding(self._reader, self.bands)
        except RasterError:
            self.close()
            raise
        stored = self._reader.tag("WORKING_PIXEL_SIZE_M")
        self.pixel_size_m = float(stored) if stored else None
        self.grid = self._reader.grid

    def read(self, window: Window) -> tuple[Scores, Mask]:
        """Return (classes, rows, columns) logits and the mask of valid pixels; invalid pixels get uniform scores."""
        values, valid = self._reader.read(self.bands, window)
        maps = values.astype(np.float32) / np.float32(ENCODING_SCALES[self.kind])
        if len(self.bands) == 1:
            maps = np.concatenate([1 - maps, maps]) if self.kind != "scores" else np.concatenate([0 * maps, maps])
        scores = _log_softmax(maps) if self.kind == "scores" else logits(np.where(valid, maps, 1.0))
        return np.where(valid, scores, np.float32(-np.log(len(self.classes)))), valid

    def close(self) -> None:
        """Close the file."""
        self._reader.close()


def class_names(bands: list[str | None]) -> tuple[str, ...]:
    """Return class names made from the band names; the first class is the background."""
    if len(bands) == 1:
        name = bands[0] or "class 1"
        return (BACKGROUND, name if name != BACKGROUND else "class 1")
    names = [name or (BACKGROUND if number == 0 else f"class {number}") for number, name in enumerate(bands)]
    return tuple(name if names.index(name) == k else f"{name}, band {k + 1}" for k, name in enumerate(names))


def detect_encoding(reader: GridReader, bands: tuple[int, ...]) -> ScoreEncoding:
    """Detect from a sample whether a raster holds probabilities, percentages, bytes or scores.

    Raises:
        RasterError: if there is no data, or the values are clearly not scores (a photograph, class indices).
    """
    values, valid = reader.sample(bands)
    kept = values[:, valid]
    if kept.size == 0:
        raise RasterError("{path_name} is NoData everywhere; it holds no scores.", path_name=reader.path.name)
    if len(bands) > UNLABELLED:
        raise RasterError(
            "{path_name} has {count_bands} bands; scores of at most {unlabelled} classes fit.",
            path_name=reader.path.name,
            count_bands=len(bands),
            unlabelled=UNLABELLED,
        )
    return _kind_of_many(kept, reader) if len(bands) > 1 else _kind_of_one(kept, reader)


def _kind_of_one(kept: NDArray[np.generic], reader: GridReader) -> ScoreEncoding:
    """Detect the encoding of a single band by its range; only scores before the softmax can be negative."""
    low, high = float(kept.min()), float(kept.max())
    if low < 0:
        return "scores"
    if high <= 1:
        return "probabilities"
    is_whole = np.dtype(reader.dtype).kind in "ui"
    if high > 255 or (is_whole and high < FEWEST_PERCENT):
        what = "class indices" if is_whole and high < FEWEST_PERCENT else "something else"
        raise RasterError(
            "{path_name} holds values from {low:g} to {high:g}, which look like {what}; a single "
            "band of scores has probabilities (0 to 1), percentages (to 100) or bytes (to 255).",
            path_name=reader.path.name,
            low=low,
            high=high,
            what=what,
        )
    return "percent" if high <= 100 else "bytes"


def _kind_of_many(kept: NDArray[np.generic], reader: GridReader) -> ScoreEncoding:
    """Detect the encoding of several bands by their sum per pixel."""
    total = kept.astype(np.float64).sum(axis=0)
    for kind, scale in ENCODING_SCALES.items():
        near = np.abs(total / scale - 1) < 0.02 + len(kept) / scale * (scale > 1)
        if kind != "scores" and float(kept.min()) >= 0 and near.mean() > 0.98:
            return kind
    if np.dtype(reader.dtype).kind in "ui" and float(kept.min()) >= 0:
        raise RasterError(
            "{path_name} holds whole numbers that do not add up to 100 or 255 over its {count_kept} "
            "bands, as the scores of classes do. Choose a raster with one probability a class.",
            path_name=reader.path.name,
            count_kept=len(kept),
        )
    return "scores"


def _log_softmax(scores: Scores) -> Scores:
    shifted = scores - scores.max(axis=0, keepdims=True)
    exponentials = np.exp(shifted)
    return logits(exponentials / exponentials.sum(axis=0, keepdims=True))
