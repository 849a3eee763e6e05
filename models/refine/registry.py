"""The kinds of refiners by their names, in the order in which they are offered, and how each is taught."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from ..runtime.progress import Check
from ..training.loop import Epoch
from .active_contour import Geodesic
from .crf import CRF
from .diffusion import Anisotropic, Heat, PeronaMalik
from .extended import ExtendedRefiner
from .opinion_pool import OpinionPool
from .refiner import Refiner
from .rnn import ClassAgnosticRNN, RefinementRNN, UnsharedRNN
from .training.grid_search import search
from .training.samples import LabelledTile
from .training.train_extended import drill
from .training.train_faithful import teach

KINDS: dict[str, Callable[[int, int], Refiner]] = {
    ExtendedRefiner.kind: ExtendedRefiner,
    RefinementRNN.kind: RefinementRNN,
    ClassAgnosticRNN.kind: ClassAgnosticRNN,
    UnsharedRNN.kind: UnsharedRNN,
    CRF.kind: CRF,
    Heat.kind: Heat,
    PeronaMalik.kind: PeronaMalik,
    Anisotropic.kind: Anisotropic,
    Geodesic.kind: Geodesic,
    OpinionPool.kind: OpinionPool,
}
DEFAULT = ExtendedRefiner.kind
UNTAUGHT = frozenset(  # that also work with their usual parameters
    (CRF.kind, Heat.kind, PeronaMalik.kind, Anisotropic.kind, Geodesic.kind, OpinionPool.kind)
)


class Teach(Protocol):
    """Teaches a refiner in place; closing the iterator early keeps the best weights too.

    Judging takes longer than an update, so `check` is called in between.
    """

    def __call__(
        self,
        refiner: Any,
        tiles: Sequence[LabelledTile],
        steps: int,
        seed: int,
        device: torch.device,
        check: Check = ...,
    ) -> Iterator[Epoch]:
        """Yield an `Epoch` an update."""
        ...


@dataclass(frozen=True)
class Lesson:
    """How a kind is taught, and how many updates of the weights, or parameters to try, that usually takes."""

    teach: Teach
    updates: int


LESSONS: dict[str, Lesson] = {
    ExtendedRefiner.kind: Lesson(drill, 220),
    RefinementRNN.kind: Lesson(teach, 270),
    ClassAgnosticRNN.kind: Lesson(teach, 270),
    UnsharedRNN.kind: Lesson(teach, 270),
    CRF.kind: Lesson(search, 24),
    Heat.kind: Lesson(search, 8),
    PeronaMalik.kind: Lesson(search, 60),
    Anisotropic.kind: Lesson(search, 60),
    Geodesic.kind: Lesson(search, 40),
    OpinionPool.kind: Lesson(search, 15),
}


def make(kind: str, classes: int, bands: int) -> Refiner:
    """Make a refiner of a kind, untaught."""
    return KINDS[kind](classes, bands)
