"""Controller of the labels, and of the training of a refiner on them."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from qgis.core import QgsMapLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QTimer

from ...models.shared.events import Evaluated, Trained, TrainingProgressed
from ...models.shared.requests import Evaluate, LoadRefiner, TrainRefiner
from ..catalogue.refiner_kinds import refiner_kind_text
from ..catalogue.training_summary import doing, progress, verdict
from ..catalogue.weights import new_weights_file, title_of
from ..errors import UserError
from ..layers.label_layer import USUAL_CLASSES, add_outline, check, commit, new_label_file, open_layer, paint_labels
from ..layers.vector_source import layer_source
from ..run.run import Run
from ..state import StepAccuracy, Task
from .context import AppContext, SectionController, shows_errors
from .refiner_suggestion import CoarseMapInfo, beginning
from .scene import SceneControl


class TrainingControl(SectionController):
    """Controller of section four, labels and training."""

    def __init__(self, context: AppContext, scene: SceneControl) -> None:
        super().__init__(context)
        self.scene = scene
        self.handlers = {
            TrainingProgressed: self._on_training_progressed,
            Trained: self._on_trained,
            Evaluated: self._on_evaluated,
        }
        self._label_name = self._kind = self._begin = ""  # of the current training
        train = self.dock.train
        train.new_tile_requested.connect(self._on_new_tile_requested)
        train.outline_requested.connect(self._on_outline_requested)
        train.train_requested.connect(self._on_train_requested)
        train.stop_requested.connect(context.engine.stop_training)
        train.labels.layerChanged.connect(self._on_labels_chosen)
        train.measure_requested.connect(self._on_measure_requested)
        train.save_requested.connect(self._on_save_requested)
        train.load_requested.connect(self._on_load_requested)

    # --- the labels -------------------------------------------------------------------------------------------

    def classes(self) -> tuple[str, ...]:
        """Return the classes to label: those of the map, or the usual ones before there is a map."""
        return (self.context.run.classes if self.context.run is not None else ()) or USUAL_CLASSES

    @shows_errors
    def _on_new_tile_requested(self) -> None:
        context = self.context
        scene = context.run.scene if context.run is not None else self.scene.choice()
        path = new_label_file(context.settings.work_folder() / "labels", scene.name, self.scene.extent())
        QTimer.singleShot(0, lambda: self._open_tile(path))  # QGIS stays responsive between writing and opening

    @shows_errors
    def _open_tile(self, path: Path) -> None:
        context = self.context
        layer = open_layer(path, self.classes())
        context.project.addMapLayer(layer, False)
        context.project.layerTreeRoot().insertLayer(0, layer)
        layer.startEditing()
        context.iface.setActiveLayer(layer)
        self.dock.train.set_labels(layer)
        context.iface.actionAddFeature().trigger()
        if context.run is not None:
            context.layers.set_visible(context.run.name, False)  # it would cover the area to digitize
        context.messages.inform(
            self.tr("Digitize in “{}”: first a “tile”, then the objects inside it.").format(layer.name())
        )

    def _on_labels_chosen(self, layer: QgsMapLayer | None) -> None:
        if isinstance(layer, QgsVectorLayer):
            paint_labels(layer, self.classes())

    @shows_errors
    def _on_outline_requested(self) -> None:
        add_outline(self._labels(), self.context.view(), self.scene.extent())

    def _labels(self) -> QgsVectorLayer:
        layer = self.dock.train.label_layer()
        if layer is None:
            raise UserError(self.tr("Choose a label layer first, or create one with New Labelled Tile."))
        return layer

    def labels_if_any(self, run: Run) -> str:
        """Return the source of the chosen labels for the worker, or an empty string if there are no usable labels."""
        try:
            return self._checked_labels(run) if self.dock.train.label_layer() is not None else ""
        except UserError:
            return ""

    def _checked_labels(self, run: Run) -> str:
        """Save and check the labels, and return their source for the worker."""
        layer = self._labels()
        commit(layer)
        warning = check(layer, self.classes(), self.scene.extent())
        if warning:
            self.context.messages.warn(warning)
        self._label_name = layer.name()
        return layer_source(layer, run.folder)

    # --- training ---------------------------------------------------------------------------------------------

    @shows_errors
    def _on_train_requested(self) -> None:
        context, run = self.context, self.context.mapped_run()
        train, self._kind = self.dock.train, self.dock.train.chosen_kind()
        made = CoarseMapInfo(run.coarse, len(run.scene.bands), run.classes)
        begin = beginning(self._kind, self.dock.refine.refiner.path(), made) if train.use_pretrained.isChecked() else ""
        self._begin = begin
        path = str(new_weights_file(run.folder, "refiner"))
        request = TrainRefiner(self._checked_labels(run), path, self._kind, pretrained=begin)
        context.ask(Task.TRAIN_REFINER, self.tr("Training…"), *context.on_run(request))
        train.curve.clear()
        train.set_progress(self.tr("Starting from “{}”.").format(title_of(Path(begin))) if begin else "")

    @shows_errors
    def _on_measure_requested(self) -> None:
        context, run = self.context, self.context.mapped_run()
        request = Evaluate(self._checked_labels(run))
        context.ask(Task.MEASURE, self.tr("Evaluating the accuracy…"), *context.on_run(request))

    def _on_training_progressed(self, event: TrainingProgressed) -> None:
        if self.context.task is not Task.TRAIN_REFINER:
            return
        train = self.dock.train
        train.curve.add_loss(event.update, event.updates, event.loss)
        if event.held_out_miou is not None:
            train.curve.add(event.update, event.updates, event.held_out_miou, event.coarse_miou)
        train.set_progress(progress(event, self._kind, train.curve.points, train.curve.baseline))
        fraction = event.update / max(1, event.updates)
        self.dock.footer.set_progress(fraction, doing(event, self._kind), event.seconds_left)

    def _on_trained(self, event: Trained) -> None:
        if event.role != "refiner":
            return
        context, refine = self.context, self.dock.refine
        if refine.refiner.path() != self._begin:  # only a chosen refiner can stay chosen
            event = replace(event, before_miou=None)
        found = verdict(event)
        if context.run is not None:
            context.run.refiner = event.model
            context.run.best_steps[event.model] = event.best_step
        if found.beats:
            refine.propose_end(event.best_step)
        refine.refiner.add_file(self._title(), event.model, choose=found.beats or not refine.refiner.path())
        self.dock.train.set_progress(f"{found.figures} {found.advice}")
        if not found.former_stays:  # if it stays, the present steps are still valid
            context.show_step(0)  # training starts at the coarse map, which is the result if the refiner does not help
        (context.messages.inform if found.beats else context.messages.warn)(found.message)

    def _title(self) -> str:
        """Name a refiner after its kind and its labels, with a number if the name is taken."""
        kind = refiner_kind_text(self._kind)
        title = self.tr("{}, trained on {}").format(self._kind if kind is None else kind.title(), self._label_name)
        number, wanted = 1, title
        while self.dock.refine.refiner.findText(wanted) >= 0:
            number += 1
            wanted = f"{title} ({number})"
        return wanted

    def _on_evaluated(self, event: Evaluated) -> None:
        if self.context.run is not None:
            figures = event.overall_accuracy, event.mean_iou, event.iou, event.boundary_iou, event.confusion
            self.context.run.accuracy[event.index] = StepAccuracy(*figures)
            self.context.refresh()

    # --- files of refiners ------------------------------------------------------------------------------------

    @shows_errors
    def _on_save_requested(self, target: str) -> None:
        source = self.dock.refine.refiner.path()
        path = Path(target).with_suffix(".safetensors")
        part = path.with_name(path.name + ".part")
        try:
            shutil.copyfile(source, part)
            os.replace(part, path)
        except OSError as error:
            raise UserError(self.tr("The refiner cannot be saved: {}").format(error.strerror or error)) from error
        self.context.messages.inform(self.tr("The refiner was saved to {}.").format(path))

    @shows_errors
    def _on_load_requested(self, path: str) -> None:
        context = self.context
        self.dock.refine.refiner.add_file(title_of(Path(path)), path)
        if context.run is not None:  # the worker can check at once whether it fits
            context.ask(Task.LOAD, self.tr("Loading the refiner…"), *context.on_run(LoadRefiner(path)))
