"""Correcting by hand: the tools, the layer that keeps what was corrected, undo and redo, and binding it to the map."""

from __future__ import annotations

from qgis.core import QgsCoordinateTransform, QgsCsException, QgsGeometry, QgsPointXY, QgsVectorLayer
from qgis.PyQt.QtCore import QTimer, pyqtSignal

from ...models.protocol import Correct, Corrected, FindRegion, RegionFound
from ..corrections import Correction, History, check_layer, layer_for, open_layer
from ..label_layer import commit
from ..paint_tools import BrushTool, CorrectionTool, PolygonTool, RegionTool
from ..refusal import Refused
from ..run import Run
from ..shortcuts import Shortcuts
from ..state import Task
from ..styles import correction_colour
from ..vectors import source_of
from .desk import Desk, Part, spoken

LARGER = 1.5  # what a key makes of the brush
NAMED = 5  # classes with a key of their own


class CorrectControl(Part):
    """Section five of the dock."""

    bound = pyqtSignal()  # the corrections are in the map

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.handlers = {Corrected: self._on_corrected, RegionFound: self._on_region_found}
        self.history = History()
        self._layer: QgsVectorLayer | None = None
        self._run = ""  # whose layer it is
        self._is_due = False  # a correction that the worker has not heard of
        self._meant = ""  # the class that a clicked part is to have
        canvas = desk.canvas
        self.tools: dict[str, CorrectionTool] = {
            "paint": BrushTool(canvas), "click": RegionTool(canvas), "draw": PolygonTool(canvas)
        }  # fmt: skip
        for tool in self.tools.values():
            tool.drawn.connect(self._on_drawn)
            tool.clicked.connect(self._on_clicked)
        canvas.mapToolSet.connect(self._on_tool_set)
        correct = self.dock.correct
        correct.tool_chosen.connect(self._on_tool_chosen)
        correct.class_chosen.connect(self._on_class_chosen)
        correct.brush_changed.connect(self._on_brush_changed)
        correct.layer_chosen.connect(self._on_layer_chosen)
        correct.undo_requested.connect(self._on_undo_requested)
        correct.redo_requested.connect(self._on_redo_requested)
        self.shortcuts = Shortcuts(desk.iface.mainWindow())
        self._add_shortcuts()

    def _add_shortcuts(self) -> None:
        correct, add = self.dock.correct, self.shortcuts.add
        for key, text, keys in (
            ("paint", self.tr("Map Refiner: Paint a Correction"), "Ctrl+Alt+B"),
            ("click", self.tr("Map Refiner: Correct a Connected Part"), "Ctrl+Alt+K"),
            ("draw", self.tr("Map Refiner: Draw a Correction"), "Ctrl+Alt+D"),
        ):
            add(key.capitalize(), text, keys, lambda key=key: self._on_tool_chosen(key))
        add("Undo", self.tr("Map Refiner: Undo the Correction"), "Ctrl+Alt+Z", self._on_undo_requested)
        add("Redo", self.tr("Map Refiner: Redo the Correction"), "Ctrl+Alt+Y", self._on_redo_requested)
        add("Larger", self.tr("Map Refiner: Larger Brush"), "Alt+]", lambda: self._resize(LARGER))
        add("Smaller", self.tr("Map Refiner: Smaller Brush"), "Alt+[", lambda: self._resize(1 / LARGER))
        for number in range(NAMED):
            text = self.tr("Map Refiner: Correct as Class {}").format(number + 1)
            add(f"Class{number + 1}", text, f"Alt+{number + 1}", lambda number=number: correct.choose_class(number))
        add("Unsure", self.tr("Map Refiner: Correct as Unsure"), "Alt+0", lambda: correct.choose_class(-1))

    def shut_down(self) -> None:
        """Take tools, shortcuts and the layer's signals away."""
        self._watch(None)
        self.desk.canvas.mapToolSet.disconnect(self._on_tool_set)
        self.shortcuts.remove()
        for tool in self.tools.values():
            if self.desk.canvas.mapTool() is tool:
                self.desk.canvas.unsetMapTool(tool)
            tool.remove()
            tool.deleteLater()

    def forget(self) -> None:
        """Let go of the layer: the project is closed."""
        self.history.clear()
        self._watch(None)
        self._is_due = False
        self._on_tool_chosen("")

    # --- the tools --------------------------------------------------------------------------------------------

    def _on_tool_chosen(self, key: str) -> None:
        canvas = self.desk.canvas
        if key and self.desk.run is not None and self.dock.correct.tools[key].isEnabled():
            canvas.setMapTool(self.tools[key])
            return
        for tool in self.tools.values():
            if canvas.mapTool() is tool:
                canvas.unsetMapTool(tool)
        self.dock.correct.check_tool("")

    def _on_tool_set(self, tool: object, _former: object = None) -> None:
        self.dock.correct.check_tool(next((key for key, each in self.tools.items() if each is tool), ""))

    def _on_class_chosen(self, name: str) -> None:
        colour = correction_colour(name, self.desk.run.classes if self.desk.run is not None else ())
        for tool in self.tools.values():
            tool.set_colour(colour)

    def _on_brush_changed(self, metres: float) -> None:
        self.tools["paint"].metres = metres

    def _resize(self, factor: float) -> None:
        brush = self.dock.correct.brush
        brush.setValue(brush.value() * factor)

    # --- what was meant ---------------------------------------------------------------------------------------

    @spoken
    def _on_drawn(self, shape: QgsGeometry) -> None:
        run = self._open_run()
        layer = self._own_layer(run)
        crs = self.desk.canvas.mapSettings().destinationCrs()
        if crs.isValid() and layer.crs().isValid():
            try:
                shape.transform(QgsCoordinateTransform(crs, layer.crs(), self.desk.project.transformContext()))
            except QgsCsException:
                raise Refused(self.tr("What you drew cannot be brought to the CRS of the scene.")) from None
        self._add(layer, run, shape, self.dock.correct.chosen_class())

    @spoken
    def _on_clicked(self, point: QgsPointXY) -> None:
        run = self._open_run()
        crs = self.desk.canvas.mapSettings().destinationCrs()
        if crs.isValid() and run.place.crs.isValid():
            try:
                way = QgsCoordinateTransform(crs, run.place.crs, self.desk.project.transformContext())
                point = way.transform(point)
            except QgsCsException:
                raise Refused(self.tr("That is outside the scene.")) from None
        self._meant = self.dock.correct.chosen_class()
        request = FindRegion(run.shown, point.x(), point.y())
        self.desk.ask(Task.CORRECT, self.tr("Finding the connected part…"), *self.desk.on_run(request))

    def _on_region_found(self, event: RegionFound) -> None:
        run = self.desk.run
        if run is None or not self._meant:
            return  # the project was closed meanwhile
        name, self._meant = self._meant, ""
        QTimer.singleShot(0, lambda: self._on_region_meant(event, name))

    @spoken
    def _on_region_meant(self, event: RegionFound, name: str) -> None:
        run = self._open_run()
        layer, shape = self._own_layer(run), QgsGeometry.fromWkt(event.wkt)
        if run.place.crs.isValid() and layer.crs().isValid():
            shape.transform(QgsCoordinateTransform(run.place.crs, layer.crs(), self.desk.project.transformContext()))
        self._add(layer, run, shape, name)

    def _add(self, layer: QgsVectorLayer, run: Run, shape: QgsGeometry, name: str) -> None:
        scene = QgsGeometry.fromRect(run.place.in_crs(layer.crs()))
        if not shape.intersects(scene):
            raise Refused(self.tr("That is outside the scene; correct the map within it."))
        self.history.push(Correction(layer, shape, name))
        self._send()

    def _open_run(self) -> Run:
        run = self.desk.run
        if run is None or run.shown < 0:
            raise Refused(self.tr("Make a coarse map first."))
        return run

    # --- the layer --------------------------------------------------------------------------------------------

    def _own_layer(self, run: Run) -> QgsVectorLayer:
        """Return the layer to add to: the chosen one, or the run's own, which is made or opened if need be."""
        if self._run != run.name:
            self._watch(None)
            self._run = run.name
        layer = self.dock.correct.correction_layer() or layer_for(self.desk.project, run.name)
        if layer is None:
            layer = open_layer(run.folder, run.name, run.scene.name, run.place, run.classes)
            self.desk.project.addMapLayer(layer, False)
            self.desk.project.layerTreeRoot().insertLayer(0, layer)
        check_layer(layer, run.classes)
        self._watch(layer)
        return layer

    def _watch(self, layer: QgsVectorLayer | None) -> None:
        """Follow the edits that QGIS's own tools make in a layer."""
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

    @spoken
    def _on_layer_chosen(self) -> None:
        layer, run = self.dock.correct.correction_layer(), self.desk.run
        if layer is None or run is None or layer is self._layer:
            return
        check_layer(layer, run.classes)
        self._run = run.name
        self._watch(layer)
        self._send()

    # --- binding ----------------------------------------------------------------------------------------------

    def _on_undo_requested(self) -> None:
        if self.history.can_undo:
            self.history.undo()
            self._send()

    def _on_redo_requested(self) -> None:
        if self.history.can_redo:
            self.history.redo()
            self._send()

    def _send(self) -> None:
        """Bind the corrections now, or as soon as the worker is free."""
        self._is_due = True
        self._refresh()
        self.flush()

    def _on_committed(self) -> None:
        self._is_due = True
        self._refresh()
        QTimer.singleShot(0, self.flush)  # the layer is in the middle of it

    @spoken
    def flush(self) -> None:
        """Bind what is due, unless something else runs."""
        desk, layer, run = self.desk, self._layer, self.desk.run
        if not self._is_due or layer is None or run is None or desk.task is not Task.NONE or desk.playing:
            return
        self._is_due = False
        commit(layer)
        request = Correct(source_of(layer, run.folder), run.shown)
        desk.ask(Task.CORRECT, self.tr("Binding the corrections…"), *desk.on_run(request))

    def _on_corrected(self, event: Corrected) -> None:
        run = self.desk.run
        if run is None:
            return  # the project was closed meanwhile
        step = run.replace(event.index, event.scores, event.classes_raster)
        self.desk.layers.replace(run.name, step)
        self.bound.emit()

    def _refresh(self) -> None:
        correct = self.dock.correct
        correct.can_undo, correct.can_redo = self.history.can_undo, self.history.can_redo
        correct.corrected = self._layer.featureCount() if self._layer is not None else 0
        correct.update_again()

    def layer(self) -> QgsVectorLayer | None:
        """Return the layer of corrections in use."""
        return self._layer
