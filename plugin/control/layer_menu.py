"""The context menu of a run's layers, and files dropped onto the dock."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsMapLayer, QgsMapLayerType, QgsVectorLayer
from qgis.PyQt.QtWidgets import QAction, QFileDialog

from ...models.shared.conventions import CLASS_FIELD
from ...models.shared.model_kinds import REFINER_KINDS
from ..catalogue.weights import title_of, weights_kind
from ..errors import UserError
from ..layers.step_layer import KIND_PROPERTY, RUN_PROPERTY, STEP_PROPERTY
from .context import AppContext, SectionController, shows_errors
from .run_persistence import RunPersistenceControl


class LayerMenu(SectionController):
    """Controller of the context menu of step layers, and of files dropped onto the dock."""

    def __init__(self, context: AppContext, run_persistence: RunPersistenceControl) -> None:
        super().__init__(context)
        self._run_persistence = run_persistence
        self._actions: list[QAction] = []
        self._add(self.tr("Show in Map Refiner"), self._on_show)
        self._add(self.tr("Export Polygons of This Step…"), self._on_export)
        context.project.layersAdded.connect(self._on_layers_added)
        self.dock.models_dropped.connect(self._on_models_dropped)
        self.dock.labels_dropped.connect(self._on_labels_dropped)
        self._on_layers_added(list(context.project.mapLayers().values()))

    def _add(self, text: str, slot: object) -> None:
        action = QAction(text, self)
        action.triggered.connect(slot)
        self.context.iface.addCustomActionForLayerType(action, "", QgsMapLayerType.RasterLayer, False)
        self._actions.append(action)

    def shut_down(self) -> None:
        """Remove the menu entries."""
        self.context.project.layersAdded.disconnect(self._on_layers_added)
        for action in self._actions:
            self.context.iface.removeCustomActionForLayerType(action)
            action.deleteLater()
        self._actions.clear()

    def _on_layers_added(self, layers: list[QgsMapLayer]) -> None:
        for layer in layers:
            if layer.customProperty(RUN_PROPERTY) and layer.customProperty(KIND_PROPERTY) is not None:
                for action in self._actions:
                    self.context.iface.addCustomActionForLayer(action, layer)

    # --- layers of steps --------------------------------------------------------------------------------------

    @shows_errors
    def _on_show(self, *_checked: object) -> None:
        self._show()

    def _show(self) -> None:
        """Show the step of the active layer in the dock; restore its run if another one is current."""
        layer = self.context.iface.activeLayer()
        if layer is None or not layer.customProperty(RUN_PROPERTY):
            raise UserError(self.tr("Choose a layer of a step first."))
        self.dock.setUserVisible(True)
        name, step = str(layer.customProperty(RUN_PROPERTY)), int(layer.customProperty(STEP_PROPERTY))
        if self.context.run is None or self.context.run.name != name:
            self.context.require_idle()
            self._run_persistence.restore(Path(layer.source()).parent)
        self.dock.refine.choose_kind(int(layer.customProperty(KIND_PROPERTY)))
        self.context.show_step(step)

    @shows_errors
    def _on_export(self, *_checked: object) -> None:
        self._show()
        self.context.require_idle()
        export = self.dock.export
        path, _ = QFileDialog.getSaveFileName(
            self.dock, self.tr("Export Polygons"), export.polygons_file.filePath(), export.polygons_file.filter()
        )
        if path:
            export.export_polygons_to(path)

    # --- dropped files ----------------------------------------------------------------------------------------

    @shows_errors
    def _on_models_dropped(self, paths: list[str]) -> None:
        for path in paths:
            kind = weights_kind(Path(path))
            if not kind:
                raise UserError(self.tr("{} is not a model of Map Refiner.").format(Path(path).name))
            combo = self.dock.refine.refiner if kind in REFINER_KINDS else self.dock.coarse.source
            combo.add_file(title_of(Path(path)), path)
            place = self.tr("Refine") if combo is self.dock.refine.refiner else self.tr("Coarse Map")
            self.context.messages.inform(self.tr("{} is selected under {}.").format(Path(path).name, place))

    @shows_errors
    def _on_labels_dropped(self, paths: list[str]) -> None:
        project, messages = self.context.project, self.context.messages
        for path in paths:
            layer = QgsVectorLayer(path, Path(path).stem, "ogr")
            if not layer.isValid():
                raise UserError(self.tr("QGIS cannot open {} as a vector layer.").format(Path(path).name))
            project.addMapLayer(layer, False)
            project.layerTreeRoot().insertLayer(0, layer)
            if layer.fields().indexOf(CLASS_FIELD) < 0:
                text = self.tr("“{}” was added to the map, but cannot be used for training: it has no text field “{}”.")
                messages.warn(text.format(layer.name(), CLASS_FIELD))
                continue
            self.dock.train.set_labels(layer)
            messages.inform(self.tr("{} is selected under {}.").format(Path(path).name, self.tr("Train")))
