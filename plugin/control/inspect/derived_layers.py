"""Derived layers of a step, made on demand: its uncertainty and its changes."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsRasterLayer

from ....models.shared.conventions import CHANGE, CHANGE_SINCE_COARSE, UNCERTAINTY
from ....models.shared.events import DerivedLayerWritten
from ....models.shared.requests import WriteDerivedLayer
from ...errors import UserError
from ...layers.step_layer import RUN_PROPERTY
from ...layers.styles import style_change, style_uncertainty
from ...state import Task
from ..context import AppContext, SectionController, shows_errors


class DerivedLayerControl(SectionController):
    """Controller of the button for derived layers in section three."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self.handlers = {DerivedLayerWritten: self._on_written}
        self.dock.refine.view_requested.connect(self._on_requested)

    @shows_errors
    def _on_requested(self, view: str) -> None:
        context, run = self.context, self.context.mapped_run()
        if view != "uncertainty" and run.shown == 0:
            raise UserError(self.tr("This is the coarse map, so nothing has changed yet. Make a step first."))
        number = 1
        while (path := run.folder / f"view_{number}.tif").exists():
            number += 1
        context.ask(
            Task.VIEW, self.tr("Writing the layer…"), *context.on_run(WriteDerivedLayer(run.shown, view, str(path)))
        )

    def _on_written(self, event: DerivedLayerWritten) -> None:
        run = self.context.run
        if run is None:
            return  # the project was closed meanwhile
        names = {
            UNCERTAINTY: self.tr("Step {} · uncertainty"),
            CHANGE: self.tr("Step {} · changed since the last step"),
            CHANGE_SINCE_COARSE: self.tr("Step {} · changed since the coarse map"),
        }
        layer = QgsRasterLayer(str(Path(event.path)), names[event.view].format(event.step), "gdal")
        if not layer.isValid():
            self.context.messages.warn(self.tr("{} was written, but QGIS cannot open it.").format(event.path))
            return
        if event.view == UNCERTAINTY:
            style_uncertainty(layer)
        else:
            style_change(layer, run.classes)
        layer.setCustomProperty(RUN_PROPERTY, run.name)
        self.context.project.addMapLayer(layer, False)
        self.context.layers.group_of(run.name).insertLayer(0, layer)
