"""Training progress and remaining time.

Modules that this file covers: models/runtime/preload_torch.py.
"""

import pytest
from map_refiner.models.runtime.progress import Clock, sub_progress
from map_refiner.models.training.loop import TrainingUpdate, run_training


class Training:
    """A training with given scores; `closed` is set when its iterator ends or is closed."""

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


def test_a_complete_training_reports_every_update():
    training, told = Training(0.2, None, 0.6, 0.4), []
    outcome = run_training(training.epochs(), lambda: False, lambda update, left: told.append((update.update, left)))
    assert (outcome.updates, outcome.held_out_miou, outcome.stopped) == (4, 0.6, False)
    assert [step for step, _ in told] == [1, 2, 3, 4]
    assert training.closed


def test_a_training_stops_on_request_and_is_marked_as_stopped():
    training, told = Training(0.2, 0.6, None, 0.9), []
    outcome = run_training(training.epochs(), lambda: len(told) >= 3, lambda update, _: told.append(update.update))
    assert (outcome.updates, outcome.held_out_miou, outcome.stopped) == (3, 0.6, True)
    assert training.closed


def test_a_stop_at_the_last_update_counts_as_complete():
    outcome = run_training(Training(0.2).epochs(), lambda: True, lambda *_: None)
    assert not outcome.stopped


def test_an_error_in_the_progress_callback_closes_the_training():
    training = Training(0.2, 0.3)

    def tell(epoch, _):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        run_training(training.epochs(), lambda: False, tell)
    assert training.closed


def test_sub_progress_can_be_nested():
    seen = []
    progress = sub_progress(sub_progress(seen.append, 0.5, 0.5), 0.2, 0.4)
    progress(0)
    progress(0.5)
    progress(1)
    assert seen == pytest.approx([0.6, 0.7, 0.8])


def test_the_remaining_time_is_proportional_to_the_remaining_share(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    clock = Clock()
    assert clock.seconds_left(0.5) is None  # no time has passed yet
    now[0] += 10
    assert clock.seconds_left(0.25) == pytest.approx(30)
    assert clock.seconds_left(1) == 0
    assert clock.seconds_left(0) is None
