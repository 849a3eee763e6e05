"""Controller of the export of polygons and rasters."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsRasterLayer, QgsVectorLayer

from ...models.shared.events import Exported
from ...models.shared.requests import ExportPolygons, ExportRaster, Request
from ..dock.sections.export import PolygonChoices
from ..layers.exported_layers import POLYGON_ENDINGS, RASTER_ENDINGS, checked_path, open_polygons, open_raster, release
from ..state import Task
from .context import AppContext, SectionController, shows_errors


class ExportControl(SectionController):
    """Controller of section six, the export."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self.handlers = {Exported: self._on_exported}
        self._was_on_map: Path | None = None  # a file whose layer was removed so that the file can be replaced
        self.dock.export.polygons_requested.connect(self._on_polygons_requested)
        self.dock.export.raster_requested.connect(self._on_raster_requested)

    @shows_errors
    def _on_polygons_requested(self, choices: PolygonChoices) -> None:
        run = self.context.mapped_run()
        path = checked_path(choices.path, POLYGON_ENDINGS)
        request = ExportPolygons(run.shown, str(path), choices.min_area_m2, choices.tolerance_m, choices.background)
        self._export(path, request, self.tr("Exporting polygons…"))

    @shows_errors
    def _on_raster_requested(self, text: str) -> None:
        path = checked_path(text, RASTER_ENDINGS)
        self._export(path, ExportRaster(self.context.mapped_run().shown, str(path)), self.tr("Exporting the raster…"))

    def _export(self, path: Path, request: Request, text: str) -> None:
        if path.exists() and not self.context.may_replace(path, self.tr("Export")):
            return
        if release(self.context.project, path):
            self._was_on_map = path
        self.context.ask(Task.EXPORT, text, *self.context.on_run(request))

    def _on_exported(self, event: Exported) -> None:
        path = Path(event.path)
        if event.features is None:
            self.context.messages.inform(self.tr("The class raster was written to {}.").format(path))
        else:
            self.context.messages.inform(self.tr("{} polygons were written to {}.").format(event.features, path))
        if self.dock.export.add_to_map.isChecked() or self._was_on_map == path:
            self._add(path)
        self._was_on_map = None

    def on_ended(self) -> None:
        """Add a layer again if its file was not replaced."""
        path, self._was_on_map = self._was_on_map, None
        if path is not None and path.exists():
            self._add(path)

    def _add(self, path: Path) -> None:
        classes = self.context.run.classes if self.context.run is not None else ()
        is_raster = path.suffix.lower() in RASTER_ENDINGS
        layer: QgsRasterLayer | QgsVectorLayer = (open_raster if is_raster else open_polygons)(path, classes)
        if not layer.isValid():
            self.context.messages.warn(self.tr("{} was written, but QGIS cannot open it.").format(path))
            return
        self.context.project.addMapLayer(layer, False)
        self.context.project.layerTreeRoot().insertLayer(0, layer)
