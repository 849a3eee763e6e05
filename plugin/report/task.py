"""The background task that counts pixels, draws pictures, and writes a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from osgeo import gdal
from qgis.core import (
    QgsCoordinateTransformContext,
    QgsMapRendererCustomPainterJob,
    QgsMapSettings,
    QgsRasterLayer,
    QgsTask,
)
from qgis.PyQt.QtCore import QBuffer, QIODevice, QSize
from qgis.PyQt.QtGui import QColor, QImage, QPainter

from ...models.shared.events import Stepped
from ..errors import UserCancelled, UserError
from ..layers.styles import write_class_style
from ..run.scene import own_pixel_size_m
from ..wording import tr
from .page import page
from .report import Picture, RunReport, table, write

LONGER_SIDE_PX = 900  # of the longer side of a picture
BACKGROUND_COLOUR = "#333333"  # background colour, against which all class colours stand out
VALUES = 256  # possible values of a class raster


class ReportTask(QgsTask):
    """A task that completes a report with areas and pictures, and writes it."""

    def __init__(
        self,
        report: RunReport,
        steps: Sequence[Stepped],
        path: Path,
        context: QgsCoordinateTransformContext,
        on_finished: Callable[[ReportTask, bool], None],
    ) -> None:
        """Store the report and the steps to draw; the last one is the shown step."""
        super().__init__(tr("Map Refiner: report"))
        self.report, self.path = report, path
        self.refusal = ""  # why the report was not written
        self._on_finished: Callable[[ReportTask, bool], None] | None = on_finished
        self._steps, self._context = steps, context

    def run(self) -> bool:
        """Complete and write the report; called outside the GUI thread."""
        try:
            report = self._completed()
            self._check()
            write(page(report, self.path.with_suffix(".csv").name), table(report), self.path, self._check)
        except UserError as refusal:
            self.refusal = str(refusal)
            return False
        except UserCancelled:
            return False
        return True

    def _check(self) -> None:
        """Raise `UserCancelled` if the task was cancelled."""
        if self.isCanceled():
            raise UserCancelled

    def _completed(self) -> RunReport:
        """Return the report with its pictures and areas."""
        pictures = []
        for step in self._steps:
            self._check()
            pictures.append(self._picture(step))
        self._check()
        shown = self._steps[-1]
        layer = self._layer(shown)
        size = own_pixel_size_m(layer, self._context)
        area = None if size is None else size**2
        scene = (*self.report.scene, *_grid(layer, size))
        return replace(self.report, scene=scene, pictures=tuple(pictures), pixels=self._count(shown), pixel_m2=area)

    def finished(self, done: bool) -> None:
        """Pass the result to `on_finished`; called in the GUI thread."""
        if self._on_finished is not None:
            self._on_finished(self, done)

    def abandon(self) -> None:
        """Cancel the task, wait for its end, and do not call `on_finished`."""
        self._on_finished = None
        self.cancel()
        self.waitForFinished()

    def _layer(self, step: Stepped) -> QgsRasterLayer:
        path = Path(step.classes_raster)
        if path.is_file():
            write_class_style(path, step.classes)
        layer = QgsRasterLayer(str(path), path.stem, "gdal")
        if not layer.isValid():
            raise _gone(step)
        return layer

    def _picture(self, step: Stepped) -> Picture:
        layer = self._layer(step)
        layer.renderer().setOpacity(1)  # the class layer is translucent on the map
        scale = min(1.0, LONGER_SIDE_PX / max(layer.width(), layer.height()))
        image = QImage(
            max(1, round(scale * layer.width())), max(1, round(scale * layer.height())), QImage.Format.Format_RGB32
        )
        settings = QgsMapSettings()
        settings.setLayers([layer])
        settings.setBackgroundColor(QColor(BACKGROUND_COLOUR))
        settings.setDestinationCrs(layer.crs())
        settings.setExtent(layer.extent())
        settings.setOutputSize(QSize(image.width(), image.height()))
        painter = QPainter(image)
        QgsMapRendererCustomPainterJob(settings, painter).renderSynchronously()
        painter.end()
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")
        title = tr("Step {}").format(step.index) if step.index else tr("Step 0, the coarse map")
        return Picture(title, bytes(buffer.data()))

    def _count(self, step: Stepped) -> tuple[int, ...]:
        """Count the pixels of each class, without NoData."""
        try:
            raster = gdal.Open(step.classes_raster)
            band = raster.GetRasterBand(1)
            counts = band.GetHistogram(-0.5, VALUES - 0.5, VALUES, False, False, callback=self._on_counted)
        except (AttributeError, RuntimeError, OSError):  # GDAL raises or returns None, depending on its settings
            counts = None
        if counts is None:
            self._check()
            raise _gone(step)
        return tuple(int(n) for n in counts[: len(step.classes)])

    def _on_counted(self, fraction: float, _text: str, _data: object) -> int:
        self.setProgress(100 * fraction)
        return 0 if self.isCanceled() else 1


def _grid(layer: QgsRasterLayer, pixel_size_m: float | None) -> tuple[tuple[str, str], ...]:
    pixel = tr("unknown") if pixel_size_m is None else tr("{:.4g} m").format(pixel_size_m)
    size = tr("{} × {} pixels").format(layer.width(), layer.height())
    return ((tr("Size"), size), (tr("Pixel size"), pixel))


def _gone(step: Stepped) -> UserError:
    sentence = tr("The class raster of step {} is missing or damaged: {}")
    return UserError(sentence.format(step.index, step.classes_raster))
