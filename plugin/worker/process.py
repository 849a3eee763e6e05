"""The worker process: start, requests, events, cancellation and exit."""

from __future__ import annotations

from collections import deque
from typing import Any

from qgis.PyQt.QtCore import QObject, QProcess, QTimer, pyqtSignal

from ...models.shared import codec, events
from ...models.shared.requests import Cancel, Request, Stop
from ..state import WorkerState
from .exit_reason import cannot_start, explain
from .launch import Launch, clean_environment

START_MS = 120_000  # importing torch from a cold disk is slow
SILENCE_MS = 20_000  # ten missed heartbeats
GRACE_MS = 5_000  # between Cancel and the kill
LAST_MS = 1_500  # for the worker to exit when QGIS closes or the plugin is unloaded
STDERR_LINES = 60


class WorkerProcess(QObject):
    """At most one worker process, with a queue of requests.

    Requests are sent one at a time, each after the previous one has finished. If one fails or is cancelled, the queued
    requests are dropped, because they depend on its success.
    """

    state_changed = pyqtSignal()
    became_ready = pyqtSignal(object)  # events.Ready
    received = pyqtSignal(object)  # an event of the running request
    ended = pyqtSignal(object, bool)  # Finished, Failed or Cancelled; whether more requests are queued
    died = pyqtSignal(str)  # the reason, as a sentence
    logged = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = WorkerState.STOPPED
        self.launch: Launch | None = None
        self._process: Any = None  # a QProcess
        self._waiting: deque[Request] = deque()
        self._running: Request | None = None
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._verdict = ""  # the reason, if the plugin kills the worker
        self._silence = self._timer(self._on_silence)
        self._grace = self._timer(self._on_grace_over)

    def _timer(self, slot: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(slot)
        return timer

    # --- what the controller calls ----------------------------------------------------------------------------

    def start(self, launch: Launch) -> None:
        """Start a worker; replace any running one."""
        self._drop_process()
        self.launch = launch
        self._verdict = ""
        self._stderr.clear()
        self._waiting.clear()
        self._running = None
        process = QProcess(self)
        process.setProcessEnvironment(clean_environment())
        process.readyReadStandardOutput.connect(self._on_output)
        process.readyReadStandardError.connect(self._on_stderr)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        self._set_state(WorkerState.STARTING)
        self._silence.start(START_MS)
        process.start(launch.python, launch.arguments())

    def send(self, *requests: Request) -> None:
        """Queue requests for the started worker."""
        self._waiting.extend(requests)
        self._send_next()

    def stop_training(self) -> None:
        """Ask the running training to stop early and keep its best weights."""
        if self._running is not None:
            self._write(Stop())

    def cancel(self) -> None:
        """Cancel the running request and all queued ones; kill the worker if it does not respond in time."""
        self._waiting.clear()
        if self._running is None:
            self.ended.emit(events.Cancelled(""), False)
            return
        self._write(Cancel())
        self._grace.start(GRACE_MS)

    def stop(self) -> None:
        """Stop the worker without waiting; call `start` before sending more requests."""
        self._drop_process()
        self._waiting.clear()
        self._running = None
        self._set_state(WorkerState.STOPPED)

    def shut_down(self) -> None:
        """Stop the worker and wait briefly, because QGIS is closing or the plugin is being unloaded."""
        process, is_busy = self._process, self._running is not None
        self._drop_process(kill=False)
        if process is not None:
            process.closeWriteChannel()  # ends the running request at once, without half-written files
            if not (is_busy and process.waitForFinished(LAST_MS)):
                process.kill()
                process.waitForFinished(LAST_MS)
            process.deleteLater()
        self._set_state(WorkerState.STOPPED)

    @property
    def running(self) -> Request | None:
        """Return the running request, or None if there is none."""
        return self._running

    def process_id(self) -> int:
        """Return the worker's process id, or 0 if there is no process."""
        return int(self._process.processId()) if self._process is not None else 0

    # --- messages ---------------------------------------------------------------------------------------------

    def _send_next(self) -> None:
        if self.state is not WorkerState.READY or not self._waiting:
            return
        self._running = self._waiting.popleft()
        self._set_state(WorkerState.BUSY)
        self._write(self._running)

    def _write(self, request: Request) -> None:
        if self._process is not None:
            self._process.write(codec.to_line(request).encode("ascii"))

    def _on_output(self) -> None:
        process = self._process
        while process is not None and process is self._process and process.canReadLine():
            self._on_line(bytes(process.readLine()).decode("utf-8", "replace").rstrip("\r\n"))

    def _on_line(self, line: str) -> None:
        self._silence.start(SILENCE_MS)
        if self.state is WorkerState.SILENT:
            self._set_state(WorkerState.BUSY if self._running is not None else WorkerState.READY)
        try:
            event = codec.from_line(line)
        except codec.ProtocolError:
            self.logged.emit(line)  # output printed by a library; events follow
            return
        if isinstance(event, events.Ready):
            self._on_ready(event)
        elif isinstance(event, (events.Finished, events.Failed, events.Cancelled)):
            self._on_ended(event)
        elif not isinstance(event, events.Alive):
            self.received.emit(event)

    def _on_ready(self, ready: events.Ready) -> None:
        if ready.version != codec.VERSION:
            self._kill(
                self.tr("The worker uses version {} of the protocol, the plugin version {}.").format(
                    ready.version, codec.VERSION
                )
            )
            return
        self._set_state(WorkerState.READY)
        self.became_ready.emit(ready)
        self._send_next()

    def _on_ended(self, event: events.Event) -> None:
        self._grace.stop()
        self._running = None
        if not isinstance(event, events.Finished):
            self._waiting.clear()
        self._set_state(WorkerState.READY)
        self.ended.emit(event, bool(self._waiting))
        self._send_next()

    # --- process exit ----------------------------------------------------------------------------------------------

    def _on_stderr(self) -> None:
        if self._process is None:
            return
        text = bytes(self._process.readAllStandardError()).decode("utf-8", "replace")
        for line in text.splitlines():
            self._stderr.append(line)
            self.logged.emit(line)

    def _on_silence(self) -> None:
        if self.state is WorkerState.STARTING:
            self._kill(self.tr("The worker did not start within {} s.").format(START_MS // 1000))
        else:
            self._set_state(WorkerState.SILENT)

    def _on_grace_over(self) -> None:
        self._kill(
            self.tr(
                "The worker did not react to Cancel within {} s and was terminated; finished steps are kept."
            ).format(GRACE_MS // 1000)
        )

    def _kill(self, verdict: str) -> None:
        self._verdict = verdict
        if self._process is not None:
            self._process.kill()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self.launch is not None:
            self._handle_death(cannot_start(self.launch.python))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._on_output()
        self._on_stderr()
        python = self.launch.python if self.launch is not None else ""
        self._handle_death(self._verdict or explain(code, tuple(self._stderr), python))

    def _handle_death(self, sentence: str) -> None:
        self._drop_process()
        self._waiting.clear()
        self._running = None
        self._set_state(WorkerState.DEAD)
        self.died.emit(sentence)

    def _drop_process(self, kill: bool = True) -> None:
        """Disconnect and forget the process, so that its further output is ignored."""
        self._silence.stop()
        self._grace.stop()
        process, self._process = self._process, None
        if process is None:
            return
        process.disconnect()
        if process.state() == QProcess.ProcessState.NotRunning:
            process.deleteLater()
        elif kill:
            process.finished.connect(process.deleteLater)  # deleting it now would block until it exits
            process.kill()

    def _set_state(self, state: WorkerState) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit()
