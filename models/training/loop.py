"""How far a run is, how long it still takes, and whether anybody wants it to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from ..runtime.progress import Clock, _close


@dataclass(frozen=True)
class TrainingOutcome:
    """How a training ended."""

    steps: int
    held_out_miou: float  # of the weights that were kept, 0-1
    stopped: bool  # before its last step


def run_training(
    epochs: Iterator[TrainingUpdate], stop: Callable[[], bool], tell: Callable[[TrainingUpdate, float | None], None]
) -> TrainingOutcome:
    """Run a training to its end or until `stop`, telling of each update with the seconds left.

    Whatever `tell` raises ends the training too; in every case the model is left with its best weights.
    """
    clock = Clock()
    best, steps, stopped = 0.0, 0, False
    try:
        for epoch in epochs:
            steps = epoch.step
            if epoch.is_best and epoch.held_out_miou is not None:
                best = epoch.held_out_miou
            tell(epoch, clock.seconds_left(epoch.step / epoch.steps))
            if stop():
                stopped = epoch.step < epoch.steps
                break
    finally:
        _close(epochs)
    return TrainingOutcome(steps, best, stopped)


@dataclass(frozen=True)
class TrainingUpdate:
    """One update of the weights; the held-out mean IoU (0-1) is there when it was measured."""

    step: int
    steps: int
    loss: float
    held_out_miou: float | None = None
    is_best: bool = False


class BestWeights:
    """Keeps the weights that did best on what was held out, and gives them back at the end."""

    def __init__(self, model: nn.Module) -> None:
        """Watch a model."""
        self._model = model
        self.score = -1.0
        self._weights: dict[str, Tensor] = {}

    def offer(self, score: float) -> bool:
        """Keep the present weights if they are the best so far."""
        if score <= self.score:
            return False
        self.score = score
        self._weights = {name: value.detach().clone() for name, value in self._model.state_dict().items()}
        return True

    def take(self, score: float) -> None:
        """Keep the present weights, whatever came before."""
        self.score = -1.0
        self.offer(score)

    def restore(self) -> None:
        """Put the best weights into the model."""
        if self._weights:
            self._model.load_state_dict(self._weights)
