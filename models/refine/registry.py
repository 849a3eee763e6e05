"""Constructors and training functions of the refiner kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import torch

from ..runtime.progress import CancelCheck
from ..shared.model_kinds import REFINER_KINDS
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

_CLASSES: tuple[Any, ...] = (
    *(ExtendedRefiner, RefinementRNN, ClassAgnosticRNN, UnsharedRNN),
    *(CRF, Heat, PeronaMalik, Anisotropic, Geodesic, OpinionPool),
)
REFINER_CLASSES: dict[str, Callable[[int, int], Refiner]] = {each.kind: each for each in _CLASSES}


class RefinerTrainer(Protocol):
    """Train a refiner in place.

    The best weights are kept, even if the iterator is closed early. Evaluation takes longer than an update, so `check`
    is also called during it.
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
        """Yield one `TrainingUpdate` per update."""
        ...


REFINER_TRAINERS: dict[str, RefinerTrainer] = {
    **{key: train_faithful if kind.is_learned else grid_search for key, kind in REFINER_KINDS.items()},
    ExtendedRefiner.kind: train_extended,
}


def make_refiner(kind: str, classes: int, bands: int) -> Refiner:
    """Make an untrained refiner of a kind."""
    return REFINER_CLASSES[kind](classes, bands)
