"""Controller of the correction tools and their keyboard shortcuts."""

from __future__ import annotations

from qgis.core import QgsCoordinateTransform, QgsCsException, QgsGeometry, QgsPointXY
from qgis.PyQt.QtCore import QTimer

from ....models.shared.events import RegionFound
from ....models.shared.requests import FindRegion
from ...errors import UserError
from ...layers.styles import correction_colour
from ...map_tools.paint_tools import BrushTool, CorrectionTool, PolygonTool, RegionTool
from ...map_tools.shortcuts import Shortcuts
from ...state import Task
from ..context import AppContext, SectionController, shows_errors
from .corrections import CorrectionControl

LARGER = 1.5  # brush size factor per key press
NAMED = 5  # number of classes with a keyboard shortcut


class CorrectionToolControl(SectionController):
    """Controller of the correction tools in section five."""

    def __init__(self, context: AppContext, corrections: CorrectionControl) -> None:
        super().__init__(context)
        self.handlers = {RegionFound: self._on_region_found}
        self.corrections = corrections
        self._meant = ""  # the class for the clicked region
        canvas = context.canvas
        self.tools: dict[str, CorrectionTool] = {
            "paint": BrushTool(canvas),
            "click": RegionTool(canvas),
            "draw": PolygonTool(canvas),
        }
        for tool in self.tools.values():
            tool.drawn.connect(self._on_drawn)
            tool.clicked.connect(self._on_clicked)
        canvas.mapToolSet.connect(self._on_tool_set)
        correct = self.dock.correct
        correct.tool_chosen.connect(self._on_tool_chosen)
        correct.class_chosen.connect(self._on_class_chosen)
        correct.brush_changed.connect(self._on_brush_changed)
        self.shortcuts = Shortcuts(context.iface.mainWindow())
        self._add_shortcuts()

    def _add_shortcuts(self) -> None:
        correct, add = self.dock.correct, self.shortcuts.add
        for key, text, keys in (
            ("paint", self.tr("Map Refiner: Paint a Correction"), "Ctrl+Alt+B"),
            ("click", self.tr("Map Refiner: Correct a Connected Part"), "Ctrl+Alt+K"),
            ("draw", self.tr("Map Refiner: Draw a Correction"), "Ctrl+Alt+D"),
        ):
            add(key.capitalize(), text, keys, lambda key=key: self._on_tool_chosen(key))  # type: ignore[misc]
        add("Undo", self.tr("Map Refiner: Undo the Correction"), "Ctrl+Alt+Z", self.corrections.undo)
        add("Redo", self.tr("Map Refiner: Redo the Correction"), "Ctrl+Alt+Y", self.corrections.redo)
        add("Larger", self.tr("Map Refiner: Larger Brush"), "Alt+]", lambda: self._resize(LARGER))
        add("Smaller", self.tr("Map Refiner: Smaller Brush"), "Alt+[", lambda: self._resize(1 / LARGER))
        for number in range(NAMED):
            text = self.tr("Map Refiner: Correct as Class {}").format(number + 1)
            add(f"Class{number + 1}", text, f"Alt+{number + 1}", lambda number=number: correct.choose_class(number))  # type: ignore[misc]
        add("Unsure", self.tr("Map Refiner: Correct as Unsure"), "Alt+0", lambda: correct.choose_class(-1))

    def shut_down(self) -> None:
        """Remove tools and shortcuts."""
        self.context.canvas.mapToolSet.disconnect(self._on_tool_set)
        self.shortcuts.remove()
        for tool in self.tools.values():
            if self.context.canvas.mapTool() is tool:
                self.context.canvas.unsetMapTool(tool)
            tool.remove()
            tool.deleteLater()

    def clear(self) -> None:
        """Deactivate the tool when the project is closed."""
        self._on_tool_chosen("")

    # --- the tools --------------------------------------------------------------------------------------------

    def _on_tool_chosen(self, key: str) -> None:
        canvas = self.context.canvas
        if key and self.context.run is not None and self.dock.correct.tools[key].isEnabled():
            canvas.setMapTool(self.tools[key])
            return
        for tool in self.tools.values():
            if canvas.mapTool() is tool:
                canvas.unsetMapTool(tool)
        self.dock.correct.check_tool("")

    def _on_tool_set(self, tool: object, _former: object = None) -> None:
        self.dock.correct.check_tool(next((key for key, each in self.tools.items() if each is tool), ""))

    def _on_class_chosen(self, name: str) -> None:
        colour = correction_colour(name, self.context.run.classes if self.context.run is not None else ())
        for tool in self.tools.values():
            tool.set_colour(colour)

    def _on_brush_changed(self, metres: float) -> None:
        self.tools["paint"].metres = metres

    def _resize(self, factor: float) -> None:
        brush = self.dock.correct.brush
        brush.setValue(brush.value() * factor)

    # --- what was meant ---------------------------------------------------------------------------------------

    @shows_errors
    def _on_drawn(self, shape: QgsGeometry) -> None:
        crs = self.context.canvas.mapSettings().destinationCrs()
        self.corrections.add(shape, crs, self.dock.correct.chosen_class())

    @shows_errors
    def _on_clicked(self, point: QgsPointXY) -> None:
        run = self.context.mapped_run()
        crs = self.context.canvas.mapSettings().destinationCrs()
        if crs.isValid() and run.extent.crs.isValid():
            try:
                way = QgsCoordinateTransform(crs, run.extent.crs, self.context.project.transformContext())
                point = way.transform(point)
            except QgsCsException:
                raise UserError(self.tr("This place is outside the scene.")) from None
        self._meant = self.dock.correct.chosen_class()
        request = FindRegion(run.shown, point.x(), point.y())
        self.context.ask(Task.CORRECT, self.tr("Finding the connected region…"), *self.context.on_run(request))

    def _on_region_found(self, event: RegionFound) -> None:
        run = self.context.run
        if run is None or not self._meant:
            return  # the project was closed meanwhile
        name, self._meant = self._meant, ""
        QTimer.singleShot(0, lambda: self._on_region_meant(event, name))

    @shows_errors
    def _on_region_meant(self, event: RegionFound, name: str) -> None:
        self.corrections.add(QgsGeometry.fromWkt(event.wkt), self.context.mapped_run().extent.crs, name)
