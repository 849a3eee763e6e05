"""Layers with the responses of a refiner's filters."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qgis.core import QgsLayerTreeGroup, QgsProject, QgsRasterLayer
from qgis.PyQt.QtCore import QObject, QTimer

from .score_layers import ScoreLayers
from .step_layer import RUN_PROPERTY
from .styles import style_answers, write_answer_style

FILTERS_PROPERTY = "map_refiner/filters"


@dataclass(frozen=True)
class _Due:
    """A pending layer: one band of a raster."""

    run: str
    path: str
    name: str
    band: int
    limit: float


class FilterLayers(QObject):
    """Adds one layer per filter, returning to the event loop after each; the first layer is visible."""

    def __init__(self, project: QgsProject, steps: ScoreLayers, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self.steps = steps
        self._due: deque[_Due] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._add_next)

    def show(self, run: str, path: str, step: int, names: Sequence[str], limits: Sequence[float]) -> None:
        """Show the bands of a raster in place of the run's earlier filter layers."""
        self._due.clear()
        group = self._group(run)
        own = [
            node.layerId()
            for node in group.findLayers()
            if node.layer() and node.layer().customProperty(FILTERS_PROPERTY)
        ]
        self.project.removeMapLayers(own)
        write_answer_style(Path(path), max(limits))
        for band, (name, limit) in enumerate(zip(names, limits), start=1):
            self._due.append(_Due(run, path, self.tr("{} · step {}").format(name, step), band, limit))
        self._add_next()
        self._timer.start()

    def hide(self, run: str) -> None:
        """Hide the filter layers without removing them."""
        group = self._present(run)
        if group is not None:
            group.setItemVisibilityChecked(False)

    def is_settled(self) -> bool:
        """Return whether all layers have been added."""
        return not self._due

    def clear(self) -> None:
        """Drop all pending layers."""
        self._due.clear()
        self._timer.stop()

    def _add_next(self) -> None:
        if not self._due:
            self._timer.stop()
            return
        due = self._due.popleft()
        layer = QgsRasterLayer(due.path, due.name, "gdal")
        if layer.isValid():
            style_answers(layer, due.band, due.limit)
        layer.setCustomProperty(RUN_PROPERTY, due.run)
        layer.setCustomProperty(FILTERS_PROPERTY, due.band)
        self.project.addMapLayer(layer, False)
        group = self._group(due.run)
        node = group.addLayer(layer)
        node.setExpanded(False)
        node.setItemVisibilityChecked(due.band == 1)
        if due.band == 1:
            group.setItemVisibilityChecked(True)

    def _present(self, run: str) -> QgsLayerTreeGroup | None:
        groups = self.project.layerTreeRoot().findGroups(True)
        return next((group for group in groups if group.customProperty(FILTERS_PROPERTY) == run), None)

    def _group(self, run: str) -> QgsLayerTreeGroup:
        group = self._present(run)
        if group is None:
            group = self.steps.group_of(run).insertGroup(0, self.tr("Filters"))
            group.setCustomProperty(FILTERS_PROPERTY, run)
            group.setIsMutuallyExclusive(True)
        return group
