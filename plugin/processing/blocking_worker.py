"""A worker for one algorithm, which blocks until the worker is done."""

from __future__ import annotations

import time
from collections.abc import Sequence

from qgis.core import QgsProcessingException, QgsProcessingFeedback
from qgis.PyQt.QtCore import QEventLoop, QObject, QTimer

from ...models.shared import events
from ...models.shared.requests import (
    ExportRaster,
    ExportScores,
    LoadRefiner,
    LoadScores,
    Open,
    Request,
    Step,
    TrainCoarse,
)
from ..state import WorkerState
from ..wording import duration, tr, worker_text, worker_texts
from ..worker.launch import Launch
from ..worker.process import WorkerProcess

POLL_MS = 100  # between two checks whether the user has cancelled
OBEY_MS = 1_500  # between cancel and kill; a cancelled algorithm keeps nothing
REPORT_EVERY_S = 5.0  # interval of log lines

# Rough relative durations of the requests.
EFFORT = {Open: 2, LoadRefiner: 1, LoadScores: 5, ExportScores: 5, ExportRaster: 5, TrainCoarse: 100}
USUAL_EFFORT = 60


class BlockingWorker(QObject):
    """Carries out requests with its own worker, and blocks the calling thread."""

    def __init__(self, launch: Launch, feedback: QgsProcessingFeedback) -> None:
        super().__init__()
        self._launch = launch
        self._feedback = feedback
        self._events: list[events.Event] = []
        self._done = 0  # finished requests
        self._shares: list[tuple[float, float]] = []  # start and length of each request, as shares of the whole
        self._last_text = ("", 0.0)  # last progress text, and its time
        self._refusal: str | None = None
        self._detail = ""
        self._cancelled_at: float | None = None
        self._loop = QEventLoop(self)
        self._engine = engine = WorkerProcess(self)
        engine.became_ready.connect(self._on_ready)
        engine.received.connect(self._on_received)
        engine.ended.connect(self._on_ended)
        engine.died.connect(self._on_died)
        engine.logged.connect(self._on_logged)
        engine.state_changed.connect(self._on_state_changed)

    def carry_out(self, requests: Sequence[Request]) -> list[events.Event]:
        """Carry out requests, and return their events.

        Raises:
            QgsProcessingException: if a request fails, the worker dies, or the user cancels.
        """
        whole, before = sum(_effort(request) for request in requests), 0.0
        for request in requests:
            self._shares.append((before / whole, _effort(request) / whole))
            before += _effort(request)
        poll = QTimer(self)
        poll.timeout.connect(self._on_poll)
        poll.start(POLL_MS)
        self._feedback.setProgressText(tr("Starting the worker"))
        self._engine.start(self._launch)
        self._engine.send(*requests)
        if self._refusal is None:  # a program that is not Python fails at once
            self._loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        poll.stop()
        self._engine.blockSignals(True)
        self._engine.shut_down()
        if self._refusal:
            if self._detail:
                self._feedback.pushConsoleInfo(self._detail)
            raise QgsProcessingException(self._refusal)
        return self._events

    def _end(self, refusal: str) -> None:
        if self._refusal is None:
            self._refusal = refusal
        self._loop.quit()

    # --- what the worker says -------------------------------------------------------------------------------------

    def _on_ready(self, ready: events.Ready) -> None:
        text = tr("Computing on {}, with Python {} and PyTorch {}")
        self._feedback.pushInfo(text.format(ready.device_name, ready.python, ready.torch))

    def _on_received(self, event: events.Event) -> None:
        self._events.append(event)
        if isinstance(event, events.Progressed):
            self._progress(event.fraction, worker_text(event.text), event.seconds_left)
        elif isinstance(event, events.TrainingProgressed):
            self._progress(event.update / max(1, event.updates), _training(event), event.seconds_left, each=False)
        elif isinstance(event, events.Opened):
            size = tr("The scene has {} × {} pixels").format(event.width, event.height)
            self._feedback.pushInfo(size + _pixel(event.pixel_size_m))
        elif isinstance(event, events.Noticed):
            self._feedback.pushWarning(worker_texts(event.texts))
        elif isinstance(event, events.Stepped) and event.changed is not None:
            self._feedback.pushInfo(tr("Step {}: {:.2%} of the pixels changed").format(event.index, event.changed))

    def _progress(self, fraction: float, text: str, seconds_left: float | None, each: bool = True) -> None:
        begin, share = self._shares[min(self._done, len(self._shares) - 1)]
        self._feedback.setProgress(100 * (begin + share * min(1.0, fraction)))
        before, then = self._last_text
        if (each and text != before) or time.monotonic() - then > REPORT_EVERY_S:
            self._last_text = (text, time.monotonic())
            left = "" if seconds_left is None else tr(" · {} left").format(duration(seconds_left))
            self._feedback.setProgressText(text + left)

    def _on_ended(self, event: events.Event, more: bool) -> None:
        self._done += 1
        if isinstance(event, events.Failed):
            self._detail = event.detail
            self._end(worker_texts(event.texts))
        elif isinstance(event, events.Cancelled):
            self._end(tr("Cancelled."))
        elif not more:
            self._feedback.setProgress(100)
            self._end("")

    def _on_died(self, sentence: str) -> None:
        self._end(tr("Cancelled.") if self._cancelled_at is not None else sentence)

    def _on_logged(self, line: str) -> None:
        self._feedback.pushConsoleInfo(line)

    def _on_state_changed(self) -> None:
        if self._engine.state is WorkerState.SILENT:
            self._feedback.pushWarning(tr("The worker is not responding. Wait, or cancel."))

    # --- what the analyst says ------------------------------------------------------------------------------------

    def _on_poll(self) -> None:
        if not self._feedback.isCanceled():
            return
        if self._cancelled_at is None:
            self._cancelled_at = time.monotonic()
            self._engine.cancel()
        elif time.monotonic() - self._cancelled_at > OBEY_MS / 1000:
            self._engine.stop()
            self._end(tr("Cancelled."))


def _effort(request: Request) -> float:
    if isinstance(request, Step):
        return 30 * request.count
    return EFFORT.get(type(request), USUAL_EFFORT)


def _training(event: events.TrainingProgressed) -> str:
    text = tr("Update {} of {}, loss {:.3f}").format(event.update, event.updates, event.loss)
    if event.held_out_miou is not None:
        text += tr(", held-out mean IoU {:.3f}").format(event.held_out_miou)
    if event.coarse_miou is not None:
        text += tr(" (of the coarse map {:.3f})").format(event.coarse_miou)
    return text


def _pixel(size_m: float | None) -> str:
    return "" if size_m is None else tr(" of {:.3g} m").format(size_m)
