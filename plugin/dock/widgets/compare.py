"""Comparison of two steps: the step to compare, a flicker button, and a swipe line that follows the mouse."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QVBoxLayout, QWidget

from ...state import DockState
from ..sections.section import button, shrink, side_by_side

BEFORE = -1  # the step as it was before the last fine-tuning


class CompareRow(QWidget):
    """A list of steps, and two buttons that are placed below it."""

    held = pyqtSignal(int)  # step to show; `BEFORE`: shown step before the last fine-tuning
    released = pyqtSignal()
    swiped = pyqtSignal(bool)  # only on user clicks
    chosen = pyqtSignal()  # the user has chosen another step

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._has_before = False
        self.other = QComboBox()
        shrink(self.other)
        self.other.activated.connect(lambda _: self.chosen.emit())
        self.hold = button(self.tr("Flicker"), self.tr("Show the other step while the button is held down."))
        self.hold.pressed.connect(lambda: self.held.emit(int(self.other.currentData())))
        self.hold.released.connect(self.released)
        self.swipe = button(
            self.tr("Swipe"),
            self.tr("Show the other step to the left of the mouse pointer on the map. Click again to stop."),
        )
        self.swipe.setCheckable(True)
        self.swipe.clicked.connect(self.swiped)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.other)
        self.buttons = side_by_side(self.hold, self.swipe)
        self.setFocusProxy(self.other)

    def index(self) -> int | None:
        """Return the step to compare with, or None if there is none."""
        value = self.other.currentData()
        return None if value is None else int(value)

    def set_state(self, state: DockState) -> None:
        """List the steps; comparing needs at least two."""
        names = [self.tr("Coarse Map"), *(self.tr("Step {}").format(n) for n in range(1, state.last + 1))]
        entries = [(name, n) for n, name in enumerate(names[: state.last + 1])]
        if self._has_before:
            entries.append((self.tr("Before Fine-Tuning"), BEFORE))
        if entries != [(self.other.itemText(n), self.other.itemData(n)) for n in range(self.other.count())]:
            chosen = self.other.currentData()
            self.other.clear()
            for text, value in entries:
                self.other.addItem(text, value)
            self.other.setCurrentIndex(max(0, self.other.findData(chosen)))
        for widget in (self, self.buttons):
            widget.setEnabled(len(entries) > 1)

    def remove_before(self) -> None:
        """Stop offering the step before the last fine-tuning."""
        self._has_before = False

    def choose_before(self) -> None:
        """Offer the step before the last fine-tuning for comparison."""
        self._has_before = True
