"""State shared by the controllers: dock, worker, layers, messages, current run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsProject
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QMessageBox

from ...models.shared.requests import Request, Resume
from ..dock.dock import MapRefinerDock
from ..environment.check import find_python
from ..errors import UserError
from ..layers.score_layers import ScoreLayers
from ..messages import Messages
from ..run.extent import Extent
from ..run.run import Run
from ..settings import Settings
from ..state import DockState, Task, WorkerState
from ..worker.launch import Launch
from ..worker.process import WorkerProcess


class AppContext(QObject):
    """State shared by the controllers: worker, layers, current run, running task."""

    def __init__(self, iface: QgisInterface, dock: MapRefinerDock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.iface = iface
        self.dock = dock
        self.canvas = iface.mapCanvas()
        self.project = QgsProject.instance()
        self.settings = Settings()
        self.messages = Messages(iface)
        self.engine = WorkerProcess(self)
        self.layers = ScoreLayers(self.project, self)
        self.run: Run | None = None
        self.pending_run: Run | None = None  # replaces `run` when its coarse map arrives
        self.task = Task.NONE
        self.playing = False
        self.python: Path | None = None
        self.find_python_for_worker()

    # --- asking the worker ------------------------------------------------------------------------------------

    def ask(self, task: Task, text: str, *requests: Request) -> None:
        """Send requests to the worker; start it if necessary.

        Raises:
            UserError: if no Python is available for the worker, or another task is running.
        """
        self.require_idle()
        if self.engine.state in (WorkerState.STOPPED, WorkerState.DEAD, WorkerState.SILENT):
            self.start_worker()
        self.task = task
        self.dock.footer.begin(text)
        self.engine.send(*requests)
        self.refresh()

    def require_idle(self) -> None:
        """Require that no task is running.

        Raises:
            UserError: if a task is running.
        """
        if self.task is not Task.NONE:
            raise UserError(self.tr("Another task is running. Wait for it, or cancel it."))

    def start_worker(self) -> None:
        """Restart the worker; the next request reopens the run.

        Raises:
            UserError: if no Python is available for it.
        """
        self.find_python_for_worker()
        if self.python is None:
            self.refresh()
            raise UserError(
                self.tr(
                    "No Python with PyTorch was found. Choose one, or create an environment, in Settings "
                    "> Options > Map Refiner."
                )
            )
        self.close_runs()
        self.engine.start(Launch(str(self.python), self.settings.device))

    def on_run(self, *requests: Request) -> tuple[Request, ...]:
        """Return requests on the current run, after a `Resume` if the worker has not opened the run.

        Raises:
            UserError: if there is no current run.
        """
        run = self.run
        if run is None:
            raise UserError(self.tr("Make a coarse map first."))
        return requests if run.is_open else (Resume(str(run.folder)), *requests)

    def mapped_run(self) -> Run:
        """Return the current run, which must have a map.

        Raises:
            UserError: if there is no run with a map.
        """
        if self.run is None or self.run.shown < 0:
            raise UserError(self.tr("Make a coarse map first."))
        return self.run

    def close_runs(self) -> None:
        """Record that the worker has no open scene."""
        for run in (self.run, self.pending_run):
            if run is not None:
                run.is_open = False

    def find_python_for_worker(self) -> None:
        """Find the Python for the worker."""
        self.python = find_python(self.settings.python)

    # --- showing ----------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Update the dock to the present state."""
        self.dock.refresh(self.state())

    def state(self) -> DockState:
        """Return the present state."""
        worker = self.engine.state
        if worker is WorkerState.STOPPED and self.python is None:
            worker = WorkerState.MISSING
        run = self.run
        if run is None:
            return DockState(worker, self.task, self.playing)
        levels = tuple(level.title for level in run.levels)
        return DockState(
            worker,
            self.task,
            playing=self.playing,
            classes=run.classes,
            steps=run.facts(),
            shown=run.shown,
            levels=levels,
            level=run.level,
        )

    def show_step(self, index: int) -> None:
        """Show another step, or a pyramid level (negative index), without computing anything."""
        run = self.run
        step = run.at(index) if run is not None else None
        if run is not None and step is not None:
            run.see(index)
            self.layers.show(run.name, step, self.kind())
            self.refresh()

    def kind(self) -> int:
        """Return the displayed layer of a step: 0 for the class map, k for the heat map of band k."""
        return max(0, self.dock.refine.kind.currentIndex())

    def may_replace(self, path: Path, title: str) -> bool:
        """Ask the user whether an existing file may be replaced."""
        buttons = QMessageBox.StandardButton
        question = self.tr("{} already exists. Replace it?").format(path.name)
        answer = QMessageBox.question(self.dock, title, question, buttons.Yes | buttons.No, buttons.No)
        return answer == buttons.Yes

    # --- places -----------------------------------------------------------------------------------------------

    def view(self) -> Extent:
        """Return the visible extent of the map."""
        crs = self.canvas.mapSettings().destinationCrs()
        return Extent(self.canvas.extent(), crs, self.project.transformContext())


class SectionController(QObject):
    """Base class of the section controllers."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self.context = context
        self.dock = context.dock
        self.handlers: dict[type, Callable[[Any], None]] = {}


def shows_errors(method: Callable[..., None]) -> Callable[..., None]:
    """Decorate a controller method so that its `UserError` is shown in the message bar."""

    @functools.wraps(method)
    def speak(part: SectionController, *arguments: object) -> None:
        try:
            method(part, *arguments)
        except UserError as refusal:
            part.context.messages.warn(str(refusal))

    return speak
