"""More layers of a step, made on demand: how unsure it is, and what has changed."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsRasterLayer

from ....models.shared.events import ViewWritten
from ....models.shared.requests import WriteView
from ...errors import Refused
from ...layers.step_layer import RUN
from ...layers.styles import style_change, style_uncertainty
from ...state import Task
from ..context import Desk, Part, spoken


class ViewControl(Part):
    """The button for more layers in section three of the dock."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.handlers = {ViewWritten: self._on_written}
        self.dock.refine.view_requested.connect(self._on_requested)

    @spoken
    def _on_requested(self, view: str) -> None:
        desk, run = self.desk, self.desk.mapped_run()
        if view != "uncertainty" and run.shown == 0:
            raise Refused(self.tr("This is the coarse map: nothing has changed yet. Make a step first."))
        number = 1
        while (path := run.folder / f"view_{number}.tif").exists():
            number += 1
        desk.ask(Task.VIEW, self.tr("Writing the layer…"), *desk.on_run(WriteView(run.shown, view, str(path))))

    def _on_written(self, event: ViewWritten) -> None:
        run = self.desk.run
        if run is None:
            return  # the project was closed meanwhile
        names = {
            "uncertainty": self.tr("Step {} · uncertainty"),
            "change": self.tr("Step {} · changed since the last step"),
            "change since coarse": self.tr("Step {} · changed since the coarse map"),
        }
        layer = QgsRasterLayer(str(Path(event.path)), names[event.view].format(event.step), "gdal")
        if not layer.isValid():
            self.desk.messages.warn(self.tr("{} is written, but QGIS cannot open it.").format(event.path))
            return
        if event.view == "uncertainty":
            style_uncertainty(layer)
        else:
            style_change(layer, run.classes)
        layer.setCustomProperty(RUN, run.name)
        self.desk.project.addMapLayer(layer, False)
        self.desk.layers.group_of(run.name).insertLayer(0, layer)
