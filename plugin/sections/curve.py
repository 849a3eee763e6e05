"""A small live curve: how a training goes on the pixels that it holds out."""

from __future__ import annotations

from qgis.PyQt.QtCore import QPointF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QSizePolicy, QWidget

LINES = 3  # the height, in lines of text
LEAST_RANGE = 0.05  # of the vertical axis, so that noise is not blown up


class Curve(QWidget):
    """Paints values over training steps, and a dashed line for the value to beat, in the colours of the palette."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points: list[tuple[int, float]] = []
        self.baseline: float | None = None
        self.steps = 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

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
        palette = self.palette()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
        faint = QColor(palette.color(QPalette.ColorRole.Text))
        faint.setAlpha(110)
        painter.setPen(QPen(faint, 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        if self.points:
            self._paint_values(painter, faint)
        painter.end()

    def _paint_values(self, painter: QPainter, faint: QColor) -> None:
        values = [value for _, value in self.points]
        known = values if self.baseline is None else [*values, self.baseline]
        low, high = min(known), max(known)
        low, high = min(low, (low + high - LEAST_RANGE) / 2), max(high, (low + high + LEAST_RANGE) / 2)
        width, height = self.width() - 8, self.height() - 8

        def place(step: int, value: float) -> QPointF:
            return QPointF(4 + width * step / self.steps, 4 + height * (high - value) / (high - low))

        if self.baseline is not None:
            painter.setPen(QPen(faint, 1, Qt.PenStyle.DashLine))
            painter.drawLine(place(0, self.baseline), place(self.steps, self.baseline))
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
        if len(self.points) == 1:
            painter.drawEllipse(place(*self.points[0]), 1.5, 1.5)
        painter.drawPolyline(QPolygonF([place(*point) for point in self.points]))
