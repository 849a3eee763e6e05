"""Identification of a pixel: a click on the map reads its class scores from the raster of each step."""

from __future__ import annotations

import math

from qgis.core import Qgis, QgsCoordinateTransform, QgsCsException, QgsPointXY, QgsRasterLayer
from qgis.gui import QgsMapToolEmitPoint, QgsVertexMarker
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor

from ....models.shared.events import Stepped
from ...errors import UserError
from ...run.run import Run
from ..context import AppContext, SectionController

MARK, MARK_PX = "#00e5ff", 15  # marker of the pixel, in a colour that no class uses


class PixelInspectorControl(SectionController):
    """Controller of the identify button in section three, its map tool, and the last clicked pixel."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self._run = ""  # name of the run with the clicked pixel
        self._point: QgsPointXY | None = None  # in the CRS of the run
        self._scores: dict[Stepped, tuple[float, ...]] = {}  # by step, at the pixel
        self.box = self.dock.refine.identify
        self.tool = QgsMapToolEmitPoint(context.canvas)
        self.tool.canvasClicked.connect(self._on_clicked)
        self.tool.activated.connect(lambda: self.box.identify.setChecked(True))
        self.tool.deactivated.connect(lambda: self.box.identify.setChecked(False))
        self.mark = QgsVertexMarker(context.canvas)
        self.mark.setIconType(QgsVertexMarker.IconType.ICON_CROSS)
        self.mark.setColor(QColor(MARK))
        self.mark.setIconSize(MARK_PX)
        self.mark.setPenWidth(3)
        self.mark.hide()
        context.canvas.destinationCrsChanged.connect(self._place_mark)
        self.box.toggled.connect(self._on_toggled)
        self.box.outdated.connect(self._show)

    def clear(self) -> None:
        """Deactivate the tool and clear the pixel when the project is closed."""
        self._point = None
        self._scores = {}
        self.context.canvas.unsetMapTool(self.tool)
        self.box.clear()
        self.mark.hide()

    def shut_down(self) -> None:
        """Remove everything from the canvas."""
        self.clear()
        self.context.canvas.destinationCrsChanged.disconnect(self._place_mark)
        self.context.canvas.scene().removeItem(self.mark)
        self.tool.deleteLater()  # otherwise its parent, the canvas, keeps it

    def _on_toggled(self, checked: bool) -> None:
        if checked:
            self.context.canvas.setMapTool(self.tool)
        else:
            self.context.canvas.unsetMapTool(self.tool)

    def _on_clicked(self, point: QgsPointXY, mouse: Qt.MouseButton) -> None:
        run = self.context.run
        if run is None or mouse != Qt.MouseButton.LeftButton:
            return
        self._run, self._scores = run.name, {}
        try:
            self._point = self._in_run(run, point)
        except QgsCsException:
            self._point = None
            self.box.show_text(self.tr("This place is outside the scene."))
        self._place_mark()
        self._show()

    def _in_run(self, run: Run, point: QgsPointXY) -> QgsPointXY:
        way = self._way(run)
        return QgsPointXY(point) if way is None else way.transform(point)

    def _way(self, run: Run) -> QgsCoordinateTransform | None:
        """Return the transform from the map to the run, or None if either has no CRS."""
        crs = self.context.canvas.mapSettings().destinationCrs()
        if not (crs.isValid() and run.extent.crs.isValid()):
            return None
        return QgsCoordinateTransform(crs, run.extent.crs, self.context.project.transformContext())

    def _place_mark(self) -> None:
        """Mark the pixel on the map."""
        run, point = self.context.run, self._point
        self.mark.setVisible(run is not None and point is not None)
        if run is None or point is None:
            return
        way = self._way(run)
        try:
            self.mark.setCenter(point if way is None else way.transform(point, Qgis.TransformDirection.Reverse))
        except QgsCsException:
            self.mark.hide()

    def _show(self) -> None:
        run, point = self.context.run, self._point
        if point is None:
            return
        if run is None or run.name != self._run or run.shown < 0:
            self._point = None
            self.box.clear()
            self._place_mark()
            return
        try:
            self._scores = {step: self._scores.get(step) or self._read(step.scores, point) for step in run.steps}
            (index,) = self._read(run.steps[run.shown].classes_raster, point)
        except UserError as refusal:
            self.box.show_text(str(refusal))
            return
        digits = 6 if run.extent.crs.isGeographic() else 2
        place = f"{run.extent.crs.authid()} {point.x():.{digits}f}, {point.y():.{digits}f}".strip()
        text = self.tr("{} · step {}: {}").format(place, run.shown, run.classes[int(index)])
        self.box.show_scores(text, run.classes, list(self._scores.values()), run.shown)

    def _read(self, path: str, point: QgsPointXY) -> tuple[float, ...]:
        """Read all bands of a raster at a point of its CRS."""
        options = QgsRasterLayer.LayerOptions(False)  # skip the style: loading it takes longer than reading the pixel
        layer = QgsRasterLayer(path, "", "gdal", options)
        if not layer.isValid():
            raise UserError(self.tr("QGIS cannot open {}. The file may be missing.").format(path))
        if not layer.extent().contains(point):
            raise UserError(self.tr("This place is outside the scene."))
        values = tuple(layer.dataProvider().sample(point, band)[0] for band in range(1, layer.bandCount() + 1))
        if not all(map(math.isfinite, values)):
            raise UserError(self.tr("There is no data at this pixel."))
        return values
