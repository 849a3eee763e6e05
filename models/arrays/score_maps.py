"""Class scores on a georeferenced grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import RefinerError
from .grid import Grid

Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]
Labels = NDArray[np.uint8]

UNLABELLED = 255  # in label and class rasters: excluded from training and evaluation
LOG_FLOOR = 1e-5  # minimum probability, which keeps logarithms within the range of the refiners' weights


@dataclass(frozen=True)
class ScoreMaps:
    """The scores of every class at every pixel of a grid: the content of a step.

    `scores` is (classes, rows, columns) float32, logits; `valid` is (rows, columns), False where the image has NoData.
    """

    scores: Scores
    classes: tuple[str, ...]
    grid: Grid
    valid: Mask

    def __post_init__(self) -> None:
        expected = (len(self.classes), self.grid.height, self.grid.width)
        if self.scores.shape != expected or self.valid.shape != expected[1:]:
            raise RefinerError(
                "Scores of shape {scores_shape} and a mask of shape {valid_shape} do not fit "
                "{count_classes} classes on {grid_height} rows x {grid_width} columns.",
                scores_shape=self.scores.shape,
                valid_shape=self.valid.shape,
                count_classes=len(self.classes),
                grid_height=self.grid.height,
                grid_width=self.grid.width,
            )

    def probabilities(self) -> Scores:
        """Return the softmax of the scores over the classes."""
        return probabilities(self.scores)

    def class_indices(self) -> Labels:
        """Return the index of the best class per pixel, or `UNLABELLED` where there is no data."""
        return np.where(self.valid, self.scores.argmax(axis=0), UNLABELLED).astype(np.uint8)


def probabilities(scores: Scores) -> Scores:
    """Return the softmax of (classes, rows, columns) logits over the classes."""
    shifted = np.exp(scores - scores.max(axis=0, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=0, keepdims=True), dtype=np.float32)


def logits(maps: Scores) -> Scores:
    """Return the logarithms of (classes, rows, columns) probabilities, floored at `LOG_FLOOR` and normalized.

    The paper (Maggiori et al. 2017) starts from the scores before the softmax. A map stored as probabilities determines
    them only up to a constant per pixel, which the logarithm fixes.
    """
    positive = np.maximum(maps, LOG_FLOOR)
    return np.asarray(np.log(positive / positive.sum(axis=0, keepdims=True)), dtype=np.float32)


def uniform_where_invalid(state: Scores, valid: Mask, classes: int) -> Scores:
    """Fill invalid pixels of a state with uniform scores and a zero hidden state."""
    if valid.all():
        return state
    fill = np.zeros((len(state), 1, 1), dtype=np.float32)
    fill[:classes] = -np.log(classes)
    return np.where(valid, state, fill)


def argmax_classes(scores: Scores) -> Labels:
    """Return the index of the best class per pixel, the first of equals; `argmax` takes ten times as long."""
    best, index = scores[0], np.zeros(scores.shape[1:], dtype=np.uint8)
    for k in range(1, len(scores)):
        better = scores[k] > best
        np.maximum(index, np.uint8(k) * better.view(np.uint8), out=index)
        best = np.maximum(best, scores[k])
    return index
