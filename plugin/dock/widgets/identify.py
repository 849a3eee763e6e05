"""One pixel through the steps: an Identify button, a line of text, and one curve per class."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from ...layers.styles import class_colour
from ...state import DockState
from ..sections.section import button, note
from .step_chart import Series, StepChart

BACKGROUND_COLOUR = QColor("#8c8c8c")  # the map leaves the background transparent


class IdentifyBox(QWidget):
    """The scores of the clicked pixel, and the checkable Identify button, which is placed elsewhere."""

    toggled = pyqtSignal(bool)  # only on user clicks
    outdated = pyqtSignal()  # the steps may have changed since the pixel was read

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.identify = button(
            self.tr("Identify"), self.tr("Click a pixel on the map to see its class scores at every step.")
        )
        self.identify.setCheckable(True)
        self.identify.clicked.connect(self.toggled)
        self.text = note(self.tr("The pixel"))
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.chart = StepChart()
        self.chart.setAccessibleName(self.tr("Scores of the pixel at each step"))
        self.chart.setToolTip(self.tr("The score of each class at this pixel, from 0 to 1, per step."))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.text, self.chart):
            layout.addWidget(widget)
        self.setFocusProxy(self.identify)
        self.clear()

    def set_state(self, state: DockState) -> None:
        """Enable the button if a step is shown."""
        self.identify.setEnabled(state.shown >= 0)
        self.outdated.emit()

    def show_text(self, text: str) -> None:
        """Show a text about the pixel, without curves."""
        self.show_scores(text, (), (), 0)

    def clear(self) -> None:
        """Clear the text and the chart."""
        self.show_text("")

    def show_scores(self, text: str, classes: Sequence[str], scores: Sequence[Sequence[float]], shown: int) -> None:
        """Show a pixel's scores by step and class, with the values of the shown step."""
        series = tuple(
            Series(name, tuple(step[k] for step in scores), class_colour(name, k) if k else BACKGROUND_COLOUR)
            for k, name in enumerate(classes)
        )
        self.text.setText(text)
        self.text.setVisible(bool(text))
        self.chart.set_series(series, shown, len(scores) - 1)
        self.chart.setVisible(bool(series))
