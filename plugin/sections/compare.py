"""Comparing two steps by flicker: which one, and a button that shows it for as long as it is held."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QWidget

from ..state import State
from .section import button, shrink

BEFORE = -1  # the step as it was before the last Learn


class CompareRow(QWidget):
    """A list of steps beside a button."""

    held = pyqtSignal(int)  # the step to show; `BEFORE`: the shown one before the last Learn
    released = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.has_before = False
        self.other = QComboBox()
        shrink(self.other)
        self.hold = button(
            self.tr("Compare"), self.tr("Show the other step for as long as the button is held down.")
        )
        self.hold.pressed.connect(lambda: self.held.emit(int(self.other.currentData())))
        self.hold.released.connect(self.released)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.other, 1)
        layout.addWidget(self.hold)
        self.setFocusProxy(self.other)

    def set_state(self, state: State) -> None:
        """List the steps; there have to be two to compare."""
        names = [self.tr("Coarse Map"), *(self.tr("Step {}").format(n) for n in range(1, state.last + 1))]
        entries = [(name, n) for n, name in enumerate(names[: state.last + 1])]
        if self.has_before:
            entries.append((self.tr("Before Learning"), BEFORE))
        if entries != [(self.other.itemText(n), self.other.itemData(n)) for n in range(self.other.count())]:
            chosen = self.other.currentData()
            self.other.clear()
            for text, value in entries:
                self.other.addItem(text, value)
            self.other.setCurrentIndex(max(0, self.other.findData(chosen)))
        self.setEnabled(len(entries) > 1)

    def choose_before(self) -> None:
        """Offer the step before the last Learn for comparison."""
        self.has_before = True
