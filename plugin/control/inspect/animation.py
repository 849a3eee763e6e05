"""Playing the steps with QGIS's temporal controller, which can also export them as an animation."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QDockWidget

from ...errors import UserError
from ...layers.temporal import animate, stop
from ..context import AppContext, SectionController, shows_errors

PANEL = "Temporal Controller"  # what QGIS calls its own one


class AnimationControl(SectionController):
    """The button in section three of the dock; the steps are all visible while the map is in time."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self._has_opened = False  # the panel of the controller
        self.dock.refine.animate_toggled.connect(self._on_toggled)
        context.canvas.temporalRangeChanged.connect(self._on_time_changed)

    def shut_down(self) -> None:
        """Leave the map unchanged."""
        self.context.canvas.temporalRangeChanged.disconnect(self._on_time_changed)

    @shows_errors
    def _on_toggled(self, checked: bool) -> None:
        run, canvas = self.context.run, self.context.canvas
        self.dock.refine.animate.setChecked(canvas.mapSettings().isTemporal())  # until it is so
        panel = self.context.iface.mainWindow().findChild(QDockWidget, PANEL)
        if not checked:
            stop(canvas)
            if panel is not None and self._has_opened:
                panel.hide()
            return
        if run is None or run.last + len(run.levels) < 1:
            raise UserError(self.tr("Only one step exists. Make more steps first."))
        if not animate(canvas, -len(run.levels), run.last):
            raise UserError(self.tr("This QGIS has no Temporal Controller."))
        self._has_opened = panel is not None and not panel.isVisible()
        if panel is not None:
            panel.show()
        self.context.messages.tell(
            self.tr("The steps play in the Temporal Controller. Use its Export Animation button to save the frames.")
        )

    def _on_time_changed(self) -> None:
        in_time = self.context.canvas.mapSettings().isTemporal()
        self.dock.refine.animate.setChecked(in_time)
        self.context.layers.set_animated(in_time)
