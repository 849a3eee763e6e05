"""A small live curve: how a training goes on the pixels that it holds out."""

from __future__ import annotations

from qgis.PyQt.QtCore import QRectF, QSize, Qt
from qgis.PyQt.QtGui import QPainter, QPaintEvent, QPalette, QPen
from qgis.PyQt.QtWidgets import QWidget

from .plot import ChartWidget, Plot, faint

LINES = 3  # the height, in lines of text


class Curve(ChartWidget):
    """Paints values over training steps, and a dashed line for the value to beat, in the colours of the palette."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points: list[tuple[int, float]] = []
        self.baseline: float | None = None
        self.steps = 1

    def sizeHint(self) -> QSize:  # noqa: N802
        """Be some lines of text high."""
        return QSize(120, LINES * self.fontMetrics().height())

    def clear(self) -> None:
        """Begin a new training."""
        self.points, self.baseline, self.steps = [], None, 1
        self.update()

    def add(self, step: int, steps: int, value: float, baseline: float | None) -> None:
        """Add a value; `steps` is where the training ends, `baseline` what it has to beat."""
        self.points.append((step, value))
        self.steps, self.baseline = max(1, steps), baseline
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint frame, baseline, curve."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        values = [value for _, value in self.points]
        known = values if self.baseline is None else [*values, self.baseline]
        plot = Plot(painter, QRectF(self.rect()), self.palette(), self.steps, known)
        plot.paint_frame()
        if self.baseline is not None:
            level = [(0, self.baseline), (self.steps, self.baseline)]
            plot.paint_line(level, QPen(faint(self.palette()), 1, Qt.PenStyle.DashLine))
        plot.paint_line(self.points, QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
        painter.end()
