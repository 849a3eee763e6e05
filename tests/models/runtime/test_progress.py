"""Following a training, and how long a run still takes.

Modules that this file covers: models/runtime/preload_torch.py.
"""

import pytest
from map_refiner.models.runtime.progress import Clock, sub_progress
from map_refiner.models.training.loop import TrainingUpdate, run_training


class Training:
    """Epochs with given scores, that remembers whether it was closed."""

    def __init__(self, *scores):
        self.scores, self.closed = scores, False

    def epochs(self):
        best = -1.0
        try:
            for n, score in enumerate(self.scores, start=1):
                is_best = score is not None and score > best
                best = max(best, score or best)
                yield TrainingUpdate(n, len(self.scores), 1.0 / n, score, is_best)
        finally:
            self.closed = True


def test_goes_to_the_end_and_tells_of_every_update():
    training, told = Training(0.2, None, 0.6, 0.4), []
    outcome = run_training(training.epochs(), lambda: False, lambda update, left: told.append((update.update, left)))
    assert (outcome.updates, outcome.held_out_miou, outcome.stopped) == (4, 0.6, False)
    assert [step for step, _ in told] == [1, 2, 3, 4]
    assert training.closed


def test_stops_when_asked_and_says_so():
    training, told = Training(0.2, 0.6, None, 0.9), []
    outcome = run_training(training.epochs(), lambda: len(told) >= 3, lambda update, _: told.append(update.update))
    assert (outcome.updates, outcome.held_out_miou, outcome.stopped) == (3, 0.6, True)
    assert training.closed


def test_a_stop_at_the_last_update_is_an_end():
    outcome = run_training(Training(0.2).epochs(), lambda: True, lambda *_: None)
    assert not outcome.stopped


def test_whatever_tell_raises_closes_the_training():
    training = Training(0.2, 0.3)

    def tell(epoch, _):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        run_training(training.epochs(), lambda: False, tell)
    assert training.closed


def test_shares_of_shares():
    seen = []
    progress = sub_progress(sub_progress(seen.append, 0.5, 0.5), 0.2, 0.4)
    progress(0)
    progress(0.5)
    progress(1)
    assert seen == pytest.approx([0.6, 0.7, 0.8])


def test_the_time_left_is_in_proportion(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    clock = Clock()
    assert clock.seconds_left(0.5) is None  # nothing is known yet
    now[0] += 10
    assert clock.seconds_left(0.25) == pytest.approx(30)
    assert clock.seconds_left(1) == 0
    assert clock.seconds_left(0) is None
