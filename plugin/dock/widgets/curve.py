"""A small live chart of a training: the loss, and the held-out mean IoU."""

from __future__ import annotations

from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QPainter, QPaintEvent, QPalette, QPen
from qgis.PyQt.QtWidgets import QWidget

from .plot import ChartWidget, Plot, faint

LINES = 4  # height of the plot, in lines of text
LEGEND_LINE_PX = 14  # px, length of a legend line


class Curve(ChartWidget):
    """A chart of values over updates, with a dashed baseline and a thin loss line on its own scale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points: list[tuple[int, float]] = []
        self.losses: list[tuple[int, float]] = []
        self.baseline: float | None = None
        self.steps = 1

    def sizeHint(self) -> QSize:
        """Return a height of several text lines, with the legend below."""
        return QSize(120, (LINES + 1) * self.fontMetrics().height())

    def clear(self) -> None:
        """Clear the chart for a new training."""
        self.points, self.losses, self.baseline, self.steps = [], [], None, 1
        self.update()

    def add(self, step: int, steps: int, value: float, baseline: float | None) -> None:
        """Add a value; `steps` is the length of the training, `baseline` the value to beat."""
        self.points.append((step, value))
        self.steps, self.baseline = max(1, steps), baseline
        self.update()

    def add_loss(self, step: int, steps: int, loss: float) -> None:
        """Add a loss."""
        self.losses.append((step, loss))
        self.steps = max(1, steps)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint frame, loss, baseline, curve and legend."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.fontMetrics().height()
        values = [value for _, value in self.points]
        known = values if self.baseline is None else [*values, self.baseline]
        plot = Plot(painter, QRectF(0, 0, self.width(), LINES * line), self.palette(), self.steps, known)
        plot.paint_frame()
        if self.losses:
            plot.paint_line(self._scaled_losses(plot), self._loss_pen())
        if self.baseline is not None:
            level = [(0, self.baseline), (self.steps, self.baseline)]
            plot.paint_line(level, self._baseline_pen())
        plot.paint_line(self.points, self._pen())
        self._paint_legend(painter, line)
        painter.end()

    def _scaled_losses(self, plot: Plot) -> list[tuple[float, float]]:
        """Rescale the losses to the value range of the plot."""
        low, high = min(loss for _, loss in self.losses), max(loss for _, loss in self.losses)
        share = (plot.high - plot.low) / max(high - low, 1e-9)
        return [(step, plot.low + (loss - low) * share) for step, loss in self.losses]

    def _paint_legend(self, painter: QPainter, line: int) -> None:
        entries = (
            (self.tr("Mean IoU"), self._pen(), bool(self.points)),
            (self.tr("Coarse"), self._baseline_pen(), self.baseline is not None),
            (self.tr("Loss"), self._loss_pen(), bool(self.losses)),
        )
        left = 0.0
        for text, pen, known in entries:
            if not known:
                continue
            middle = LINES * line + line / 2
            painter.setPen(pen)
            painter.drawLine(QPointF(left, middle), QPointF(left + LEGEND_LINE_PX, middle))
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            width = painter.fontMetrics().horizontalAdvance(text)
            room = QRectF(left + LEGEND_LINE_PX + 4, LINES * line, width + 4, line)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            left = room.right() + 8

    def _pen(self) -> QPen:
        return QPen(self.palette().color(QPalette.ColorRole.Highlight), 2)

    def _baseline_pen(self) -> QPen:
        return QPen(faint(self.palette()), 1, Qt.PenStyle.DashLine)

    def _loss_pen(self) -> QPen:
        return QPen(faint(self.palette()), 1)
