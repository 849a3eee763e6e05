"""Common parts of the small charts: a frame, the value range next to it, and lines over steps."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QLabel, QSizePolicy, QWidget

LEAST_RANGE = 0.05  # of the vertical axis, so that noise is not magnified
LEAST_CONTRAST = 70  # lightness (0-255) between a line and its background
PAD = 3  # px inside the frame


class ChartWidget(QLabel):
    """Base class of charts: a label, because dark QGIS themes give labels a readable text colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Return the size hint, to keep the height."""
        return self.sizeHint()


class Plot:
    """A plot of values over steps 0, 1, ... in part of a widget, in the widget's palette."""

    def __init__(self, painter: QPainter, area: QRectF, palette: QPalette, steps: int, values: Sequence[float]) -> None:
        self._painter, self._palette = painter, palette
        self._steps = max(1, steps)
        self.low, self.high = span(values)
        metrics = painter.fontMetrics()
        self._label_width = metrics.horizontalAdvance("0.00") + PAD
        self.frame = area.adjusted(self._label_width, 0, -1, -1)

    def place(self, step: float, value: float) -> QPointF:
        """Return the position of a value."""
        inner = self.frame.adjusted(PAD, PAD, -PAD, -PAD)
        y = inner.top() + inner.height() * (self.high - value) / (self.high - self.low)
        return QPointF(inner.left() + inner.width() * step / self._steps, y)

    def paint_frame(self) -> None:
        """Paint the background, the frame, and the lowest and highest value next to it."""
        painter = self._painter
        painter.fillRect(self.frame, self._palette.color(QPalette.ColorRole.Base))
        painter.setPen(QPen(faint(self._palette), 1))
        painter.drawRect(self.frame)
        painter.setPen(self._palette.color(QPalette.ColorRole.WindowText))
        side_by_side = QRectF(
            self.frame.left() - self._label_width, self.frame.top(), self._label_width - PAD, self.frame.height()
        )
        right = Qt.AlignmentFlag.AlignRight
        painter.drawText(side_by_side, right | Qt.AlignmentFlag.AlignTop, f"{self.high:.2f}")
        painter.drawText(side_by_side, right | Qt.AlignmentFlag.AlignBottom, f"{self.low:.2f}")

    def paint_line(self, points: Sequence[tuple[float, float]], pen: QPen) -> None:
        """Paint a line through (step, value) points, or a dot for a single point."""
        self._painter.setPen(pen)
        if len(points) == 1:
            self._painter.drawEllipse(self.place(*points[0]), 1.5, 1.5)
        self._painter.drawPolyline(QPolygonF([self.place(*point) for point in points]))

    def paint_mark(self, step: int) -> None:
        """Paint a vertical line at a step."""
        self._painter.setPen(QPen(faint(self._palette), 1, Qt.PenStyle.DotLine))
        x = self.place(step, self.low).x()
        self._painter.drawLine(QPointF(x, self.frame.top()), QPointF(x, self.frame.bottom()))


def span(values: Sequence[float]) -> tuple[float, float]:
    """Return the range of a vertical axis: the range of the values, at least `LEAST_RANGE` wide."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    middle = (low + high) / 2
    return min(low, middle - LEAST_RANGE / 2), max(high, middle + LEAST_RANGE / 2)


def faint(palette: QPalette) -> QColor:
    """Return the text colour, half transparent."""
    colour = QColor(palette.color(QPalette.ColorRole.Text))
    colour.setAlpha(110)
    return colour


def readable(colour: QColor, ground: QColor) -> QColor:
    """Return `colour`, darkened or lightened if needed to stand out from the background `ground`."""
    for _ in range(4):
        if abs(_lightness(colour) - _lightness(ground)) >= LEAST_CONTRAST:
            break
        colour = colour.darker(130) if _lightness(ground) > 127 else colour.lighter(130)
    return colour


def _lightness(colour: QColor) -> float:
    return 0.299 * colour.red() + 0.587 * colour.green() + 0.114 * colour.blue()
