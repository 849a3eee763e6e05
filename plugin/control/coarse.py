"""Controller of the coarse map: from a model, a new training or existing scores."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsMapLayer, QgsRasterLayer, QgsVectorLayer

from ...models.shared.class_source import ClassSource
from ...models.shared.conventions import CLASS_FIELD
from ...models.shared.events import SpectraShown, Trained, TrainingProgressed
from ...models.shared.requests import Classify, LoadScores, ShowSpectra, TrainCoarse
from ..catalogue.weights import new_weights_file, shipped
from ..errors import UserError
from ..layers.label_layer import commit, own_classes, paint_labels
from ..layers.vector_source import layer_source
from ..run.scene import raster_source
from ..state import Task
from .context import AppContext, SectionController, shows_errors
from .scene import SceneControl


class CoarseControl(SectionController):
    """Controller of section two, the coarse map."""

    def __init__(self, context: AppContext, scene: SceneControl) -> None:
        super().__init__(context)
        self.scene = scene
        self._held_out: float | None = None  # the last held-out mean IoU of the running training
        self.handlers = {Trained: self._on_trained, TrainingProgressed: self._on_training_progressed}
        self.handlers[SpectraShown] = self._on_spectra_shown
        coarse = self.dock.coarse
        coarse.classify_requested.connect(self._on_classify_requested)
        coarse.scores_requested.connect(self._on_scores_requested)
        coarse.train_requested.connect(self._on_train_requested)
        coarse.spectra_requested.connect(self._on_spectra_requested)
        coarse.stop_requested.connect(context.engine.stop_training)
        coarse.labels.layerChanged.connect(self._on_labels_chosen)
        coarse.set_road_width(context.settings.road_width_m)
        for number, weights in enumerate(shipped("coarse")):
            coarse.source.add_file(weights.title, weights.path, choose=number == 0)

    @shows_errors
    def _on_classify_requested(self, model: str, multi_scale: bool) -> None:
        _, opening = self.scene.run_for(self.scene.choice())
        self.context.ask(Task.CLASSIFY, self.tr("Classifying…"), *opening, Classify(model, multi_scale))

    @shows_errors
    def _on_scores_requested(self, layer: QgsRasterLayer | None) -> None:
        scores = raster_source(layer)
        _, opening = self.scene.run_for(self.scene.choice())
        self.context.ask(Task.CLASSIFY, self.tr("Reading the scores…"), *opening, LoadScores(scores))

    @shows_errors
    def _on_train_requested(self) -> None:
        coarse = self.dock.coarse
        width = coarse.road_width.value()
        self.context.settings.road_width_m = width
        run, opening = self.scene.run_for(self.scene.choice())
        kind, labels = coarse.chosen_kind(), self._labels(run.folder)
        chosen = (("building", coarse.building_layer(), None), ("road", coarse.road_layer(), width))
        sources = tuple(
            ClassSource(name, self._vectors(layer, run.folder), width_m)
            for name, layer, width_m in chosen
            if layer is not None and not labels
        )
        samples = coarse.samples.value() if kind.is_spectral else 0
        model = new_weights_file(run.folder, "coarse")
        backbone = coarse.backbone.filePath() if kind.has_backbone else ""
        request = TrainCoarse(sources, str(model), kind=kind.key, labels=labels, samples=samples, backbone=backbone)
        self.context.ask(Task.TRAIN_COARSE, self.tr("Training…"), *opening, request)
        coarse.set_progress("")
        self._held_out = None

    def _on_labels_chosen(self, layer: QgsMapLayer | None) -> None:
        if isinstance(layer, QgsVectorLayer):
            paint_labels(layer, own_classes(layer))

    def _labels(self, folder: Path) -> str:
        """Save the chosen label layer and return its source for the worker, or an empty string if no layer is chosen.

        Raises:
            UserError: if the layer has no class field, or no features.
        """
        layer = self.dock.coarse.label_layer()
        if layer is None:
            return ""
        if layer.fields().indexOf(CLASS_FIELD) < 0:
            raise UserError(
                self.tr("The layer “{}” has no text field “{}” with the class of each polygon or point.").format(
                    layer.name(), CLASS_FIELD
                )
            )
        commit(layer)
        return self._vectors(layer, folder)

    @shows_errors
    def _on_spectra_requested(self) -> None:
        run, opening = self.scene.run_for(self.scene.choice())
        request = ShowSpectra(self._labels(run.folder))
        self.context.ask(Task.SPECTRA, self.tr("Reading the spectra…"), *opening, request)

    def _on_spectra_shown(self, event: SpectraShown) -> None:
        self.dock.coarse.curves.show_spectra(event)
        self.dock.coarse.update_again()

    def _vectors(self, layer: QgsVectorLayer, folder: Path) -> str:
        if not layer.featureCount():
            raise UserError(self.tr("The layer “{}” is empty.").format(layer.name()))
        return layer_source(layer, folder)

    def _on_training_progressed(self, event: TrainingProgressed) -> None:
        if self.context.task is Task.TRAIN_COARSE:
            text = self.tr("Loss {:.3f}").format(event.loss)
            if event.held_out_miou is not None:
                self._held_out = event.held_out_miou
            if self._held_out is not None:
                text += self.tr(" · held-out mean IoU {:.3f}").format(self._held_out)
            self.dock.coarse.set_progress(text)
            self.dock.footer.set_progress(event.update / max(1, event.updates), self.tr("Training"), event.seconds_left)

    def _on_trained(self, event: Trained) -> None:
        if event.role != "coarse":
            return
        run = self.context.pending_run or self.context.run
        name = run.scene.name if run is not None else Path(event.model).stem
        self.dock.coarse.source.add_file(self.tr("Trained on {}").format(name), event.model)
        self.context.messages.inform(
            self.tr(
                "Training of the coarse model finished: held-out mean IoU {:.3f}. Click Classify to use it."
            ).format(event.held_out_miou)
        )
