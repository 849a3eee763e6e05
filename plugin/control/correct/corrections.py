"""Controller of the corrections: their layer, undo and redo, and applying them."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsCsException, QgsGeometry, QgsVectorLayer
from qgis.PyQt.QtCore import QTimer, pyqtSignal

from ....models.shared.events import Corrected
from ....models.shared.requests import Correct
from ...errors import UserError
from ...layers.correction_layer import Correction, History, are_in, check_layer, layer_for, open_layer
from ...layers.label_layer import commit
from ...layers.vector_source import layer_source
from ...run.run import Run
from ...state import Task
from ..context import AppContext, SectionController, shows_errors


class CorrectionControl(SectionController):
    """Controller of the correction layer of the current run."""

    bound = pyqtSignal()  # the map contains the corrections

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self.handlers = {Corrected: self._on_corrected}
        self.history = History()
        self._layer: QgsVectorLayer | None = None
        self._run = ""  # name of the run that the layer belongs to
        self._is_due = False  # whether corrections wait to be sent to the worker
        correct = self.dock.correct
        correct.layer_chosen.connect(self._on_layer_chosen)
        correct.undo_requested.connect(self.undo)
        correct.redo_requested.connect(self.redo)

    def shut_down(self) -> None:
        """Disconnect from the layer's signals."""
        self._watch(None)

    def clear(self) -> None:
        """Release the layer when the project is closed."""
        self.history.clear()
        self._watch(None)
        self._is_due = False

    def layer(self) -> QgsVectorLayer | None:
        """Return the correction layer in use, or None."""
        return self._layer

    @shows_errors
    def restore(self, run: Run, with_layers: bool) -> None:
        """Restore the corrections of a run; `with_layers` also reopens their layer after a crash."""
        layer = layer_for(self.context.project, run.name)
        if layer is None and with_layers and are_in(run.folder):
            layer = self._open_layer(run)
        if layer is not None:
            self._run = run.name
            self._watch(layer)
            self._refresh()

    def add(self, shape: QgsGeometry, crs: QgsCoordinateReferenceSystem, name: str) -> None:
        """Assign a class to the area of a shape.

        Raises:
            UserError: if the shape is outside the scene or cannot be transformed, or there is no map.
        """
        run = self.context.mapped_run()
        layer = self._own_layer(run)
        if crs.isValid() and layer.crs().isValid():
            try:
                shape.transform(QgsCoordinateTransform(crs, layer.crs(), self.context.project.transformContext()))
            except QgsCsException:
                raise UserError(self.tr("The drawn shape cannot be transformed to the CRS of the scene.")) from None
        if not shape.intersects(QgsGeometry.fromRect(run.extent.in_crs(layer.crs()))):
            raise UserError(self.tr("This place is outside the scene. Correct the map within the scene."))
        self.history.push(Correction(layer, shape, name))
        self._send()

    # --- the layer --------------------------------------------------------------------------------------------

    def _own_layer(self, run: Run) -> QgsVectorLayer:
        """Return the layer for new corrections: the chosen one, or the run's own, created or opened if necessary."""
        if self._run != run.name:
            self._watch(None)
            self._run = run.name
        layer = (
            self.dock.correct.correction_layer() or layer_for(self.context.project, run.name) or self._open_layer(run)
        )
        check_layer(layer, run.classes)
        self._watch(layer)
        return layer

    def _open_layer(self, run: Run) -> QgsVectorLayer:
        layer = open_layer(run.folder, run.name, run.scene.name, run.extent, run.classes)
        self.context.project.addMapLayer(layer, False)
        self.context.project.layerTreeRoot().insertLayer(0, layer)
        return layer

    def _watch(self, layer: QgsVectorLayer | None) -> None:
        """Track the edits that QGIS's own tools make in a layer."""
        if layer is self._layer:
            return
        if self._layer is not None:
            self._layer.afterCommitChanges.disconnect(self._on_committed)
            self._layer.willBeDeleted.disconnect(self._on_layer_gone)
            self.history.clear()
        self._layer = layer
        combo = self.dock.correct.layer
        if layer is not None:
            layer.afterCommitChanges.connect(self._on_committed)
            layer.willBeDeleted.connect(self._on_layer_gone)
            combo.blockSignals(True)
            combo.setLayer(layer)
            combo.blockSignals(False)

    def _on_layer_gone(self) -> None:
        self._layer = None
        self.history.clear()
        self._refresh()

    @shows_errors
    def _on_layer_chosen(self) -> None:
        layer, run = self.dock.correct.correction_layer(), self.context.run
        if layer is None or run is None or layer is self._layer:
            return
        check_layer(layer, run.classes)
        self._run = run.name
        self._watch(layer)
        self._send()

    # --- binding ----------------------------------------------------------------------------------------------

    def undo(self) -> None:
        "Undo the last correction."
        if self.history.can_undo:
            self.history.undo()
            self._send()

    def redo(self) -> None:
        "Redo the last undone correction."
        if self.history.can_redo:
            self.history.redo()
            self._send()

    def _send(self) -> None:
        """Apply the corrections now, or as soon as the worker is free."""
        self._is_due = True
        self._refresh()
        self.flush()

    def _on_committed(self) -> None:
        self._is_due = True
        self._refresh()
        QTimer.singleShot(0, self.flush)  # the layer is still committing

    @shows_errors
    def flush(self) -> None:
        """Apply pending corrections, unless another task runs."""
        context, layer, run = self.context, self._layer, self.context.run
        if not self._is_due or layer is None or run is None or context.task is not Task.NONE or context.playing:
            return
        self._is_due = False
        commit(layer)
        request = Correct(layer_source(layer, run.folder), run.shown)
        context.ask(Task.CORRECT, self.tr("Applying the corrections…"), *context.on_run(request))

    def _on_corrected(self, event: Corrected) -> None:
        run = self.context.run
        if run is None:
            return  # the project was closed meanwhile
        step = run.replace(event.index, event.scores, event.classes_raster)
        self.context.layers.replace(run.name, step)
        self.bound.emit()

    def _refresh(self) -> None:
        count = self._layer.featureCount() if self._layer is not None else 0
        self.dock.correct.set_history(self.history.can_undo, self.history.can_redo, count)
