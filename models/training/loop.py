"""The training loop, its updates, and the best weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from ..runtime.progress import Clock, close_iterator


@dataclass(frozen=True)
class TrainingOutcome:
    """The result of a training run."""

    updates: int
    held_out_miou: float  # 0-1, of the weights that are kept
    stopped: bool  # whether it ended before the last update


def run_training(
    updates: Iterator[TrainingUpdate], stop: Callable[[], bool], report: Callable[[TrainingUpdate, float | None], None]
) -> TrainingOutcome:
    """Run a training until it ends or `stop` returns true.

    `report` receives each update and the estimated seconds left; an exception from it ends the training. The model
    always keeps its best weights.
    """
    clock = Clock()
    best, done, stopped = 0.0, 0, False
    try:
        for update in updates:
            done = update.update
            if update.is_best and update.held_out_miou is not None:
                best = update.held_out_miou
            report(update, clock.seconds_left(update.update / update.updates))
            if stop():
                stopped = update.update < update.updates
                break
    finally:
        close_iterator(updates)
    return TrainingOutcome(done, best, stopped)


@dataclass(frozen=True)
class TrainingUpdate:
    """One update of the weights."""

    update: int
    updates: int  # in all
    loss: float
    held_out_miou: float | None = None  # 0-1; None if not evaluated
    is_best: bool = False


class BestWeights:
    """The weights with the best held-out score so far."""

    def __init__(self, model: nn.Module) -> None:
        """Prepare to keep weights of a model."""
        self._model = model
        self.score = -1.0
        self._weights: dict[str, Tensor] = {}

    def update(self, score: float) -> bool:
        """Keep the current weights if their score is the best so far; return whether it is."""
        if score <= self.score:
            return False
        self.score = score
        self._weights = {name: value.detach().clone() for name, value in self._model.state_dict().items()}
        return True

    def set(self, score: float) -> None:
        """Keep the current weights, whatever their score."""
        self.score = -1.0
        self.update(score)

    def restore(self) -> None:
        """Load the best weights into the model."""
        if self._weights:
            self._model.load_state_dict(self._weights)
