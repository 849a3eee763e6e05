"""The build of PyTorch for this computer: its size, and the index that pip installs it from."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from qgis.PyQt.QtCore import QObject, QProcess, QStandardPaths, QTimer, pyqtSignal

INDEX = "https://download.pytorch.org/whl/"
OLDEST_DRIVERS = ((570, "cu128"), (560, "cu126"), (550, "cu124"))  # NVIDIA drivers, newest first
ASK_MS = 15_000


@dataclass(frozen=True)
class Build:
    """A build of PyTorch."""

    key: str  # "cpu", "cu128", ...
    installed_gb: float  # with all other packages of the worker
    needed_gb: float  # during the installation

    @property
    def index(self) -> str:
        """Return the package index of the build; empty for PyPI."""
        return "" if sys.platform == "darwin" else INDEX + self.key  # macOS has one build, on PyPI


CPU_BUILD = Build("cpu", 1.5, 2.5)


def cuda_build(driver: str) -> Build | None:
    """Return the build for an NVIDIA driver version such as “560.35.03”, or None if the driver is too old."""
    number = re.match(r"\d+", driver)
    major = int(number.group()) if number else 0
    return next((Build(key, 6.5, 11.0) for oldest, key in OLDEST_DRIVERS if major >= oldest), None)


class DriverQuestion(QObject):
    """A query of the NVIDIA driver's version in the background."""

    answered = pyqtSignal(str, str)  # driver and card; empty if there is none

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(self._process.kill)

    def ask(self, program: str = "nvidia-smi") -> None:
        """Start the query; the signal follows."""
        path = QStandardPaths.findExecutable(program)
        if not path:
            self.answered.emit("", "")
            return
        self._limit.start(ASK_MS)
        self._process.start(path, ["--query-gpu=driver_version,name", "--format=csv,noheader"])

    def _on_finished(self, code: int, _status: QProcess.ExitStatus) -> None:
        self._limit.stop()
        lines = bytes(self._process.readAllStandardOutput()).decode("utf-8", "replace").splitlines()
        driver, _, card = lines[0].partition(",") if lines and code == 0 else ("", "", "")
        known = bool(re.match(r"\d+\.\d", driver.strip()))
        self.answered.emit(driver.strip() if known else "", card.strip() if known else "")

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.answered.emit("", "")
