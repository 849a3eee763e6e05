"""Labelled pixels for training spectral models, held out by whole regions, never by single pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...arrays.score_maps import Labels, Scores
from ...metrics.pixels import ConfusionAccuracy, confusion
from ...training.holdout import HELD_OUT

SampleIndices = NDArray[np.intp]  # indices of pixels


@dataclass(frozen=True)
class SpectralSamples:
    """Labelled spectra: (pixels, bands) standardised, class indices (pixels,) and region numbers (pixels,)."""

    spectra: Scores
    labels: Labels
    parts: NDArray[np.int32]


class Classifier(Protocol):
    """Function that returns (pixels, classes) logits of (pixels, bands)."""

    classes: int

    def __call__(self, spectra: Tensor) -> Tensor:
        """Return the logits."""
        ...


def hold_out_parts(pixels: SpectralSamples, seed: int) -> tuple[SampleIndices, SampleIndices]:
    """Return training and held-out indices; whole regions with about a quarter of each class are held out.

    A class with only one region is used only for training. If no region can be held out, both parts are all pixels.
    """
    held_out = np.zeros(len(pixels.labels), dtype=bool)
    generator = np.random.default_rng(seed)
    for k in np.unique(pixels.labels):
        mine = pixels.labels == k
        names, sizes = np.unique(pixels.parts[mine], return_counts=True)
        wanted, taken = HELD_OUT * sizes.sum(), 0
        for n in generator.permutation(len(names))[: len(names) - 1]:  # keep at least one region for training
            if taken and taken + sizes[n] > 1.2 * wanted:
                continue
            if sizes[n] > 0.6 * sizes.sum():
                continue
            held_out |= mine & (pixels.parts == names[n])
            taken += int(sizes[n])
            if taken >= wanted:
                break
    every = np.arange(len(held_out))
    return (every[~held_out], every[held_out]) if held_out.any() else (every, every)


def evaluate_held_out(net: Classifier, pixels: SpectralSamples, held_out: SampleIndices, device: torch.device) -> float:
    """Return the mean IoU (0-1) of the pixels with the indices `held_out`."""
    with torch.inference_mode():
        parts = [
            net(torch.from_numpy(pixels.spectra[part]).to(device))
            for part in np.array_split(held_out, 1 + len(held_out) // 8192)
        ]
    predicted = torch.cat(parts).argmax(dim=1).to(torch.uint8).cpu().numpy()
    counts = confusion(pixels.labels[held_out], predicted, net.classes)
    return ConfusionAccuracy(tuple(map(str, range(net.classes))), counts).mean_iou
