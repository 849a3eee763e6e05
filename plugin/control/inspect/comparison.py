"""Comparison of the shown step with another one, by flicker or with a swipe line that follows the mouse."""

from __future__ import annotations

from qgis.core import QgsMapLayer

from ....models.shared.events import Stepped
from ...dock.widgets.compare import BEFORE
from ...layers.step_layer import KIND_PROPERTY, RUN_PROPERTY, open_step
from ...map_tools.swipe_tool import SwipeTool
from ..context import AppContext, SectionController
from ..correct.correction_tools import CorrectionToolControl
from ..fine_tuning import FineTuningControl


class ComparisonControl(SectionController):
    """Controller of the comparison of two steps, by flicker or swipe; the layer tree stays unchanged."""

    def __init__(
        self, context: AppContext, correction_tools: CorrectionToolControl, fine_tuning: FineTuningControl
    ) -> None:
        super().__init__(context)
        self._before: Stepped | None = None  # the shown step before the last fine-tuning
        self._former: list[QgsMapLayer] | None = None  # the layers of the map before the comparison
        self._other: QgsMapLayer | None = None
        self.row = self.dock.refine.compare
        self.row.held.connect(self.show)
        self.row.released.connect(self.hide)
        self.tool = SwipeTool(context.canvas)
        self.tool.activated.connect(lambda: self.row.swipe.setChecked(True))
        self.tool.deactivated.connect(lambda: self.row.swipe.setChecked(False))
        self.row.swiped.connect(self._on_swiped)
        self.row.chosen.connect(lambda: self._on_swiped(self.row.swipe.isChecked()))
        context.project.layersWillBeRemoved.connect(self._end_swipe)  # the swipe tool may draw one of them
        fine_tuning.learnt.connect(self._on_fine_tuned)
        text = self.tr("Map Refiner: Compare With the Other Step")
        correction_tools.shortcuts.add("Compare", text, "Ctrl+Alt+F", self._flip)

    def _on_fine_tuned(self, step: Stepped) -> None:
        self._before = step
        self.row.choose_before()

    def _flip(self) -> None:
        other = self.row.index()
        if self._former is not None:
            self.hide()
        elif other is not None:
            self.show(other)

    def show(self, index: int) -> None:
        """Show a step, or the shown step as it was before the last fine-tuning."""
        layers = self._with_other(index) if self._former is None else None
        if layers is not None:
            self._former = self.context.canvas.layers()
            self.context.canvas.setLayers(layers)

    def hide(self) -> None:
        """Restore the previous view."""
        former, self._former = self._former, None
        if former is not None:
            present = self.context.project.mapLayers().values()
            self.context.canvas.setLayers([layer for layer in former if layer in present])
            self._other = None

    def _on_swiped(self, checked: bool) -> None:
        index, canvas = self.row.index(), self.context.canvas
        layers = self._with_other(index) if checked and index is not None else None
        if layers is None:
            canvas.unsetMapTool(self.tool)
            self.row.swipe.setChecked(False)
            return
        canvas.setMapTool(self.tool)
        self.tool.show(layers)

    def _end_swipe(self) -> None:
        self.context.canvas.unsetMapTool(self.tool)

    def _with_other(self, index: int) -> list[QgsMapLayer] | None:
        """Return the map's layers with another step in place of the shown one, or None if it is not available."""
        run = self.context.run
        step = self._before if index == BEFORE else None
        if run is not None and 0 <= index <= run.last:
            step = run.steps[index]
        if run is None or step is None:
            return None
        other = open_step(step, self.context.kind())
        if not other.isValid():
            return None  # its rasters are missing
        self._other = other  # keeps the layer alive
        present = self.context.canvas.layers()
        shown = [
            layer
            for layer in present
            if layer.customProperty(RUN_PROPERTY) == run.name and layer.customProperty(KIND_PROPERTY) is not None
        ]
        first = present.index(shown[0]) if shown else 0
        layers = [layer for layer in present if layer not in shown]
        layers.insert(first, other)
        return layers

    def clear(self) -> None:
        """Release the layers when the project is closed."""
        self.context.canvas.unsetMapTool(self.tool)
        self._former = self._other = self._before = None
        self.row.remove_before()

    def shut_down(self) -> None:
        """Remove everything from the canvas."""
        self.clear()
        self.context.project.layersWillBeRemoved.disconnect(self._end_swipe)
        self.tool.remove()
        self.tool.deleteLater()  # otherwise its parent, the canvas, keeps it
