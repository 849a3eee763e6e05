"""The worker's Python and its modules."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, QProcess, QTimer, pyqtSignal

from ...models.shared.paths import PACKAGE_ROOT
from ...models.shared.requirements import MODULES
from ..settings import PREFIX
from ..worker.launch import PROBE, boot, clean_environment

VARIABLE = "MAP_REFINER_PYTHON"
CHECK_MS = 120_000  # loading torch from a cold disk takes long


@dataclass(frozen=True)
class Description:
    """The versions, device and cluster that a Python has for the worker."""

    python: str  # version
    versions: dict[str, str]
    device: str
    step_ms: float | None = None  # one refinement step on 1000 x 1000 pixels
    problem: str = ""  # why it cannot compute although all modules are present
    cluster: str = ""  # resources of the cluster, or why it cannot be used

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the modules that the worker needs and this Python lacks."""
        return tuple(name for name in MODULES if name not in self.versions)


def find_python(chosen: str, root: Path = PACKAGE_ROOT) -> Path | None:
    """Return the worker's Python: the chosen one, or the first in the usual places, or None."""
    chosen = chosen or os.environ.get(VARIABLE, "")
    if chosen:
        return Path(chosen) if Path(chosen).is_file() else None
    found = (python_of(folder) for folder in (root / ".venv" / "worker", default_environment()))
    return next((python for python in found if python is not None), None)


def default_environment() -> Path:
    """Return the default folder of the environment; updates of the plugin keep it."""
    return Path(QgsApplication.qgisSettingsDirPath()) / PREFIX / "env"


def python_of(environment: Path) -> Path | None:
    """Return the Python of an environment, or None if there is none."""
    names = ("bin/python", "Scripts/python.exe", "python.exe")
    return next((environment / name for name in names if (environment / name).is_file()), None)


class Check(QObject):
    """A check of a Python's modules and device in the background."""

    described = pyqtSignal(object)  # Description
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(self._on_limit)

    def start(self, python: str, device: str = "auto", scheduler: str = "") -> None:
        """Start the check, which also times a step and describes a cluster; one of the signals follows."""
        self.stop()
        self._process = QProcess(self)
        self._process.setProcessEnvironment(clean_environment())
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        self._process.start(python, [*boot(PROBE), device, scheduler])
        self._limit.start(CHECK_MS)

    def stop(self) -> None:
        """Cancel the check without a signal."""
        self._limit.stop()
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.deleteLater()

    def _on_finished(self) -> None:
        process, self._process = self._process, None
        self._limit.stop()
        if process is None:
            return
        lines = bytes(process.readAllStandardOutput()).decode("utf-8", "replace").splitlines()
        complaint = bytes(process.readAllStandardError()).decode("utf-8", "replace").strip()
        process.deleteLater()
        try:
            self.described.emit(Description(**json.loads(lines[-1])))
        except (IndexError, ValueError, TypeError):
            self.failed.emit(complaint.splitlines()[-1] if complaint else self.tr("Python did not answer."))

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.stop()
            self.failed.emit(self.tr("Python could not be started."))

    def _on_limit(self) -> None:
        self.stop()
        self.failed.emit(self.tr("Python did not answer within {} s.").format(CHECK_MS // 1000))
