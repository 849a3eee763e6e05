"""Between dock and worker: what the analyst asks becomes requests, what the worker answers becomes layers and text."""

from __future__ import annotations

from qgis.core import QgsMapLayer
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QObject

from ...models.shared.events import Cancelled, Event, Failed, Progressed, Ready
from ...models.shared.requests import Resume
from ..dock.dock import MapRefinerDock
from ..environment.options_page import PAGE
from ..help import open_page
from ..layers.step_layer import RUN
from ..state import Task, Worker
from ..wording import failure_text, worker_text
from ..worker.launch import Launch
from .coarse import CoarseControl
from .context import Desk, Part, spoken
from .correct.correction_tools import CorrectControl
from .correct.corrections import BindControl
from .correct.uncertain_places import LookControl
from .demo import DemoControl
from .export import ExportControl
from .fine_tuning import LearnControl
from .inspect.animation import AnimateControl
from .inspect.comparison import CompareControl
from .inspect.derived_layers import ViewControl
from .inspect.filters import FilterControl
from .inspect.pixel_inspector import IdentifyControl
from .layer_menu import LayerActions
from .report import ReportControl
from .run_persistence import KeepControl
from .scene import SceneControl
from .steps import StepControl
from .training import TeachControl


class Controller(Part):
    """Owns the desk and the parts; hands events on, and deals with the worker's life and the project's end."""

    def __init__(self, iface: QgisInterface, dock: MapRefinerDock, parent: QObject | None = None) -> None:
        super().__init__(Desk(iface, dock, parent))
        desk = self.desk
        self._cancelling = False
        self.scenes = SceneControl(desk)
        self.demo = DemoControl(desk)
        self.coarse = CoarseControl(desk, self.scenes)
        self.steps = StepControl(desk)
        self.teaching = TeachControl(desk, self.scenes)
        self.exporting = ExportControl(desk)
        self.reporting = ReportControl(desk)
        self.filters = FilterControl(desk, self.steps)
        self.binding = BindControl(desk)
        self.correcting = CorrectControl(desk, self.binding)
        self.learning = LearnControl(desk, self.steps, self.teaching)
        self.looking = LookControl(desk, self.correcting, self.teaching)
        self.viewing = ViewControl(desk)
        self.comparing = CompareControl(desk, self.correcting, self.learning)
        self.identifying = IdentifyControl(desk)
        self.animating = AnimateControl(desk)
        self.keeping = KeepControl(desk)
        self.keeping.restored.connect(self.binding.take_up)
        self.layer_actions = LayerActions(desk, self.keeping)
        self._parts = (
            *(self.scenes, self.demo, self.coarse, self.steps, self.teaching, self.exporting, self.filters),
            *(self.binding, self.correcting, self.learning, self.looking, self.viewing),
            self.keeping,  # last, for it writes down what the others have made of an event
        )
        engine = desk.engine
        engine.state_changed.connect(desk.refresh)
        engine.became_ready.connect(self._on_ready)
        engine.received.connect(self._on_event)
        engine.ended.connect(self._on_ended)
        engine.died.connect(self._on_died)
        engine.logged.connect(desk.messages.log)
        dock.footer.cancel_requested.connect(self._on_cancel_requested)
        dock.footer.restart_requested.connect(self._on_restart_requested)
        dock.footer.options_requested.connect(self._on_options_requested)
        dock.help_requested.connect(open_page)
        dock.visibilityChanged.connect(self._on_dock_shown)
        desk.project.cleared.connect(self._on_project_cleared)
        desk.project.layersAdded.connect(self._on_layers_added)
        desk.project.layersRemoved.connect(self._exclude_own_layers)
        desk.refresh()

    def shut_down(self) -> None:
        """End the worker and let go of the project and the map."""
        desk = self.desk
        self.steps.stop_playing()
        desk.project.cleared.disconnect(self._on_project_cleared)
        desk.project.layersAdded.disconnect(self._on_layers_added)
        desk.project.layersRemoved.disconnect(self._exclude_own_layers)
        desk.engine.blockSignals(True)
        desk.engine.shut_down()
        desk.layers.forget()
        self.filters.shut_down()
        self.reporting.shut_down()
        self.keeping.shut_down()
        self.layer_actions.shut_down()
        self.binding.shut_down()
        self.correcting.shut_down()
        self.identifying.shut_down()
        self.comparing.shut_down()
        self.animating.shut_down()
        self.scenes.area_tool.remove()

    def settings_changed(self) -> None:
        """Use another Python or device from the next request on."""
        desk = self.desk
        desk.look_for_python()
        launch = Launch(str(desk.python), desk.settings.device)
        if desk.task is Task.NONE and desk.engine.launch not in (None, launch):
            desk.engine.stop()
            desk.close_runs()
        desk.refresh()

    # --- the worker -------------------------------------------------------------------------------------------

    def _on_ready(self, ready: Ready) -> None:
        self.dock.footer.set_device(ready.device_name)
        self.desk.messages.log(f"{ready.device_name}, Python {ready.python}, PyTorch {ready.torch}")
        self.desk.refresh()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Progressed):
            self.dock.footer.set_progress(event.fraction, worker_text(event.text), event.seconds_left)
        for part in self._parts:
            handler = part.handlers.get(type(event))
            if handler is not None:
                handler(event)

    def _on_ended(self, event: Event, more: bool) -> None:
        if more:
            return
        desk = self.desk
        self._cancelling = False
        desk.task = Task.NONE
        if isinstance(event, (Cancelled, Failed)):
            desk.coming = None
        if isinstance(event, Failed):
            if event.request in ("Open", "Resume"):
                desk.close_runs()  # the worker closes one scene before it opens another
            desk.messages.fail(failure_text(event), event.detail)
        elif isinstance(event, Cancelled):
            desk.messages.tell(self.tr("Cancelled. Finished steps and labels stay."))
        if kept := self.steps.what_is_kept():
            desk.messages.tell(kept)
        self.steps.on_ended(event)
        self.exporting.on_ended()
        desk.refresh()
        self.binding.flush()
        self.looking.on_ended()

    def _on_died(self, sentence: str) -> None:
        desk = self.desk
        was_cancelling, self._cancelling = self._cancelling, False
        desk.task = Task.NONE
        desk.coming = None
        self.steps.stop_playing()
        self.steps.end_preview()
        desk.close_runs()
        self.exporting.on_ended()
        desk.messages.fail(sentence)
        if was_cancelling:
            self._on_restart_requested()
        desk.refresh()

    def _on_cancel_requested(self) -> None:
        self.steps.stop_playing()
        if self.desk.task is not Task.NONE:
            self._cancelling = True
            self.dock.footer.begin(self.tr("Cancelling…"))
            self.desk.engine.cancel()
        self.desk.refresh()

    @spoken
    def _on_restart_requested(self) -> None:
        desk = self.desk
        desk.task = Task.NONE
        desk.coming = None
        desk.start_worker()
        if desk.run is not None:
            desk.ask(Task.RESUME, self.tr("Opening the scene again…"), Resume(str(desk.run.folder)))
        desk.refresh()

    def _on_options_requested(self) -> None:
        self.desk.iface.showOptionsDialog(self.desk.iface.mainWindow(), PAGE)

    # --- the project ------------------------------------------------------------------------------------------

    def _on_dock_shown(self, visible: bool) -> None:
        if visible:
            if self.desk.engine.state is Worker.STOPPED:
                self.desk.look_for_python()
            self.scenes.propose_layer()
            self.keeping.offer_lost()
            self.desk.refresh()

    def _on_project_cleared(self) -> None:
        desk = self.desk
        self.steps.stop_playing()
        desk.layers.forget()
        self.filters.shut_down()
        desk.run = desk.coming = None
        self.binding.forget()
        self.correcting.forget()
        self.looking.forget()
        self.comparing.forget()
        self.identifying.forget()
        if desk.task is not Task.NONE:
            desk.engine.cancel()
        desk.refresh()

    def _on_layers_added(self, layers: list[QgsMapLayer]) -> None:
        if any(layer.customProperty(RUN) for layer in layers):
            self._exclude_own_layers()
        elif self.dock.isVisible():
            self.scenes.propose_layer()

    def _exclude_own_layers(self) -> None:
        """Keep the layers of runs out of the lists of images, where they would be many."""
        own = [layer for layer in self.desk.project.mapLayers().values() if layer.customProperty(RUN)]
        self.dock.scene.layer.setExceptedLayerList(own)
        self.dock.coarse.scores.setExceptedLayerList(own)
