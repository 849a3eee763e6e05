"""The kinds of refiners by their names, in the order in which they are offered, and how each is taught."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from ..training import Epoch
from .lesson import LabelledTile
from .refiner import Refiner
from .rnn import ClassAgnosticRNN, RefinementRNN, UnsharedRNN
from .teach import teach

KINDS: dict[str, Callable[[int, int], Refiner]] = {
    RefinementRNN.kind: RefinementRNN,
    ClassAgnosticRNN.kind: ClassAgnosticRNN,
    UnsharedRNN.kind: UnsharedRNN,
}
DEFAULT = RefinementRNN.kind
UNTAUGHT: frozenset[str] = frozenset()  # that also work with their usual parameters


class Teach(Protocol):
    """Teaches a refiner in place; closing the iterator early keeps the best weights too."""

    def __call__(
        self, refiner: Any, tiles: Sequence[LabelledTile], steps: int, seed: int, device: torch.device
    ) -> Iterator[Epoch]:
        """Yield an `Epoch` an update."""
        ...


@dataclass(frozen=True)
class Lesson:
    """How a kind is taught, and how many updates of the weights that usually takes."""

    teach: Teach
    updates: int


LESSONS: dict[str, Lesson] = {
    RefinementRNN.kind: Lesson(teach, 300),
    ClassAgnosticRNN.kind: Lesson(teach, 300),
    UnsharedRNN.kind: Lesson(teach, 300),
}


def make(kind: str, classes: int, bands: int) -> Refiner:
    """Make a refiner of a kind, untaught."""
    return KINDS[kind](classes, bands)
