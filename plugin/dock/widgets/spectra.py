"""A chart of class spectra: one curve per class, with a band of one standard deviation."""

from __future__ import annotations

from qgis.PyQt.QtCore import QPointF, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from qgis.PyQt.QtWidgets import QWidget

from ....models.shared.conventions import BACKGROUND
from ....models.shared.events import SpectraShown
from ...layers.styles import class_colour
from .plot import ChartWidget, faint, readable

LINES = 9  # height, in lines of text
PAD = 3  # px
CLEAR = 50  # alpha (0-255) of the bands
GREY = "#8c8c8c"
GAP = 3.0  # times the median band spacing; wider gaps break the curve


class Spectra(ChartWidget):
    """A chart of the classes' mean spectra over wavelengths, or over band numbers if these are unknown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shown: SpectraShown | None = None
        self.setAccessibleName(self.tr("Spectra of the classes"))

    @property
    def has_any(self) -> bool:
        """Return whether there are spectra to show."""
        return self.shown is not None

    def sizeHint(self) -> QSize:
        """Return a height of several text lines, plus one for each class."""
        names = len(self.shown.classes) if self.shown is not None else 0
        return QSize(120, (LINES + names) * self.fontMetrics().height())

    def show_spectra(self, spectra: SpectraShown) -> None:
        """Show the given spectra."""
        self.shown = spectra
        listed = ", ".join(f"{name} ({n})" for name, n in zip(spectra.classes, spectra.pixels))
        about = self.tr("Mean of the labelled pixels in the image's own units, with one standard deviation: {}.")
        self.setToolTip(about.format(listed))
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame, the bands, the curves, and the legend below."""
        if self.shown is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = self.fontMetrics()
        line = metrics.height()
        below = (len(self.shown.classes) + 1) * line
        area = QRectF(self.rect()).adjusted(0, 0, -1, -below)
        plot = _Axes(painter, area, self.palette(), self.shown)
        plot.paint_frame(self.tr("nm") if self.shown.wavelengths_nm else self.tr("band"))
        first = 0 if self.shown.classes[0] == BACKGROUND else 1  # as in the map: the first class is the background
        for k, name in enumerate(self.shown.classes):
            colour = class_colour(name, k + first) if k + first else QColor(GREY)
            colour = readable(colour, self.palette().color(QPalette.ColorRole.Base))
            plot.paint_spread(self.shown.mean[k], self.shown.std[k], colour)
            plot.paint_curve(self.shown.mean[k], colour)
            top = area.bottom() + (k + 1) * line
            painter.fillRect(QRectF(PAD, top + line * 0.3, line * 0.8, line * 0.4), colour)
            painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
            text = self.tr("{} · {} pixels").format(name, self.shown.pixels[k])
            painter.drawText(QRectF(line + PAD, top, self.width() - line, line), Qt.AlignmentFlag.AlignLeft, text)
        painter.end()


class _Axes:
    """The axes of the chart: values over wavelengths or band numbers."""

    def __init__(self, painter: QPainter, area: QRectF, palette: QPalette, shown: SpectraShown) -> None:
        self._painter, self._palette = painter, palette
        self._x = shown.wavelengths_nm or tuple(float(band) for band in shown.bands)
        lows = [m - s for mean, std in zip(shown.mean, shown.std) for m, s in zip(mean, std)]
        highs = [m + s for mean, std in zip(shown.mean, shown.std) for m, s in zip(mean, std)]
        self._low, self._high = min(lows), max(max(highs), min(lows) + 1e-9)
        self._left, self._right = min(self._x), max(max(self._x), min(self._x) + 1e-9)
        metrics = painter.fontMetrics()
        self._label = max(metrics.horizontalAdvance(f"{value:.3g}") for value in (self._low, self._high)) + PAD
        self.frame = area.adjusted(self._label, 0, -1, 0)
        steps = sorted(abs(b - a) for a, b in zip(self._x, self._x[1:])) or [1.0]
        self._gap = GAP * steps[len(steps) // 2]

    def place(self, n: int, value: float) -> QPointF:
        """Return the position of a value of the n-th band."""
        inner = self.frame.adjusted(PAD, PAD, -PAD, -PAD)
        across = (self._x[n] - self._left) / (self._right - self._left)
        up = (value - self._low) / (self._high - self._low)
        return QPointF(inner.left() + inner.width() * across, inner.bottom() - inner.height() * up)

    def paint_frame(self, unit: str) -> None:
        """Paint the background, the frame, and the limits of both axes."""
        painter, frame = self._painter, self.frame
        painter.fillRect(frame, self._palette.color(QPalette.ColorRole.Base))
        painter.setPen(QPen(faint(self._palette), 1))
        painter.drawRect(frame)
        painter.setPen(self._palette.color(QPalette.ColorRole.WindowText))
        side_by_side = QRectF(0, frame.top(), self._label - PAD, frame.height())
        right, left = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft
        painter.drawText(side_by_side, right | Qt.AlignmentFlag.AlignTop, f"{self._high:.3g}")
        painter.drawText(side_by_side, right | Qt.AlignmentFlag.AlignBottom, f"{self._low:.3g}")
        under = QRectF(frame.left(), frame.bottom(), frame.width(), painter.fontMetrics().height())
        painter.drawText(under, left, f"{self._left:.0f} {unit}")
        painter.drawText(under, right, f"{self._right:.0f} {unit}")

    def paint_spread(self, mean: tuple[float, ...], std: tuple[float, ...], colour: QColor) -> None:
        """Paint a translucent band of one standard deviation on each side."""
        clear = QColor(colour)
        clear.setAlpha(CLEAR)
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(clear)
        for part in self._parts():
            upper = [self.place(n, mean[n] + std[n]) for n in part]
            lower = [self.place(n, mean[n] - std[n]) for n in reversed(part)]
            self._painter.drawPolygon(QPolygonF(upper + lower))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)

    def paint_curve(self, mean: tuple[float, ...], colour: QColor) -> None:
        """Paint the mean, broken at gaps between the bands."""
        self._painter.setPen(QPen(colour, 1.5))
        for part in self._parts():
            self._painter.drawPolyline(QPolygonF([self.place(n, mean[n]) for n in part]))

    def _parts(self) -> list[list[int]]:
        """Split the bands at wide gaps, such as those left by bad bands."""
        parts = [[0]]
        for n in range(1, len(self._x)):
            if abs(self._x[n] - self._x[n - 1]) > self._gap:
                parts.append([])
            parts[-1].append(n)
        return parts
