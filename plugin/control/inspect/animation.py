"""Animation of the steps with QGIS's temporal controller, which can also export it."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QDockWidget

from ...errors import UserError
from ...layers.temporal import animate, stop
from ..context import AppContext, SectionController, shows_errors

PANEL = "Temporal Controller"  # object name of QGIS's own panel


class AnimationControl(SectionController):
    """Controller of the animation button in section three; all steps are visible while the map is temporal."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self._has_opened = False  # whether this controller has opened the panel
        self.dock.refine.animate_toggled.connect(self._on_toggled)
        context.canvas.temporalRangeChanged.connect(self._on_time_changed)

    def shut_down(self) -> None:
        """Disconnect from the map."""
        self.context.canvas.temporalRangeChanged.disconnect(self._on_time_changed)

    @shows_errors
    def _on_toggled(self, checked: bool) -> None:
        run, canvas = self.context.run, self.context.canvas
        self.dock.refine.set_animating(canvas.mapSettings().isTemporal())  # follows the map, not the click
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
        self.context.messages.inform(
            self.tr("The steps play in the Temporal Controller. Use its Export Animation button to save the frames.")
        )

    def _on_time_changed(self) -> None:
        in_time = self.context.canvas.mapSettings().isTemporal()
        self.dock.refine.set_animating(in_time)
        self.context.layers.set_animated(in_time)
