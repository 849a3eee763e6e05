"""The preview layer of a step that is still being computed."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QObject

from ...models.shared.events import Previewed
from .score_layers import ScoreLayers
from .step_layer import PREVIEW, RUN_PROPERTY
from .styles import write_class_style, write_heat_style


class PreviewLayer(QObject):
    """At most one preview layer, on top of the steps of its run, which are hidden meanwhile."""

    def __init__(self, project: QgsProject, steps: ScoreLayers, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self.steps = steps
        self._layer_id = ""

    def show(self, run: str, preview: Previewed) -> None:
        """Show a preview in place of the run's steps."""
        self.remove()
        path = Path(preview.path)
        if preview.kind:
            write_heat_style(path)
        else:
            write_class_style(path, preview.classes)
        what = preview.classes[preview.kind - 1] if preview.kind else self.tr("classes")
        name = self.tr("Step {} · {} (preview)").format(preview.index, what)
        layer = QgsRasterLayer(str(path), name, "gdal")
        if not layer.isValid():
            return  # the finished step follows anyway
        for key, value in ((RUN_PROPERTY, run), (PREVIEW, preview.index)):
            layer.setCustomProperty(key, value)
        self._layer_id = layer.id()
        self.project.addMapLayer(layer, False)
        self.steps.cover(run, layer)

    def remove(self) -> bool:
        """Remove the layer; return whether there was one."""
        layer_id, self._layer_id = self._layer_id, ""
        if self.project.mapLayer(layer_id) is None:  # also if the user has removed it
            return False
        self.project.removeMapLayer(layer_id)
        return True
