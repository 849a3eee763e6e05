"""Open a copy of the demo scene that ships, with its labelled tile."""

from __future__ import annotations

import shutil
from pathlib import Path

from qgis.core import QgsMapLayer, QgsRasterLayer, QgsVectorLayer

from ...models.shared.paths import RESOURCES
from ..errors import Refused
from ..layers.label_layer import USUAL_CLASSES, show_labels
from .context import Desk, Part, spoken

SCENE, TILE, TRUTH = "scene.tif", "tile.gpkg", "truth.gpkg"


class DemoControl(Part):
    """The button that section one shows while there is no image."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.dock.scene.demo_requested.connect(self._on_requested)

    @spoken
    def _on_requested(self) -> None:
        folder = self.desk.settings.work_folder() / "demo"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in (SCENE, TILE, TRUTH):
                if not (folder / name).is_file():  # an edited tile stays as it is
                    shutil.copyfile(RESOURCES / "demo" / name, folder / name)
        except OSError as error:
            raise Refused(self.tr("The demo scene cannot be copied to {}: {}.").format(folder, error)) from error
        self._open(folder)

    def _open(self, folder: Path) -> None:
        """Add the image, and above it, not shown, what is labelled."""
        desk = self.desk
        image = QgsRasterLayer(str(folder / SCENE), self.tr("Demo scene"), "gdal")
        tile = QgsVectorLayer(str(folder / TILE), self.tr("Labelled tile"), "ogr")
        truth = QgsVectorLayer(str(folder / TRUTH), self.tr("Truth"), "ogr")
        for layer in (image, tile, truth):
            if not layer.isValid():
                raise Refused(self.tr("QGIS cannot open {}; it may be gone.").format(layer.source()))
        if not desk.project.mapLayers():
            desk.project.setCrs(image.crs())
        for layer in (image, truth, tile):
            self._add(layer)
        for layer in (truth, tile):
            show_labels(layer, USUAL_CLASSES)
            node = desk.project.layerTreeRoot().findLayer(layer.id())
            node.setItemVisibilityChecked(False)
            node.setExpanded(False)
        self.dock.scene.layer.setLayer(image)
        self.dock.teach.labels.setLayer(tile)
        desk.canvas.setExtent(desk.canvas.mapSettings().layerExtentToOutputExtent(image, image.extent()))
        desk.canvas.refresh()

    def _add(self, layer: QgsMapLayer) -> None:
        self.desk.project.addMapLayer(layer, False)
        self.desk.project.layerTreeRoot().insertLayer(0, layer)
