"""A map tool to draw the area of the scene, and an outline that shows it."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsRectangle, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsMapTool, QgsMapToolExtent, QgsRubberBand
from qgis.PyQt.QtCore import QObject, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor


class AreaTool(QObject):
    """A tool to draw one rectangle; afterwards it restores the previous map tool."""

    drawn = pyqtSignal(object, object)  # QgsRectangle and its QgsCoordinateReferenceSystem

    def __init__(self, canvas: QgsMapCanvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.canvas = canvas
        self.tool = QgsMapToolExtent(canvas)
        self.tool.extentChanged.connect(self._on_extent_changed)
        self._former: QgsMapTool | None = None
        self._outline: QgsRubberBand | None = None

    def start(self) -> None:
        """Activate the tool until a rectangle is drawn or another tool is chosen."""
        if self.canvas.mapTool() is not self.tool:
            self._former = self.canvas.mapTool()
        self.canvas.setMapTool(self.tool)

    def show(self, rectangle: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> None:
        """Outline an area on the map."""
        if self._outline is None:
            self._outline = QgsRubberBand(self.canvas, QgsWkbTypes.GeometryType.PolygonGeometry)
            self._outline.setFillColor(QColor(0, 0, 0, 0))
            self._outline.setStrokeColor(QColor("#00e5ff"))
            self._outline.setWidth(2)
            self._outline.setLineStyle(Qt.PenStyle.DashLine)
        self._outline.setToGeometry(QgsGeometry.fromRect(rectangle), crs)
        self._outline.show()

    def hide(self) -> None:
        """Hide the outline."""
        if self._outline is not None:
            self._outline.hide()

    def remove(self) -> None:
        """Remove the tool and the outline from the canvas."""
        self._give_back()
        self.tool.deleteLater()  # its parent, the canvas, would keep it
        if self._outline is not None:
            self.canvas.scene().removeItem(self._outline)
            self._outline = None

    def _give_back(self) -> None:
        if self.canvas.mapTool() is self.tool:
            self.canvas.unsetMapTool(self.tool)
            if self._former is not None:
                self.canvas.setMapTool(self._former)
        self._former = None

    def _on_extent_changed(self, rectangle: QgsRectangle) -> None:
        if rectangle.isEmpty():
            return  # click without a drag
        rectangle = QgsRectangle(rectangle)
        self._give_back()
        self.drawn.emit(rectangle, self.canvas.mapSettings().destinationCrs())
