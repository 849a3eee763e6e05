"""Comparing the shown step with another one, by flicker."""

from __future__ import annotations

from qgis.core import QgsMapLayer

from ...models.protocol import Stepped
from ..score_layers import KIND, RUN, open_step
from ..sections.compare import BEFORE
from .correcting import CorrectControl
from .desk import Desk, Part
from .learning import LearnControl


class CompareControl(Part):
    """Shows another step in the place of the shown one for a while; the layer tree stays as it is."""

    def __init__(self, desk: Desk, correcting: CorrectControl, learning: LearnControl) -> None:
        super().__init__(desk)
        self._before: Stepped | None = None  # the shown step before the last Learn
        self._former: list[QgsMapLayer] | None = None  # what the map showed
        self._other: QgsMapLayer | None = None
        row = self.dock.refine.compare
        row.held.connect(self.show)
        row.released.connect(self.hide)
        learning.learnt.connect(self._on_learnt)
        text = self.tr("Map Refiner: Compare With the Other Step")
        correcting.shortcuts.add("Compare", text, "Ctrl+Alt+F", self._flip)

    def _on_learnt(self, step: Stepped) -> None:
        self._before = step
        self.dock.refine.compare.choose_before()

    def _flip(self) -> None:
        other = self.dock.refine.compare.other.currentData()
        if self._former is not None:
            self.hide()
        elif other is not None:
            self.show(int(other))

    def show(self, index: int) -> None:
        """Show a step, or the shown one as it was before the last Learn."""
        run, canvas = self.desk.run, self.desk.canvas
        step = self._before if index == BEFORE else None
        if run is not None and 0 <= index <= run.last:
            step = run.steps[index]
        if run is None or step is None or self._former is not None:
            return
        self._other = open_step(step, self.desk.kind())
        if not self._other.isValid():
            return  # its rasters are gone
        self._former = canvas.layers()
        shown = [
            layer
            for layer in self._former
            if layer.customProperty(RUN) == run.name and layer.customProperty(KIND) is not None
        ]
        first = self._former.index(shown[0]) if shown else 0
        layers = [layer for layer in self._former if layer not in shown]
        layers.insert(first, self._other)
        canvas.setLayers(layers)

    def hide(self) -> None:
        """Show again what was there."""
        former, self._former = self._former, None
        if former is not None:
            present = self.desk.project.mapLayers().values()
            self.desk.canvas.setLayers([layer for layer in former if layer in present])
        self._other = None

    def forget(self) -> None:
        """Let go of the layers: the project is closed."""
        self._former = self._other = self._before = None
        self.dock.refine.compare.has_before = False
