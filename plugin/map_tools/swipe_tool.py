"""A map tool to compare two maps: it shows other layers left of the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import QgsMapLayer, QgsMapRendererParallelJob, QgsMapSettings
from qgis.gui import QgsMapCanvas, QgsMapCanvasItem, QgsMapMouseEvent, QgsMapTool
from qgis.PyQt.QtCore import QLineF, QRectF, Qt
from qgis.PyQt.QtGui import QColor, QImage, QKeyEvent, QPainter, QPen
from qgis.PyQt.QtWidgets import QStyleOptionGraphicsItem, QWidget


class SwipeTool(QgsMapTool):
    """A tool that shows other layers left of a line that follows the mouse, while the tool is active."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self._layers: list[QgsMapLayer] = []
        self._job: QgsMapRendererParallelJob | None = None
        self.curtain = _Curtain(canvas)
        self.setCursor(Qt.CursorShape.SplitHCursor)

    def show(self, layers: Sequence[QgsMapLayer]) -> None:
        """Show `layers` left of the line."""
        self._layers = list(layers)
        self._draw()

    def activate(self) -> None:
        """Start with the line in the middle of the map."""
        super().activate()
        self.curtain.edge = self.canvas().width() / 2
        self.canvas().extentsChanged.connect(self._draw)

    def deactivate(self) -> None:
        """Clear the map."""
        self.canvas().extentsChanged.disconnect(self._draw)
        self._give_up()
        self._layers = []
        self.curtain.clear()
        super().deactivate()

    def remove(self) -> None:
        """Remove the curtain from the canvas permanently."""
        self._give_up()
        self.canvas().scene().removeItem(self.curtain)

    def canvasMoveEvent(self, event: QgsMapMouseEvent) -> None:
        """Move the line to the mouse."""
        self.curtain.edge = event.pos().x()
        self.curtain.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Deactivate the tool on Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.canvas().unsetMapTool(self)
            event.ignore()  # prevents the map's own handling of the key

    def _draw(self) -> None:
        """Render the layers for the whole view in the background."""
        self._give_up()
        if not self._layers:
            return
        settings = QgsMapSettings(self.canvas().mapSettings())
        settings.setLayers(self._layers)
        self._job = QgsMapRendererParallelJob(settings)
        self._job.finished.connect(self._on_drawn)
        self._job.start()

    def _give_up(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.finished.disconnect(self._on_drawn)
            job.cancelWithoutBlocking()

    def _on_drawn(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            self.curtain.show_image(job.renderedImage())


class _Curtain(QgsMapCanvasItem):
    """An image of the whole view, shown only left of an edge."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self.edge = 0.0  # px
        self.image: QImage | None = None
        self._canvas = canvas

    def show_image(self, image: QImage) -> None:
        """Show the given image."""
        self.image = image
        self.setRect(self._canvas.extent())
        self.show()
        self.update()

    def clear(self) -> None:
        """Hide the image."""
        self.image = None
        self.hide()

    def updatePosition(self) -> None:
        """Hide the image when the view changes; it would be misplaced."""
        self.hide()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Paint the image left of the edge, and the edge."""
        if self.image is None:
            return
        ratio = self.image.devicePixelRatio()
        whole = QRectF(0, 0, self.image.width() / ratio, self.image.height() / ratio)
        painter.setClipRect(QRectF(0, 0, self.edge, whole.height()))
        painter.drawImage(whole, self.image)
        painter.setClipping(False)
        for colour, width in (("#000000", 3), ("#ffffff", 1)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLine(QLineF(self.edge, 0, self.edge, whole.height()))
