"""Labelled pixels for training, a limited number per class, with regions that are held out as a whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..arrays.score_maps import UNLABELLED, Labels
from ..arrays.tiles import tiles
from ..coarse.spectral.samples import SpectralSamples
from ..errors import LabelError
from ..training.holdout import BLOCKS, check_classes
from .scene import Scene

MOST_A_CLASS = 1000  # default number of pixels per class
TOUCHING = np.ones((3, 3), dtype=bool)  # diagonal pixels are neighbours too


def training_pixels(scene: Scene, labels: Labels, classes: tuple[str, ...], most: int, seed: int) -> SpectralSamples:
    """Read labelled spectra of a scene with data, at most `most` per class, drawn at random.

    Raises:
        LabelError: if the labels cannot be used for training.
    """
    check_classes(labels, classes)
    parts = regions(labels)
    chosen = np.zeros(labels.shape, dtype=bool)
    generator = np.random.default_rng(seed)
    for k in np.unique(labels[labels != UNLABELLED]):
        places = np.flatnonzero(labels == k)
        kept = generator.choice(places, most, replace=False) if most and places.size > most else places
        chosen.ravel()[kept] = True
    spectra, found, regions_of = [], [], []
    for tile in tiles(scene.grid.height, scene.grid.width, 256, 0):
        here = chosen[tile.core.slices()]
        if not here.any():
            continue
        image, valid = scene.read(tile.core)
        taken = here & valid
        spectra.append(image[:, taken].T)
        found.append(labels[tile.core.slices()][taken])
        regions_of.append(parts[tile.core.slices()][taken])
    if not any(len(each) for each in found):
        raise LabelError("Nothing is labelled where the image has data.")
    kept_labels = np.concatenate(found)
    check_classes(kept_labels, classes)
    return SpectralSamples(np.ascontiguousarray(np.concatenate(spectra)), kept_labels, np.concatenate(regions_of))


def regions(labels: Labels) -> NDArray[np.int32]:
    """Number the connected regions of all classes from 1; a class with only one region is divided into blocks."""
    numbers = np.zeros(labels.shape, dtype=np.int32)
    last = 0
    for k in np.unique(labels[labels != UNLABELLED]):
        inside = labels == k
        found, count = ndimage.label(inside, TOUCHING)
        if count == 1:
            rows, columns = np.nonzero(inside)
            found, count = np.zeros(labels.shape, dtype=np.int32), BLOCKS * BLOCKS
            found[rows, columns] = 1 + BLOCKS * _band(rows) + _band(columns)
        numbers[inside] = last + found[inside]
        last += count
    return numbers


def _band(places: NDArray[np.intp]) -> NDArray[np.intp]:
    first, size = int(places.min()), int(np.ptp(places)) + 1
    return (places - first) * BLOCKS // size
