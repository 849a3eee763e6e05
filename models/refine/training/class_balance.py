"""Weights of the classes in a loss, found on the way: each class is to be given as much ground as it has [ours].

Cross-entropy makes probabilities right, not maps: a class that is rare and hard to tell is likelier than all others
nowhere, and vanishes from the map, right as that is on average. Weights by frequency would mend that, and make too much
of a class that is rare and easy to tell. So a class weighs more while it is given less ground than its labels have.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ...arrays.score_maps import UNLABELLED

BALANCE_RATE = 0.05  # by which a logarithmic weight changes at an update
MOST = math.log(4)  # of a logarithmic weight, either way, against the first class
KEPT = 0.9  # of the running counts at each update


class ClassBalance:
    """The weights, (classes), and running counts of the ground that labels and maps give each class."""

    def __init__(self, classes: int, device: torch.device) -> None:
        """Begin with weights of one."""
        self.weights = torch.ones(classes, device=device)
        self._counts: Tensor | None = None

    def adjust(self, counts: Tensor) -> None:
        """Change the weights by the pixels of a batch, as `counted` returns them."""
        self._counts = counts if self._counts is None else KEPT * self._counts + (1 - KEPT) * counts
        has, given = self._counts + 1
        logarithms = self.weights.log() + BALANCE_RATE * (1 - given / has).clamp(-1, 1)
        weights = (logarithms - logarithms[0]).clamp(-MOST, MOST).exp()
        self.weights = weights * has.sum() / (weights * has).sum()


def class_counts(labels: Tensor, refined: Tensor) -> Tensor:
    """Count the labelled pixels of each class by their labels (batch, rows, columns) and by the map: (2, classes)."""
    classes, known = refined.shape[-3], labels != UNLABELLED
    found = refined.detach().argmax(dim=-3)
    return torch.stack([torch.bincount(each[known], minlength=classes)[:classes] for each in (labels, found)]).float()
