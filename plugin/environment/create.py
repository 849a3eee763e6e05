"""Creation of the worker's environment: a venv, PyTorch from its own index, then all other packages."""

from __future__ import annotations

import shutil
import time
from collections import deque
from pathlib import Path

from qgis.PyQt.QtCore import QObject, QProcess, QTimer, pyqtSignal

from ..errors import UserError
from ..wording import tr
from .check import python_of
from .pip_errors import explain, scrubbed
from .recipe import EnvironmentRecipe, Stage, check, free_gb, pip_environment, stages

REPORT_MS = 1_000
LAST_LINES = 80
LONGEST = 60  # characters of pip's output that are shown


class EnvironmentMaker(QObject):
    """Creates one environment at a time, reusing what a cancelled or failed attempt installed."""

    progressed = pyqtSignal(float, str, object)  # 0-1, current activity, seconds left or None
    made = pyqtSignal(str)  # the Python of the environment
    failed = pyqtSignal(str)  # message for the user; empty: cancelled

    def __init__(self, log: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.log = log
        self._recipe: EnvironmentRecipe | None = None
        self._stages: deque[Stage] = deque()
        self._process: QProcess | None = None
        self._lines: deque[str] = deque(maxlen=LAST_LINES)
        self._text, self._started, self._free, self._fraction = "", 0.0, 0.0, 0.0
        self._clock = QTimer(self)
        self._clock.setInterval(REPORT_MS)
        self._clock.timeout.connect(self._tell)

    @property
    def is_running(self) -> bool:
        """Return whether an environment is being created."""
        return self._recipe is not None

    def start(self, recipe: EnvironmentRecipe) -> None:
        """Start the creation; signals follow.

        Raises:
            UserError: if it cannot start.
        """
        check(recipe)
        scratch = recipe.folder / "scratch"  # of pip, on the same disk: the default folder may be too small
        try:
            scratch.mkdir(parents=True, exist_ok=True)
            self.log.parent.mkdir(parents=True, exist_ok=True)
            self.log.write_text("", encoding="utf-8")
        except OSError as error:
            raise UserError(tr("The folder {} cannot be created: {}").format(recipe.folder, error.strerror)) from error
        self._recipe = recipe
        self._stages = deque(stages(recipe))
        self._lines.clear()
        self._started, self._free, self._fraction = time.monotonic(), free_gb(recipe.folder), 0.0
        self._clock.start()
        self._next()

    def cancel(self) -> None:
        """Cancel immediately."""
        if self.is_running:
            self._end()
            self.failed.emit("")

    # --- stages ---------------------------------------------------------------------------------------------------

    def _next(self) -> None:
        recipe = self._recipe
        if recipe is None:
            return
        if not self._stages:
            self._end()
            python = python_of(recipe.folder)
            if python is not None:
                self.made.emit(str(python))
            else:
                self.failed.emit(tr("The environment was created, but contains no Python."))
            return
        stage = self._stages.popleft()
        self._text = stage.text
        self._tell()
        self._write(f"--- {stage.text}: {stage.program} {' '.join(stage.arguments)}")
        process = self._process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        process.setProcessEnvironment(pip_environment(recipe))
        process.readyReadStandardOutput.connect(self._on_output)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        process.start(stage.program, list(stage.arguments))

    def _on_output(self) -> None:
        while self._process is not None and self._process.canReadLine():
            self._read_output(bytes(self._process.readLine()).decode("utf-8", "replace"))

    def _read_output(self, line: str) -> None:
        line = scrubbed(line.rstrip())
        self._lines.append(line)
        self._write(line)
        if line.lstrip().startswith(("Collecting ", "Downloading ", "Installing ", "Processing ", "Building ")):
            line = line.strip()
            self._text = line if len(line) < LONGEST else line[:LONGEST] + "…"
            self._tell()

    def _on_finished(self, code: int, _status: QProcess.ExitStatus) -> None:
        self._on_output()
        if self._process is None:
            return
        self._read_output(bytes(self._process.readAll()).decode("utf-8", "replace"))
        self._process.deleteLater()
        self._process = None
        if code == 0:
            self._next()
        else:
            self._end()
            self.failed.emit(explain(tuple(self._lines)))

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._recipe is not None:
            python = self._recipe.python
            self._end()
            self.failed.emit(tr("{} could not be started.").format(python))

    def _end(self) -> None:
        """End the attempt: kill a running process and delete its scratch files."""
        recipe, self._recipe = self._recipe, None
        self._clock.stop()
        self._stages.clear()
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(1_000)
            process.deleteLater()
        if recipe is not None:
            shutil.rmtree(recipe.folder / "scratch", ignore_errors=True)

    # --- what is said ---------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        """Report progress by the space used on the disk, because pip does not report it."""
        if self._recipe is None:
            return
        come = self._free - free_gb(self._recipe.folder)
        self._fraction = max(self._fraction, min(0.99, come / self._recipe.build.needed_gb))
        seconds = time.monotonic() - self._started
        left = seconds * (1 / self._fraction - 1) if self._fraction > 0.05 else None
        self.progressed.emit(self._fraction, self._text, left)

    def _write(self, line: str) -> None:
        try:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError:
            self._lines.append("No space left on device")  # the installer reports the same
