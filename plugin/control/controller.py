"""The main controller: it turns dock signals into requests, and worker events into layers and text."""

from __future__ import annotations

from qgis.core import QgsMapLayer
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QObject

from ...models.shared.events import Cancelled, Event, Failed, Noticed, Progressed, Ready
from ...models.shared.requests import Resume
from ..dock.dock import MapRefinerDock
from ..environment.options_page import PAGE
from ..help import open_page
from ..layers.step_layer import RUN_PROPERTY
from ..state import Task, WorkerState
from ..wording import worker_text, worker_texts
from ..worker.launch import Launch
from .coarse import CoarseControl
from .context import AppContext, SectionController, shows_errors
from .correct.correction_tools import CorrectionToolControl
from .correct.corrections import CorrectionControl
from .correct.uncertain_places import UncertainPlaceControl
from .demo import DemoControl
from .export import ExportControl
from .fine_tuning import FineTuningControl
from .inspect.animation import AnimationControl
from .inspect.comparison import ComparisonControl
from .inspect.derived_layers import DerivedLayerControl
from .inspect.filters import FilterControl
from .inspect.pixel_inspector import PixelInspectorControl
from .layer_menu import LayerMenu
from .report import ReportControl
from .run_persistence import RunPersistenceControl
from .scene import SceneControl
from .steps import StepControl
from .training import TrainingControl


class Controller(SectionController):
    """The owner of all controllers; it dispatches worker events and handles worker failures and closed projects."""

    def __init__(self, iface: QgisInterface, dock: MapRefinerDock, parent: QObject | None = None) -> None:
        super().__init__(AppContext(iface, dock, parent))
        context = self.context
        self._cancelling = False
        self.scene = SceneControl(context)
        self.demo = DemoControl(context)
        self.coarse = CoarseControl(context, self.scene)
        self.steps = StepControl(context)
        self.training = TrainingControl(context, self.scene)
        self.export = ExportControl(context)
        self.report = ReportControl(context)
        self.filters = FilterControl(context, self.steps)
        self.corrections = CorrectionControl(context)
        self.correction_tools = CorrectionToolControl(context, self.corrections)
        self.fine_tuning = FineTuningControl(context, self.steps, self.training)
        self.uncertain_places = UncertainPlaceControl(context, self.correction_tools, self.training)
        self.derived_layers = DerivedLayerControl(context)
        self.comparison = ComparisonControl(context, self.correction_tools, self.fine_tuning)
        self.pixel_inspector = PixelInspectorControl(context)
        self.animation = AnimationControl(context)
        self.run_persistence = RunPersistenceControl(context)
        self.run_persistence.restored.connect(self.corrections.restore)
        self.layer_actions = LayerMenu(context, self.run_persistence)
        self._parts = (
            *(self.scene, self.demo, self.coarse, self.steps, self.training, self.export, self.filters),
            *(self.corrections, self.correction_tools, self.fine_tuning, self.uncertain_places, self.derived_layers),
            self.run_persistence,  # last: it records the changes that the others make for an event
        )
        engine = context.engine
        engine.state_changed.connect(context.refresh)
        engine.became_ready.connect(self._on_ready)
        engine.received.connect(self._on_event)
        engine.ended.connect(self._on_ended)
        engine.died.connect(self._on_died)
        engine.logged.connect(context.messages.log)
        dock.footer.cancel_requested.connect(self._on_cancel_requested)
        dock.footer.restart_requested.connect(self._on_restart_requested)
        dock.footer.options_requested.connect(self._on_options_requested)
        dock.help_requested.connect(open_page)
        dock.visibilityChanged.connect(self._on_dock_shown)
        context.project.cleared.connect(self._on_project_cleared)
        context.project.layersAdded.connect(self._on_layers_added)
        context.project.layersRemoved.connect(self._exclude_own_layers)
        context.refresh()

    def shut_down(self) -> None:
        """Stop the worker and disconnect from the project and the map."""
        context = self.context
        self.steps.stop_playing()
        context.project.cleared.disconnect(self._on_project_cleared)
        context.project.layersAdded.disconnect(self._on_layers_added)
        context.project.layersRemoved.disconnect(self._exclude_own_layers)
        context.engine.blockSignals(True)
        context.engine.shut_down()
        context.layers.clear()
        self.filters.shut_down()
        self.report.shut_down()
        self.run_persistence.shut_down()
        self.layer_actions.shut_down()
        self.corrections.shut_down()
        self.correction_tools.shut_down()
        self.pixel_inspector.shut_down()
        self.comparison.shut_down()
        self.animation.shut_down()
        self.scene.area_tool.remove()

    def settings_changed(self) -> None:
        """Use the newly set Python and device for the next request."""
        context = self.context
        context.find_python_for_worker()
        launch = Launch(str(context.python), context.settings.device)
        if context.task is Task.NONE and context.engine.launch not in (None, launch):
            context.engine.stop()
            context.close_runs()
        context.refresh()

    # --- the worker -------------------------------------------------------------------------------------------

    def _on_ready(self, ready: Ready) -> None:
        self.dock.footer.set_device(ready.device_name)
        self.context.messages.log(f"{ready.device_name}, Python {ready.python}, PyTorch {ready.torch}")
        self.context.refresh()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Progressed):
            self.dock.footer.set_progress(event.fraction, worker_text(event.text), event.seconds_left)
        elif isinstance(event, Noticed):
            self.context.messages.warn(worker_texts(event.texts))
        for part in self._parts:
            handler = part.handlers.get(type(event))
            if handler is not None:
                handler(event)

    def _on_ended(self, event: Event, more: bool) -> None:
        if more:
            return
        context = self.context
        self._cancelling = False
        context.task = Task.NONE
        if isinstance(event, (Cancelled, Failed)):
            context.pending_run = None
        if isinstance(event, Failed):
            if event.request in ("Open", "Resume"):
                context.close_runs()  # the worker closes one scene before it opens another
            context.messages.fail(worker_texts(event.texts), event.detail)
        elif isinstance(event, Cancelled):
            context.messages.inform(self.tr("Cancelled. Finished steps and labels are kept."))
        if kept := self.steps.kept_tiles_text():
            context.messages.inform(kept)
        self.steps.on_ended(event)
        self.export.on_ended()
        context.refresh()
        self.corrections.flush()
        self.uncertain_places.on_ended()

    def _on_died(self, sentence: str) -> None:
        context = self.context
        was_cancelling, self._cancelling = self._cancelling, False
        context.task = Task.NONE
        context.pending_run = None
        self.steps.stop_playing()
        self.steps.end_preview()
        context.close_runs()
        self.export.on_ended()
        context.messages.fail(sentence)
        if was_cancelling:
            self._on_restart_requested()
        context.refresh()

    def _on_cancel_requested(self) -> None:
        self.steps.stop_playing()
        if self.context.task is not Task.NONE:
            self._cancelling = True
            self.dock.footer.begin(self.tr("Cancelling…"))
            self.context.engine.cancel()
        self.context.refresh()

    @shows_errors
    def _on_restart_requested(self) -> None:
        context = self.context
        context.task = Task.NONE
        context.pending_run = None
        context.start_worker()
        if context.run is not None:
            context.ask(Task.RESUME, self.tr("Reopening the scene…"), Resume(str(context.run.folder)))
        context.refresh()

    def _on_options_requested(self) -> None:
        self.context.iface.showOptionsDialog(self.context.iface.mainWindow(), PAGE)

    # --- the project ------------------------------------------------------------------------------------------

    def _on_dock_shown(self, visible: bool) -> None:
        if visible:
            if self.context.engine.state is WorkerState.STOPPED:
                self.context.find_python_for_worker()
            self.scene.propose_layer()
            self.run_persistence.offer_lost()
            self.context.refresh()

    def _on_project_cleared(self) -> None:
        context = self.context
        self.steps.stop_playing()
        context.layers.clear()
        self.filters.shut_down()
        context.run = context.pending_run = None
        self.corrections.clear()
        self.correction_tools.clear()
        self.uncertain_places.clear()
        self.comparison.clear()
        self.pixel_inspector.clear()
        if context.task is not Task.NONE:
            context.engine.cancel()
        context.refresh()

    def _on_layers_added(self, layers: list[QgsMapLayer]) -> None:
        if any(layer.customProperty(RUN_PROPERTY) for layer in layers):
            self._exclude_own_layers()
        elif self.dock.isVisible():
            self.scene.propose_layer()

    def _exclude_own_layers(self) -> None:
        """Exclude the layers of runs from the lists of images, which they would fill up."""
        own = [layer for layer in self.context.project.mapLayers().values() if layer.customProperty(RUN_PROPERTY)]
        self.dock.scene.set_hidden_layers(own)
        self.dock.coarse.set_hidden_layers(own)
