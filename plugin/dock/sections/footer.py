"""Footer of the dock: the device, the running task, and buttons to cancel, restart or set up."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QProgressBar, QToolButton, QVBoxLayout, QWidget

from ...state import DockState, Task, WorkerState
from ...wording import duration, milliseconds
from .section import button, note


class Footer(QWidget):
    """The footer, always visible below the sections."""

    cancel_requested = pyqtSignal()
    restart_requested = pyqtSignal()
    options_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._device = ""
        self._milliseconds: float | None = None
        self.status = note(self.tr("Worker status"))
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.bar.setMaximumHeight(self.fontMetrics().height())
        self.text = note(self.tr("Running task"))
        self._make_buttons()
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        for each in (self.cancel, self.restart, self.options):
            row.addWidget(each)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addLayout(row)
        last = QHBoxLayout()
        last.addWidget(self.status, 1)
        last.addWidget(self.help)
        layout.addLayout(last)
        self.refresh(DockState())

    def _make_buttons(self) -> None:
        self.cancel = button(self.tr("Cancel"), self.tr("Cancel the running task. Finished steps and labels are kept."))
        self.cancel.clicked.connect(self.cancel_requested)
        self.restart = button(
            self.tr("Restart"), self.tr("Restart the worker and reopen the scene with all finished steps.")
        )
        self.restart.clicked.connect(self.restart_requested)
        self.options = button(
            self.tr("Set Up Python…"),
            self.tr("Open the options of Map Refiner to create or choose the Python environment."),
        )
        self.options.clicked.connect(self.options_requested)

        self.help = QToolButton()
        self.help.setText("?")
        self.help.setAutoRaise(True)
        self.help.setAccessibleName(self.tr("Help"))
        self.help.setToolTip(self.tr("Open the user guide at the current section (F1)."))

    def set_device(self, name: str) -> None:
        """Set the name of the computing device."""
        self._device = name

    def set_milliseconds(self, milliseconds: float) -> None:
        """Set the computing time of the last step."""
        self._milliseconds = milliseconds

    def set_progress(self, fraction: float, text: str, seconds_left: float | None = None) -> None:
        """Show the progress of the current request."""
        self.bar.setRange(0, 1000)
        self.bar.setValue(round(1000 * fraction))
        left = "" if seconds_left is None else self.tr(" · {} left").format(duration(seconds_left))
        self.text.setText(text + left)

    def begin(self, text: str) -> None:
        """Show that a task has started, with a busy indicator."""
        self.bar.setRange(0, 0)
        self.text.setText(text)

    def refresh(self, state: DockState) -> None:
        """Update the widgets to match the state of the worker."""
        running = state.task is not Task.NONE
        broken = state.worker in (WorkerState.DEAD, WorkerState.SILENT)
        missing = state.worker is WorkerState.MISSING
        self.bar.setVisible(running)
        self.text.setVisible(running)
        self.cancel.setVisible(running or state.playing)
        self.restart.setVisible(broken)
        self.options.setVisible(missing)
        self.status.setText(self._status(state))
        if not running:
            self.text.clear()
            self.bar.setRange(0, 1000)
            self.bar.reset()

    def _status(self, state: DockState) -> str:
        sentences = {
            WorkerState.MISSING: self.tr(
                "The networks need a separate Python with PyTorch. You set it up once; it takes a few minutes."
            ),
            WorkerState.STOPPED: self.tr("Ready."),
            WorkerState.STARTING: self.tr("The worker is starting…"),
            WorkerState.SILENT: self.tr("The worker is not responding. Wait, or restart it; finished steps are kept."),
            WorkerState.DEAD: self.tr("The worker has stopped. Restart it to continue; finished steps are kept."),
        }
        if state.worker in sentences:
            return sentences[state.worker]
        if self._milliseconds is None:
            return self._device
        return self.tr("{} · step {}").format(self._device, milliseconds(self._milliseconds))
