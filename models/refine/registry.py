"""The kinds of refiners by their names, in the order in which they are offered, and how each is taught."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from ..runtime.progress import CancelCheck
from ..training.loop import TrainingUpdate
from .active_contour import Geodesic
from .crf import CRF
from .diffusion import Anisotropic, Heat, PeronaMalik
from .extended import ExtendedRefiner
from .opinion_pool import OpinionPool
from .refiner import Refiner
from .rnn import ClassAgnosticRNN, RefinementRNN, UnsharedRNN
from .training.grid_search import grid_search
from .training.samples import LabelledTile
from .training.train_extended import train_extended
from .training.train_faithful import train_faithful

REFINER_KINDS: dict[str, Callable[[int, int], Refiner]] = {
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
DEFAULT_REFINER_KIND = ExtendedRefiner.kind
TRAINING_FREE = frozenset(  # that also work with their usual parameters
    (CRF.kind, Heat.kind, PeronaMalik.kind, Anisotropic.kind, Geodesic.kind, OpinionPool.kind)
)


class TrainFunction(Protocol):
    """Teaches a refiner in place; closing the iterator early keeps the best weights too.

    Judging takes longer than an update, so `check` is called in between.
    """

    def __call__(
        self,
        refiner: Any,
        tiles: Sequence[LabelledTile],
        updates: int,
        seed: int,
        device: torch.device,
        check: CancelCheck = ...,
    ) -> Iterator[TrainingUpdate]:
        """Yield an `Epoch` an update."""
        ...


@dataclass(frozen=True)
class Trainer:
    """How a kind is taught, and how many updates of the weights, or parameters to try, that usually takes."""

    train: TrainFunction
    updates: int


TRAINERS: dict[str, Trainer] = {
    ExtendedRefiner.kind: Trainer(train_extended, 220),
    RefinementRNN.kind: Trainer(train_faithful, 270),
    ClassAgnosticRNN.kind: Trainer(train_faithful, 270),
    UnsharedRNN.kind: Trainer(train_faithful, 270),
    CRF.kind: Trainer(grid_search, 24),
    Heat.kind: Trainer(grid_search, 8),
    PeronaMalik.kind: Trainer(grid_search, 60),
    Anisotropic.kind: Trainer(grid_search, 60),
    Geodesic.kind: Trainer(grid_search, 40),
    OpinionPool.kind: Trainer(grid_search, 15),
}


def make_refiner(kind: str, classes: int, bands: int) -> Refiner:
    """Make a refiner of a kind, untaught."""
    return REFINER_KINDS[kind](classes, bands)
