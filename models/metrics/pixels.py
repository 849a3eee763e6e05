"""Pixel accuracy of a map: confusion, IoU, boundary and trimap IoU, relaxed precision and recall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..arrays.score_maps import UNLABELLED, Labels, Mask

DISTANCES = (1, 2, 3, 5)  # px, of the boundary IoU
TRIMAP_WIDTHS = (1, 2, 3, 5, 8, 10, 15, 20, 30, 40)  # px on each side of the true boundaries, of the trimap IoU
TOLERANCE_PX = 3  # px, of the relaxed precision and recall [Mnih and Hinton 2010]
MAX_DISTANCE_PX = max(*DISTANCES, *TRIMAP_WIDTHS, TOLERANCE_PX)  # px: halo for exact sums over tiles, for all of these


@dataclass(frozen=True)
class ConfusionAccuracy:
    """The metrics of a confusion matrix; `confusion[truth, predicted]` counts pixels, fractions are 0-1.

    The mean IoU and the average accuracy are over the classes that occur in the labels.
    """

    classes: tuple[str, ...]
    confusion: NDArray[np.int64]

    @property
    def overall_accuracy(self) -> float:
        """The fraction of correctly classified pixels."""
        return float(np.trace(self.confusion) / max(1, self.confusion.sum()))

    @property
    def average_accuracy(self) -> float:
        """The mean recall of the classes."""
        per_class = self.confusion.sum(axis=1)
        return float(np.mean([self.confusion[k, k] / per_class[k] for k in np.flatnonzero(per_class)] or [0.0]))

    @property
    def kappa(self) -> float:
        """Cohen's kappa, the accuracy corrected for chance agreement; 0 if chance agreement is complete."""
        total = max(1, int(self.confusion.sum()))
        by_chance = float((self.confusion.sum(axis=0) @ self.confusion.sum(axis=1)) / total**2)
        return (self.overall_accuracy - by_chance) / (1 - by_chance) if by_chance < 1 else 0.0

    @property
    def iou(self) -> tuple[float | None, ...]:
        """The intersection over union of each class; None for a class that is not in the labels."""
        diagonal, truth = np.diag(self.confusion), self.confusion.sum(axis=1)
        union = truth + self.confusion.sum(axis=0) - diagonal
        return tuple(float(diagonal[k] / union[k]) if truth[k] else None for k in range(len(self.classes)))

    @property
    def mean_iou(self) -> float:
        """The mean IoU of the classes that occur in the labels."""
        known = [value for value in self.iou if value is not None]
        return float(np.mean(known)) if known else 0.0


def confusion(truth: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """Count (truth, predicted) pairs of class indices in pixels that are labelled in both."""
    known = (truth < classes) & (predicted < classes)
    pairs = truth[known].astype(np.int64) * classes + predicted[known]
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def boundary_counts(
    truth: Labels, predicted: Labels, classes: int, core: tuple[slice, slice], distances: Sequence[int] = DISTANCES
) -> NDArray[np.int64]:
    """Count intersections and unions of boundary regions: (distances, classes, 2).

    The boundary region of a class is the part removed by d erosions with a 3 x 3 square (Cheng et al. 2021, with d in
    pixels); the border of the array counts as boundary. Unlabelled pixels are removed from both maps. Only pixels in
    `core` are counted, so that tiles with a halo of d add up exactly.
    """
    known = (truth != UNLABELLED) & (predicted != UNLABELLED)
    counts = np.zeros((len(distances), classes, 2), dtype=np.int64)
    for k in range(classes):
        ours, theirs = _depth(known & (predicted == k))[core], _depth(known & (truth == k))[core]
        for n, distance in enumerate(distances):
            a, b = (ours > 0) & (ours <= distance), (theirs > 0) & (theirs <= distance)
            counts[n, k] = np.count_nonzero(a & b), np.count_nonzero(a | b)
    return counts


def _depth(mask: Mask) -> NDArray[np.int32]:
    """Return one plus the number of erosions by a 3 x 3 square that each pixel survives; 0 outside the mask."""
    framed = np.pad(mask, 1)  # the border of the array erodes too
    return np.asarray(ndimage.distance_transform_cdt(framed, metric="chessboard")[1:-1, 1:-1], dtype=np.int32)


def trimap_confusion(
    truth: Labels, predicted: Labels, classes: int, core: tuple[slice, slice], widths: Sequence[int] = TRIMAP_WIDTHS
) -> NDArray[np.int64]:
    """Count (truth, predicted) pairs in bands along the true boundaries: (widths, classes, classes).

    The band of width d, in pixels and ascending, contains the labelled pixels within a Euclidean distance d of a
    labelled pixel of another class, between their centres. The border of the array is not a boundary (the trimap of
    Ghiasi and Fowlkes 2016). Only pixels in `core` are counted, so that tiles with a halo of d add up exactly.
    """
    band = np.searchsorted(widths, _to_other_class(truth, classes, core))  # narrowest band of each pixel
    truth, predicted = truth[core], predicted[core]
    rings = [confusion(truth[band == n], predicted[band == n], classes) for n in range(len(widths))]
    return np.cumsum(rings, axis=0, dtype=np.int64)


def _to_other_class(truth: Labels, classes: int, core: tuple[slice, slice]) -> NDArray[np.float64]:
    """Return the distance in pixels from each pixel of `core` to the nearest labelled pixel of another class."""
    inner, known = truth[core], truth < classes
    distances = np.full(inner.shape, np.inf)
    for k in np.unique(inner[inner < classes]):
        others = known & (truth != k)
        if others.any():
            own = inner == k
            distances[own] = ndimage.distance_transform_edt(~others)[core][own]
    return distances


def relaxed_counts(
    truth: Labels, predicted: Labels, classes: int, core: tuple[slice, slice], tolerance: int = TOLERANCE_PX
) -> NDArray[np.int64]:
    """Count the matches within a Euclidean tolerance in pixels: (classes, 2, 2).

    For each class: first the predicted pixels with a true pixel within the tolerance, and all predicted pixels (their
    ratio is the relaxed precision); then the true pixels with a predicted pixel, and all true pixels (the relaxed
    recall; Mnih and Hinton 2010). Unlabelled pixels are removed from both maps. Only pixels in `core` are counted, so
    that tiles with a halo of the tolerance add up exactly.
    """
    known = (truth != UNLABELLED) & (predicted != UNLABELLED)
    away = np.arange(-tolerance, tolerance + 1)
    disc = np.add.outer(away**2, away**2) <= tolerance**2
    counts = np.zeros((classes, 2, 2), dtype=np.int64)
    for k in range(classes):
        maps = known & (predicted == k), known & (truth == k)
        for n, (these, those) in enumerate((maps, maps[::-1])):
            near = ndimage.binary_dilation(those, disc)[core] if those.any() else False
            counts[k, n] = np.count_nonzero(these[core] & near), np.count_nonzero(these[core])
    return counts


def ratio(counts: NDArray[np.int64]) -> float | None:
    """Return the first count over the second, or None if the second is 0."""
    return float(counts[0] / counts[1]) if counts[1] else None
