"""Map tools for corrections: a brush, a click on a connected region, and a polygon."""

from __future__ import annotations

import math

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsDistanceArea,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsWkbTypes,
)
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool, QgsRubberBand
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QKeyEvent, QTransform

SEGMENTS = 8  # per quarter of the brush's circle
THIN_PX = 2  # mouse distance before a stroke gets another point


class CorrectionTool(QgsMapTool):
    """Base class of the correction tools: a rubber band in the class colour; shapes are in the map's CRS."""

    drawn = pyqtSignal(object)  # QgsGeometry
    clicked = pyqtSignal(object)  # QgsPointXY within the connected region

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self.band = QgsRubberBand(canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
        self.band.setWidth(2)
        self.set_colour(QColor("#00e5ff"))
        self.setCursor(Qt.CursorShape.CrossCursor)

    def set_colour(self, colour: QColor) -> None:
        """Set the colour of the class to paint."""
        fill = QColor(colour)
        fill.setAlpha(90)
        self.band.setFillColor(fill)
        self.band.setStrokeColor(QColor(colour.red(), colour.green(), colour.blue()))

    def give_up(self) -> None:
        """Cancel the current drawing."""
        self.band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)

    def deactivate(self) -> None:
        """Clear the drawing when another tool is chosen."""
        self.give_up()
        super().deactivate()

    def remove(self) -> None:
        """Remove the rubber band from the canvas permanently."""
        self.canvas().scene().removeItem(self.band)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Cancel the drawing on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.give_up()
            event.ignore()  # prevents the map's own handling of the key


class BrushTool(CorrectionTool):
    """A brush that paints strokes; its width is in metres on the ground."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self.metres = 4.0  # brush diameter
        self._stroke: list[QgsPointXY] = []

    def give_up(self) -> None:
        """Discard the stroke."""
        self._stroke = []
        super().give_up()

    def canvasPressEvent(self, event: QgsMapMouseEvent) -> None:
        """Start a stroke."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._stroke = [event.mapPoint()]
            self._show(self._stroke)

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:
        """Extend the stroke, or show the brush."""
        point = event.mapPoint()
        if not self._stroke:
            self._show([point])
        elif point.distance(self._stroke[-1]) > THIN_PX * self.canvas().mapUnitsPerPixel():
            self._stroke.append(point)
            self._show(self._stroke)

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """Finish the stroke."""
        if event.button() != Qt.MouseButton.LeftButton or not self._stroke:
            return
        if event.mapPoint() != self._stroke[-1]:
            self._stroke.append(event.mapPoint())
        shape = self._shape(self._stroke)
        self.give_up()
        if not shape.isEmpty():
            self.drawn.emit(shape)

    def _show(self, points: list[QgsPointXY]) -> None:
        self.band.setToGeometry(self._shape(points), self.canvas().mapSettings().destinationCrs())

    def _shape(self, points: list[QgsPointXY]) -> QgsGeometry:
        settings = self.canvas().mapSettings()
        context = QgsProject.instance().transformContext()
        x, y = units_per_metre(settings.destinationCrs(), context, points[0])
        line = QgsGeometry.fromPointXY(points[0]) if len(points) == 1 else QgsGeometry.fromPolylineXY(points)
        line.transform(QTransform.fromScale(1 / x, 1 / y))  # to metres: a circle may be distorted on the map
        shape = line.buffer(self.metres / 2, SEGMENTS)
        shape.transform(QTransform.fromScale(x, y))
        return shape


class RegionTool(CorrectionTool):
    """A tool that selects the connected region of the map at a click."""

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:
        """Emit the clicked point."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(event.mapPoint())


class PolygonTool(CorrectionTool):
    """A polygon tool: left click adds a corner, right click or Enter closes, Backspace removes the last corner."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._corners: list[QgsPointXY] = []

    def give_up(self) -> None:
        """Discard the corners."""
        self._corners = []
        super().give_up()

    def canvasPressEvent(self, event: QgsMapMouseEvent) -> None:
        """Add a corner, or close the polygon."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._corners.append(event.mapPoint())
            self._show()
        elif event.button() == Qt.MouseButton.RightButton:
            self._close()

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:
        """Preview the next corner."""
        if self._corners:
            self._show(event.mapPoint())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close the polygon, remove the last corner, or cancel."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._close()
        elif event.key() == Qt.Key.Key_Backspace and self._corners:
            self._corners.pop()
            self._show()
            event.ignore()  # otherwise the map deletes the selected features
        else:
            super().keyPressEvent(event)

    def _show(self, *pending_run: QgsPointXY) -> None:
        corners = [*self._corners, *pending_run]
        self.band.reset(QgsWkbTypes.GeometryType.PolygonGeometry)
        for corner in corners:
            self.band.addPoint(corner)

    def _close(self) -> None:
        corners = self._corners
        self.give_up()
        if len(corners) > 2:
            self.drawn.emit(QgsGeometry.fromPolygonXY([[*corners, corners[0]]]))


def units_per_metre(
    crs: QgsCoordinateReferenceSystem, context: QgsCoordinateTransformContext, place: QgsPointXY
) -> tuple[float, float]:
    """Return the map units per metre on the ground at a point, along x and along y; 1 if unknown."""
    if not crs.isValid():
        return 1.0, 1.0
    measure = QgsDistanceArea()
    measure.setSourceCrs(crs, context)
    measure.setEllipsoid(crs.ellipsoidAcronym() or "EPSG:7030")
    step = 1e-5 if crs.isGeographic() else 1.0
    try:
        metres = [
            measure.measureLine(place, QgsPointXY(place.x() + dx, place.y() + dy)) for dx, dy in ((step, 0), (0, step))
        ]
    except QgsCsException:
        return 1.0, 1.0
    if not all(math.isfinite(length) and length > 0 for length in metres):
        return 1.0, 1.0
    return step / metres[0], step / metres[1]
