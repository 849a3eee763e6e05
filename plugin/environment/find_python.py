"""Search for a Python that can create an environment; one in the path may be a stub that does nothing."""

from __future__ import annotations

import os
from collections import deque

from qgis.PyQt.QtCore import QObject, QProcess, QStandardPaths, QTimer, pyqtSignal

from ..worker.launch import clean_environment
from .recipe import CAN_MAKE, USUAL_PYTHONS

ASK_MS = 10_000  # for one Python


class PythonSearch(QObject):
    """A search through the Pythons of the path, one by one, in the background."""

    found = pyqtSignal(str)  # the first that can create an environment; empty: none

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._left: deque[str] = deque()
        self._process = QProcess(self)
        self._process.setProcessEnvironment(clean_environment())
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(self._process.kill)

    def start(self, folders: list[str] | None = None) -> None:
        """Start the search in `folders`, or else in the path; the signal follows."""
        places = os.environ.get("PATH", "").split(os.pathsep) if folders is None else folders
        paths = [QStandardPaths.findExecutable(name, [place]) for name in USUAL_PYTHONS for place in places if place]
        self._left = deque(dict.fromkeys(filter(None, paths)))
        self._next()

    def _next(self) -> None:
        if not self._left:
            self.found.emit("")
            return
        self._limit.start(ASK_MS)
        self._process.start(self._left[0], ["-I", "-c", CAN_MAKE])

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._limit.stop()
        path = self._left.popleft()
        if code == 0 and status == QProcess.ExitStatus.NormalExit:
            self.found.emit(path)
        else:
            QTimer.singleShot(0, self._next)  # the process is still emitting its signal

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._limit.stop()
            self._left.popleft()
            QTimer.singleShot(0, self._next)
