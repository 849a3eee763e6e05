"""The layers of a run: one group per run, one group per step, with the class map and one heat map per class."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path

from qgis.core import (
    QgsDataProvider,
    QgsLayerTreeGroup,
    QgsLayerTreeLayer,
    QgsLayerTreeNode,
    QgsProject,
    QgsRasterLayer,
)
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...models.shared.events import Stepped
from ..run.run import Level
from .exported_layers import EXPORT
from .label_layer import LABELS_PROPERTY
from .step_layer import CLASS_MAP, KIND_PROPERTY, PREVIEW, RUN_PROPERTY, STEP_PROPERTY, Due, open_due
from .styles import write_class_style, write_heat_style

MOST_LEVELS = 99  # most levels before step 0
NO_STEP = -1000


class ScoreLayers(QObject):
    """Adds, shows and removes the layers of a project's runs.

    The only state kept about the layer tree is the custom properties of its nodes, because the user can move, rename
    and remove nodes at any time. Layers are added one at a time, the visible one first, returning to the event loop
    after each.
    """

    step_chosen = pyqtSignal(str, int)  # run, step: the user made another step visible in the layer tree

    def __init__(self, project: QgsProject, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project
        self._due: deque[Due] = deque()
        self._titles: dict[str, str] = {}  # run: scene name
        self._shown: tuple[str, int, int] = ("", -1, CLASS_MAP)
        self._busy = False
        self._animated = False  # all steps visible, filtered by the temporal controller
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._add_next)
        project.layerTreeRoot().visibilityChanged.connect(self._on_visibility_changed)

    # --- what the controller calls ----------------------------------------------------------------------------

    def begin(self, run: str, title: str) -> None:
        """Set the scene name of a run and show its group; other runs are hidden, not removed."""
        self._titles[run] = title
        for group in _groups(self.project.layerTreeRoot(), RUN_PROPERTY):
            group.setItemVisibilityChecked(group.customProperty(RUN_PROPERTY) == run)

    def remember(self, run: str, title: str) -> None:
        """Set the scene name of a run that already has layers."""
        self._titles[run] = title

    def sources(self, run: str, index: int) -> list[str]:
        """Return the data sources of a step's layers."""
        group = self._step_group(run, index)
        nodes = group.findLayers() if group is not None else []
        return [node.layer().source() for node in nodes if _is_ours(node, run)]

    def add(self, run: str, step: Stepped, kind: int) -> None:
        """Add the layers of a step: the one of `kind` at once and visible, the others later."""
        others = [Due(run, step, k) for k in range(len(step.classes) + 1) if k != kind]
        self._shown = (run, step.index, kind)
        self._due.appendleft(Due(run, step, kind))
        self._due.extend(others)
        self._add_next()
        self.set_visible(run, True)
        self._timer.start()

    def replace(self, run: str, step: Stepped) -> None:
        """Point the layers of a step to new rasters, in the same styles."""
        self._due = deque(Due(due.run, step, due.kind) if _is_due(due, run, step.index) else due for due in self._due)
        write_class_style(Path(step.classes_raster), step.classes)
        write_heat_style(Path(step.scores))
        group = self._step_group(run, step.index)
        for node in group.findLayers() if group is not None else ():
            if _is_ours(node, run):
                path = step.scores if _kind(node) else step.classes_raster
                layer = node.layer()
                layer.setDataSource(path, layer.name(), "gdal", QgsDataProvider.ProviderOptions(), False)

    def show(self, run: str, step: Stepped, kind: int) -> None:
        """Make one layer of one step visible; add it again if the user has removed it."""
        group = self._step_group(run, step.index)
        present = [_kind(node) for node in group.findLayers()] if group is not None else []
        pending_run = [due.kind for due in self._due if due.step == step]
        if kind not in present and kind not in pending_run:
            self._due.appendleft(Due(run, step, kind))
            self._timer.start()
        self._shown = (run, step.index, kind)
        self._apply_visibility()
        self.set_visible(run, True)

    def group_of(self, run: str) -> QgsLayerTreeGroup:
        """Return the group of a run, made non-exclusive so that other layers can be visible next to its steps."""
        group = self._run_group(run) or self._new_run_group(run)
        group.setIsMutuallyExclusive(False)
        return group

    def cover(self, run: str, layer: QgsRasterLayer) -> None:
        """Show a layer on top of the steps of a run and hide the steps until one is shown again."""
        group = self._run_group(run) or self._new_run_group(run)
        self._shown = ("", -1, CLASS_MAP)
        self._busy = True
        node = group.insertLayer(0, layer)
        node.setExpanded(False)
        for step in _groups(group, STEP_PROPERTY):
            step.setItemVisibilityChecked(False)
        node.setItemVisibilityChecked(True)
        group.setItemVisibilityChecked(True)
        self._busy = False

    def set_animated(self, animated: bool) -> None:
        """Make all steps visible for the temporal controller, or only one at a time."""
        if animated != self._animated:
            self._animated = animated
            self._apply_visibility()

    def set_visible(self, run: str, visible: bool) -> None:
        """Show or hide the whole group of a run."""
        group = self._run_group(run)
        if group is not None:
            group.setItemVisibilityChecked(visible)

    def truncate(self, run: str, count: int) -> None:
        """Remove the layers of all steps except the first `count`; for 0 also the pyramid levels before step 0."""
        first = count if count else -MOST_LEVELS
        self._due = deque(due for due in self._due if due.run != run or due.step.index < first)
        parent = self._run_group(run)
        if parent is None:
            return
        for group in [g for g in _groups(parent, STEP_PROPERTY) if int(g.customProperty(STEP_PROPERTY)) >= first]:
            self.project.removeMapLayers([layer.layerId() for layer in group.findLayers() if _is_ours(layer, run)])
            if not group.findLayers() and group.parent() is not None:
                group.parent().removeChildNode(group)

    def clear(self) -> None:
        """Drop all pending layers when the project closes or the plugin is unloaded."""
        self._due.clear()
        self._titles.clear()
        self._timer.stop()

    def is_settled(self) -> bool:
        """Return whether all layers have been added."""
        return not self._due

    # --- adding -----------------------------------------------------------------------------------------------

    def _add_next(self) -> None:
        if not self._due:
            self._timer.stop()
            return
        due = self._due.popleft()
        layer = open_due(due)
        group = self._step_group(due.run, due.step.index) or self._new_step_group(due.run, due.step)
        position = sum(1 for node in group.findLayers() if _kind(node) < due.kind)
        self._busy = True
        self.project.addMapLayer(layer, False)
        node = group.insertLayer(position, layer)
        node.setExpanded(False)
        node.setItemVisibilityChecked(False)
        self._busy = False
        self._apply_visibility()

    def _new_step_group(self, run: str, step: Stepped) -> QgsLayerTreeGroup:
        parent = self._run_group(run) or self._new_run_group(run)
        later = [i for i, node in enumerate(parent.children()) if _step_of(node) > step.index]
        name = self.tr("Step {}").format(step.index) if step.index else self.tr("Step 0 (Coarse Map)")
        if isinstance(step, Level):
            name = self.tr("Coarse {}").format(step.title)
        self._busy = True
        group = parent.insertGroup(min(later, default=len(parent.children())), name)
        group.setCustomProperty(STEP_PROPERTY, step.index)
        group.setIsMutuallyExclusive(True)
        group.setExpanded(False)
        group.setItemVisibilityChecked(False)
        if len(parent.children()) == 1:
            parent.setExpanded(False)  # a tree view collapses an empty group
            parent.setExpanded(True)
        self._busy = False
        return group

    def _new_run_group(self, run: str) -> QgsLayerTreeGroup:
        root = self.project.layerTreeRoot()
        above = 0  # labels and exports stay on top
        while above < len(root.children()) and _stays_above(root.children()[above]):
            above += 1
        self._busy = True
        group = root.insertGroup(above, self.tr("Refined: {}").format(self._titles.get(run, run)))
        group.setCustomProperty(RUN_PROPERTY, run)
        group.setIsMutuallyExclusive(True)
        self._busy = False
        return group

    # --- showing ----------------------------------------------------------------------------------------------

    def _apply_visibility(self) -> None:
        run, index, kind = self._shown
        group = self._step_group(run, index)
        if group is None:
            return
        self._busy = True
        if self._animated:
            group.parent().setIsMutuallyExclusive(False)
            for each in _groups(group.parent(), STEP_PROPERTY):
                self._show_kind(each, run, kind)
        else:
            self._show_kind(group, run, kind)
            _uncheck_others(group)
        self._busy = False

    def _show_kind(self, group: QgsLayerTreeGroup, run: str, kind: int) -> None:
        nodes = [node for node in group.findLayers() if _is_ours(node, run)]
        for node in sorted(nodes, key=lambda node: _kind(node) == kind):  # the shown one last: it unchecks the others
            node.setItemVisibilityChecked(_kind(node) == kind)
        group.setItemVisibilityChecked(True)

    def _on_visibility_changed(self, node: QgsLayerTreeNode) -> None:
        index = _step_of(node)
        if self._busy or self._animated or index == NO_STEP:
            return
        if not node.itemVisibilityChecked() or node.parent() is None:
            return
        self._busy = True
        _uncheck_others(node)
        self._busy = False
        run = node.parent().customProperty(RUN_PROPERTY)
        if run and (run, index) != self._shown[:2]:
            self.step_chosen.emit(run, index)

    # --- finding ----------------------------------------------------------------------------------------------

    def _run_group(self, run: str) -> QgsLayerTreeGroup | None:
        root = self.project.layerTreeRoot()
        return next((g for g in _groups(root, RUN_PROPERTY) if g.customProperty(RUN_PROPERTY) == run), None)

    def _step_group(self, run: str, index: int) -> QgsLayerTreeGroup | None:
        parent = self._run_group(run)
        found = _groups(parent, STEP_PROPERTY) if parent is not None else iter(())
        return next((g for g in found if int(g.customProperty(STEP_PROPERTY)) == index), None)


def _groups(parent: QgsLayerTreeGroup, key: str) -> Iterator[QgsLayerTreeGroup]:
    """Yield the groups at any depth below a group that have a property, even if the user has moved them."""
    for node in parent.children():
        if isinstance(node, QgsLayerTreeGroup):
            if node.customProperty(key) is not None:
                yield node
            yield from _groups(node, key)


def _uncheck_others(step: QgsLayerTreeGroup) -> None:
    """Hide the other steps and the preview of a run, even if their group is not mutually exclusive."""
    for other in _groups(step.parent(), STEP_PROPERTY):
        if other is not step:
            other.setItemVisibilityChecked(False)
    for node in step.parent().findLayers():
        if node.layer() is not None and node.layer().customProperty(PREVIEW):
            node.setItemVisibilityChecked(False)


def _step_of(node: QgsLayerTreeNode) -> int:
    value = node.customProperty(STEP_PROPERTY) if isinstance(node, QgsLayerTreeGroup) else None
    return NO_STEP if value is None else int(value)


def _stays_above(node: QgsLayerTreeNode) -> bool:
    layer = node.layer() if isinstance(node, QgsLayerTreeLayer) else None
    return layer is not None and bool(layer.customProperty(LABELS_PROPERTY) or layer.customProperty(EXPORT))


def _kind(node: QgsLayerTreeLayer) -> int:
    layer = node.layer()
    return -1 if layer is None else int(layer.customProperty(KIND_PROPERTY, -1))


def _is_due(due: Due, run: str, index: int) -> bool:
    return due.run == run and due.step.index == index


def _is_ours(node: QgsLayerTreeLayer, run: str) -> bool:
    return node.layer() is not None and node.layer().customProperty(RUN_PROPERTY) == run
