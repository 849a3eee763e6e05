"""Class weights of a loss, adapted during training so that each class gets its labelled area [ours].

Cross-entropy calibrates probabilities, not maps: a rare class that is hard to recognise is nowhere the most probable
one, so it vanishes from the map although its mean probability is right. Weights by class frequency avoid this, but
overestimate a rare class that is easy to recognise. Here the weight of a class rises while the map gives it less area
than the labels do.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...arrays.score_maps import UNLABELLED

BALANCE_RATE = 0.05  # largest change of a log weight per update
LARGEST_LOG_WEIGHT = math.log(4)  # limit of a log weight relative to the first class, in both directions
COUNT_DECAY = 0.9  # decay of the running counts per update


class ClassBalance:
    """Class weights, (classes), with running pixel counts of each class in the labels and in the maps."""

    def __init__(self, classes: int, device: torch.device) -> None:
        """Start with weights of one."""
        self.weights = torch.ones(classes, device=device)
        self._counts: Tensor | None = None

    def adjust(self, counts: Tensor) -> None:
        """Update the weights from the pixel counts of a batch, as returned by `class_counts`."""
        self._counts = counts if self._counts is None else COUNT_DECAY * self._counts + (1 - COUNT_DECAY) * counts
        has, given = self._counts + 1
        logarithms = self.weights.log() + BALANCE_RATE * (1 - given / has).clamp(-1, 1)
        weights = (logarithms - logarithms[0]).clamp(-LARGEST_LOG_WEIGHT, LARGEST_LOG_WEIGHT).exp()
        self.weights = weights * has.sum() / (weights * has).sum()


def class_counts(labels: Tensor, refined: Tensor) -> Tensor:
    """Count the labelled pixels of each class in the labels (batch, rows, columns) and in the map: (2, classes)."""
    classes, known = refined.shape[-3], labels != UNLABELLED
    found = refined.detach().argmax(dim=-3)
    return torch.stack([torch.bincount(each[known], minlength=classes)[:classes] for each in (labels, found)]).float()
