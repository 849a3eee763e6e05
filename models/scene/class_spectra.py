"""Spectra of labelled classes: their mean and standard deviation, computed tile by tile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays.score_maps import UNLABELLED
from ..arrays.tiles import tiles
from ..errors import LabelError
from ..io.bands import spectrum_of
from ..io.raster_reader import GridReader
from ..runtime.progress import ProgressCallback
from .labels import named_labels
from .scene import Scene

BLOCK_PX = 256


@dataclass(frozen=True)
class ClassSpectra:
    """Spectra of the labelled pixels, by class and by band, in the image's own units."""

    classes: tuple[str, ...]
    pixels: tuple[int, ...]  # by class
    bands: tuple[int, ...]
    wavelengths_nm: tuple[float, ...]  # of the bands; empty where unknown
    mean: tuple[tuple[float, ...], ...]  # by class, then by band
    std: tuple[tuple[float, ...], ...]


def class_spectra(scene: Scene, labels: str, progress: ProgressCallback) -> ClassSpectra:
    """Compute the spectra of a layer's classes, in the image's own units.

    Values far outside the scene's usual range are clipped to that range, as for the networks.

    Raises:
        LabelError: if the labels cannot be used.
    """
    truth, classes = named_labels(labels, scene.grid)
    count = np.zeros(len(classes), dtype=np.int64)
    total, squares = np.zeros((2, len(classes), len(scene.bands)))
    parts = [tile.core for tile in tiles(scene.grid.height, scene.grid.width, BLOCK_PX, 0)]
    for n, window in enumerate(parts):
        here = truth[window.slices()]
        if (here != UNLABELLED).any():
            image, valid = scene.read(window)
            for k in np.unique(here[valid & (here != UNLABELLED)]):
                spectra = image[:, valid & (here == k)].astype(np.float64)
                count[k] += spectra.shape[1]
                total[k] += spectra.sum(axis=1)
                squares[k] += (spectra**2).sum(axis=1)
        progress((n + 1) / len(parts))
    if not count.any():
        raise LabelError("Nothing is labelled where the image has data.")
    found = np.flatnonzero(count)
    mean = total[found] / count[found, None]
    std = np.sqrt(np.maximum(0, squares[found] / count[found, None] - mean**2))
    own_mean, own_std = np.array(scene.statistics.mean), np.array(scene.statistics.std)
    with GridReader(scene.path) as reader:
        told = spectrum_of(reader).centres
    centres = [told[band - 1] for band in scene.bands]
    known = tuple(centre for centre in centres if centre is not None)
    return ClassSpectra(
        tuple(classes[k] for k in found),
        tuple(count[found].tolist()),
        bands=scene.bands,
        wavelengths_nm=known if len(known) == len(scene.bands) else (),
        mean=tuple(tuple(row) for row in (mean * own_std + own_mean).tolist()),
        std=tuple(tuple(row) for row in (std * own_std).tolist()),
    )
