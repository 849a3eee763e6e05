"""The demo scene: a copy of the shipped image with its labelled tile."""

from __future__ import annotations

import shutil
from pathlib import Path

from qgis.core import QgsMapLayer, QgsRasterLayer, QgsVectorLayer

from ...models.shared.paths import RESOURCES
from ..errors import UserError
from ..layers.label_layer import USUAL_CLASSES, show_labels
from .context import AppContext, SectionController, shows_errors

SCENE, TILE, TRUTH = "scene.tif", "tile.gpkg", "truth.gpkg"


class DemoControl(SectionController):
    """Controller of the demo button, which section one shows while there is no image."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self.dock.scene.demo_requested.connect(self._on_requested)

    @shows_errors
    def _on_requested(self) -> None:
        folder = self.context.settings.work_folder() / "demo"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in (SCENE, TILE, TRUTH):
                if not (folder / name).is_file():  # keep an edited tile
                    shutil.copyfile(RESOURCES / "demo" / name, folder / name)
        except OSError as error:
            raise UserError(self.tr("The demo scene cannot be copied to {}: {}.").format(folder, error)) from error
        self._open(folder)

    def _open(self, folder: Path) -> None:
        """Add the image, and its label layers above it, hidden."""
        context = self.context
        image = QgsRasterLayer(str(folder / SCENE), self.tr("Demo scene"), "gdal")
        tile = QgsVectorLayer(str(folder / TILE), self.tr("Labelled tile"), "ogr")
        truth = QgsVectorLayer(str(folder / TRUTH), self.tr("Truth"), "ogr")
        for layer in (image, tile, truth):
            if not layer.isValid():
                raise UserError(self.tr("QGIS cannot open {}. The file may be missing.").format(layer.source()))
        if not context.project.mapLayers():
            context.project.setCrs(image.crs())
        for layer in (image, truth, tile):
            self._add(layer)
        for layer in (truth, tile):
            show_labels(layer, USUAL_CLASSES)
            node = context.project.layerTreeRoot().findLayer(layer.id())
            node.setItemVisibilityChecked(False)
            node.setExpanded(False)
        self.dock.scene.set_layer(image)
        self.dock.train.set_labels(tile)
        context.canvas.setExtent(context.canvas.mapSettings().layerExtentToOutputExtent(image, image.extent()))
        context.canvas.refresh()

    def _add(self, layer: QgsMapLayer) -> None:
        self.context.project.addMapLayer(layer, False)
        self.context.project.layerTreeRoot().insertLayer(0, layer)
