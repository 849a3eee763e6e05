"""Labelled pixels to train on, a number a class, and what of them is held out: whole regions, never neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from .errors import LabelError
from .metrics import Accuracy, confusion
from .scene import Scene
from .score_maps import UNLABELLED, Labels, Scores
from .tiles import tiles
from .training import BLOCKS, HELD_OUT, check_classes

MOST_A_CLASS = 1000  # pixels of a class, where nobody says otherwise
TOUCHING = np.ones((3, 3), dtype=bool)  # pixels at corners are neighbours too

Choice = NDArray[np.intp]  # which of the pixels


@dataclass(frozen=True)
class Pixels:
    """Labelled spectra: (pixels, bands) standardised, class indices (pixels,), and the region that each belongs to."""

    spectra: Scores
    labels: Labels
    parts: NDArray[np.int32]


class Classifier(Protocol):
    """What gives (pixels, classes) logits of (pixels, bands)."""

    classes: int

    def __call__(self, spectra: Tensor) -> Tensor:
        """Return the logits."""
        ...


def training_pixels(scene: Scene, labels: Labels, classes: tuple[str, ...], most: int, seed: int) -> Pixels:
    """Read labelled spectra of a scene, at most `most` of a class drawn at random; only where there are any.

    Raises:
        LabelError: for labels that cannot teach.
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
    return Pixels(np.ascontiguousarray(np.concatenate(spectra)), kept_labels, np.concatenate(regions_of))


def regions(labels: Labels) -> NDArray[np.int32]:
    """Number the connected regions of each class from 1 on; a class of one region alone is cut into blocks."""
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


def hold_out_parts(pixels: Pixels, seed: int) -> tuple[Choice, Choice]:
    """Split pixels into those to learn from and those to judge by: of each class, regions with about a quarter of them.

    A class of one region is learnt from alone. Where no class has two, judging by what was learnt is all there is.
    """
    held = np.zeros(len(pixels.labels), dtype=bool)
    generator = np.random.default_rng(seed)
    for k in np.unique(pixels.labels):
        mine = pixels.labels == k
        names, sizes = np.unique(pixels.parts[mine], return_counts=True)
        wanted, taken = HELD_OUT * sizes.sum(), 0
        for n in generator.permutation(len(names))[: len(names) - 1]:  # one region at least is for learning
            if taken and taken + sizes[n] > 1.2 * wanted:
                continue
            if sizes[n] > 0.6 * sizes.sum():
                continue
            held |= mine & (pixels.parts == names[n])
            taken += int(sizes[n])
            if taken >= wanted:
                break
    every = np.arange(len(held))
    return (every[~held], every[held]) if held.any() else (every, every)


def held_out_miou(net: Classifier, pixels: Pixels, held: Choice, device: torch.device) -> float:
    """Return the mean IoU (0-1) on some of the pixels."""
    with torch.inference_mode():
        parts = [
            net(torch.from_numpy(pixels.spectra[part]).to(device))
            for part in np.array_split(held, 1 + len(held) // 8192)
        ]
    predicted = torch.cat(parts).argmax(dim=1).to(torch.uint8).cpu().numpy()
    counts = confusion(pixels.labels[held], predicted, net.classes)
    return Accuracy(tuple(map(str, range(net.classes))), counts).mean_iou
