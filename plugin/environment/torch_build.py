"""Which build of PyTorch suits this computer, how large it is, and where pip finds it."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from qgis.PyQt.QtCore import QObject, QProcess, QStandardPaths, QTimer, pyqtSignal

INDEX = "https://download.pytorch.org/whl/"
OLDEST_DRIVERS = ((570, "cu128"), (560, "cu126"), (550, "cu124"))  # of NVIDIA, the newest first
ASK_MS = 15_000


@dataclass(frozen=True)
class Build:
    """A build of PyTorch."""

    key: str  # "cpu", "cu128", ...
    installed_gb: float  # with everything else that the worker needs
    needed_gb: float  # while it is installed

    @property
    def index(self) -> str:
        """Return the index that has it; empty for that of everything else."""
        return "" if sys.platform == "darwin" else INDEX + self.key  # on a Mac there is one build, in PyPI


CPU = Build("cpu", 1.5, 2.5)


def cuda_build(driver: str) -> Build | None:
    """Return the build for an NVIDIA driver version such as “560.35.03”; None if the driver is too old."""
    number = re.match(r"\d+", driver)
    major = int(number.group()) if number else 0
    return next((Build(key, 6.5, 11.0) for oldest, key in OLDEST_DRIVERS if major >= oldest), None)


class DriverQuestion(QObject):
    """Asks NVIDIA's own program for the version of the driver, without waiting for it."""

    answered = pyqtSignal(str, str)  # driver and card; empty where there is none

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(self._process.kill)

    def ask(self, program: str = "nvidia-smi") -> None:
        """Begin to ask; the signal follows."""
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
