"""A small chart of the accuracy at each step, with the values of the shown step in the legend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from qgis.PyQt.QtWidgets import QWidget

from ...layers.styles import class_colour
from ...state import DockState, StepAccuracy
from .plot import ChartWidget, Plot, readable

LINES = 6  # height of the plot, in lines of text
LEGEND_LINE_PX = 14  # px, length of a legend line
LEGEND_COLUMNS = 2  # in the legend
RELATIVE_FONT_SIZE = 0.9  # relative to the normal font size


@dataclass(frozen=True)
class Series:
    """One line of the chart: its name, its value by step (None if unknown), and its style."""

    name: str
    values: tuple[float | None, ...]
    colour: QColor | QPalette.ColorRole = QPalette.ColorRole.Text
    style: Qt.PenStyle = Qt.PenStyle.SolidLine
    width: float = 1.5

    def points(self) -> list[tuple[int, float]]:
        """Return the known (step, value) pairs."""
        return [(step, value) for step, value in enumerate(self.values) if value is not None]


class StepChart(ChartWidget):
    """A chart of overall accuracy, mean IoU, boundary IoU and the IoU of each class over the steps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.series: tuple[Series, ...] = ()
        self.shown = 0
        self._steps = 1
        font = self.font()
        font.setPointSizeF(RELATIVE_FONT_SIZE * font.pointSizeF())
        self.setFont(font)
        self.setToolTip(
            self.tr(
                "The accuracy of each step against the chosen labels: the overall accuracy, the mean "
                "IoU, the IoU of each class (dotted), and the mean boundary IoU within two pixels of the "
                "outlines, where a sharper map shows first."
            )
        )

    def set_state(self, state: DockState) -> None:
        """Show the accuracy of the steps, with the values of the shown one."""
        self.set_series(self._series(state), state.shown, state.last)

    def set_series(self, series: tuple[Series, ...], shown: int, last: int) -> None:
        """Show series up to step `last`, with the values of the shown step."""
        self.series, self.shown, self._steps = series, shown, max(1, last)
        spoken = ", ".join(self._entry(series) for series in self.series)
        self.setAccessibleDescription(spoken)
        self.updateGeometry()
        self.update()

    def _series(self, state: DockState) -> tuple[Series, ...]:
        known = [facts.accuracy for facts in state.steps]
        if not any(known):
            return ()

        def over(read: Callable[[StepAccuracy], float | None]) -> tuple[float | None, ...]:
            return tuple(None if accuracy is None else read(accuracy) for accuracy in known)

        general = (
            Series(self.tr("Accuracy"), over(lambda a: a.overall)),
            Series(self.tr("Mean IoU"), over(lambda a: a.mean_iou), QPalette.ColorRole.Highlight, width=2.5),
            Series(self.tr("Boundary"), over(lambda a: a.mean_boundary_iou), style=Qt.PenStyle.DashLine),
        )
        classes = tuple(
            Series(
                name,
                over(partial(_class_iou, k)),
                class_colour(name, k) if k else QColor("#8c8c8c"),
                Qt.PenStyle.DotLine,
            )
            for k, name in enumerate(state.classes)
        )
        return tuple(series for series in (*general, *classes) if series.points())

    # --- painting ---------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Return a height of several text lines, with the legend and the axis below."""
        line = self.fontMetrics().height()
        rows = -(-len(self.series) // LEGEND_COLUMNS)
        return QSize(120, (LINES + 1 + rows) * line)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the plot, its axis and its legend."""
        if not self.series:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.fontMetrics().height()
        values = [value for series in self.series for _, value in series.points()]
        plot = Plot(painter, QRectF(0, 0, self.width(), LINES * line), self.palette(), self._steps, values)
        plot.paint_frame()
        plot.paint_mark(self.shown)
        for series in self.series:
            plot.paint_line(series.points(), self._pen(series))
        self._paint_axis(painter, plot, line)
        self._paint_legend(painter, line)
        painter.end()

    def _paint_axis(self, painter: QPainter, plot: Plot, line: int) -> None:
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        width = painter.fontMetrics().horizontalAdvance("00 ")
        every = max(1, -(-(self._steps + 1) * width // max(1, round(plot.frame.width()))))
        for step in range(0, self._steps + 1, every):
            x = min(max(plot.place(step, 0).x() - width / 2, 0), self.width() - width)
            painter.drawText(QRectF(x, LINES * line, width, line), Qt.AlignmentFlag.AlignHCenter, str(step))

    def _paint_legend(self, painter: QPainter, line: int) -> None:
        width = self.width() / LEGEND_COLUMNS
        for n, series in enumerate(self.series):
            left, top = n % LEGEND_COLUMNS * width, (LINES + 1 + n // LEGEND_COLUMNS) * line
            painter.setPen(self._pen(series))
            painter.drawLine(QPointF(left, top + line / 2), QPointF(left + LEGEND_LINE_PX, top + line / 2))
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            room = QRectF(left + LEGEND_LINE_PX + 4, top, width - LEGEND_LINE_PX - 8, line)
            figure = self._figure(series)
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)
            metrics = painter.fontMetrics()
            rest = round(room.width()) - metrics.horizontalAdvance(figure + " ")
            name = metrics.elidedText(series.name, Qt.TextElideMode.ElideRight, rest)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def _pen(self, series: Series) -> QPen:
        palette, colour = self.palette(), series.colour
        if not isinstance(colour, QColor):
            colour = palette.color(colour)
        return QPen(readable(colour, palette.color(QPalette.ColorRole.Base)), series.width, series.style)

    def _figure(self, series: Series) -> str:
        value = _at(series.values, self.shown)
        return "-" if value is None else f"{value:.3f}"

    def _entry(self, series: Series) -> str:
        return f"{series.name} {self._figure(series)}"


def _class_iou(k: int, accuracy: StepAccuracy) -> float | None:
    return _at(accuracy.iou, k)


def _at(values: Sequence[float | None], index: int) -> float | None:
    return values[index] if 0 <= index < len(values) else None
