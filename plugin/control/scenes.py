"""Choosing a scene, and making its coarse map."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime

from ...models.protocol import (
    Classify,
    ClassSource,
    LoadScores,
    Opened,
    Request,
    TrainCoarse,
    Trained,
    TrainingProgressed,
)
from ..area_tool import AreaTool
from ..refusal import Refused
from ..run import Run, new_folder
from ..scene import (
    Scene,
    area_in_layer,
    default_bands,
    default_pixel_size_m,
    own_pixel_size_m,
    parse_bands,
    size_of,
    source_of,
)
from ..score_layers import RUN
from ..sections.scene import Area
from ..state import Task
from ..vectors import source_of as vector_source_of
from ..weights import shipped
from .desk import Desk, Part, spoken

LARGE_MP = 100  # megapixels of a scene whose steps take minutes rather than seconds


class SceneControl(Part):
    """Sections one and two of the dock."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._held_out: float | None = None  # the last figure of the running training
        self.area_tool = AreaTool(desk.canvas, self)
        self.area_tool.drawn.connect(self._on_rectangle_drawn)
        self.handlers = {
            Opened: self._on_opened,
            Trained: self._on_trained,
            TrainingProgressed: self._on_training_progressed,
        }
        scene, coarse = self.dock.scene, self.dock.coarse
        scene.layer_changed.connect(self._on_layer_changed)
        scene.edited.connect(self.summarize)
        scene.rectangle_requested.connect(self.area_tool.start)
        desk.canvas.extentsChanged.connect(self._on_view_changed)
        coarse.classify_requested.connect(self._on_classify_requested)
        coarse.scores_requested.connect(self._on_scores_requested)
        coarse.train_requested.connect(self._on_train_requested)
        coarse.stop_requested.connect(desk.engine.stop_training)
        coarse.road_width.setValue(desk.settings.road_width_m)
        for weights in reversed(shipped("coarse")):
            coarse.source.add_file(weights.title, weights.path)
        for weights in reversed(shipped("refiner")):
            self.dock.refine.refiner.add_file(weights.title, weights.path)
        self.summarize()

    # --- the scene --------------------------------------------------------------------------------------------

    def propose_layer(self) -> None:
        """Choose the active layer, or the first raster, where nothing is chosen yet."""
        combo = self.dock.scene.layer
        if combo.currentLayer() is not None:
            return
        active = self.desk.iface.activeLayer()
        layers = [layer for layer in self.desk.project.mapLayers().values() if isinstance(layer, QgsRasterLayer)]
        for layer in [active, *layers]:
            if isinstance(layer, QgsRasterLayer) and not layer.customProperty(RUN):
                combo.setLayer(layer)
                return

    def scene(self) -> Scene:
        """Return the scene that is filled in.

        Raises:
            Refused: where it cannot be worked on.
        """
        inputs = self.dock.scene.inputs()
        layer = inputs.layer
        image = source_of(layer)
        bands = parse_bands(inputs.bands, layer.bandCount()) or default_bands(layer)
        return Scene(layer.id(), layer.name(), image, bands, self._area(layer), inputs.pixel_size_m)

    def _area(self, layer: QgsRasterLayer) -> tuple[float, float, float, float] | None:
        inputs = self.dock.scene.inputs()
        context = self.desk.project.transformContext()
        if inputs.area is Area.WHOLE:
            return None
        if inputs.area is Area.VIEW:
            view = self.desk.view()
            return area_in_layer(view.extent, view.crs, layer, context)
        if inputs.rectangle is None:
            raise Refused(self.tr("Draw the rectangle on the map first."))
        return area_in_layer(inputs.rectangle, inputs.rectangle_crs, layer, context)

    def summarize(self) -> None:
        """Say how large the scene is, or why it cannot be worked on."""
        layer = self.dock.scene.layer.currentLayer()
        if layer is None:
            self.dock.scene.set_summary("")
            return
        try:
            scene = self.scene()
        except Refused as refusal:
            self.dock.scene.set_summary(str(refusal))
            return
        own = own_pixel_size_m(layer, self.desk.project.transformContext())
        size = size_of(layer, scene.area, own, scene.pixel_size_m)
        text = self.tr("{} × {} pixels, {:.3g} megapixels; about {:.3g} MB a step on disk.").format(  # noqa: RUF001
            size.width, size.height, size.megapixels, size.megabytes_a_step
        )
        if own is None:
            text += " " + self.tr("The layer has no CRS, so sizes are in its own pixels and areas stay unknown.")
        elif size.megapixels > LARGE_MP:
            text += " " + self.tr("That is large: begin with a smaller area.")
        self.dock.scene.set_summary(text)

    def _on_layer_changed(self) -> None:
        layer = self.dock.scene.layer.currentLayer()
        if isinstance(layer, QgsRasterLayer) and layer.isValid():
            own = own_pixel_size_m(layer, self.desk.project.transformContext())
            self.dock.scene.set_defaults(layer, default_bands(layer), default_pixel_size_m(own))
        else:
            self.dock.scene.set_defaults(None, (), None)
        self.summarize()

    def _on_view_changed(self) -> None:
        if self.dock.isVisible() and self.dock.scene.area.currentData() is Area.VIEW:
            self.summarize()

    def _on_rectangle_drawn(self, rectangle: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> None:
        self.area_tool.show(rectangle, crs)
        self.dock.scene.set_rectangle(rectangle, crs)

    # --- the coarse map ---------------------------------------------------------------------------------------

    @spoken
    def _on_classify_requested(self, model: str) -> None:
        _, opening = self._run_for(self.scene())
        self.desk.ask(Task.CLASSIFY, self.tr("Classifying…"), *opening, Classify(model))

    @spoken
    def _on_scores_requested(self, layer: QgsRasterLayer | None) -> None:
        scores = source_of(layer)
        _, opening = self._run_for(self.scene())
        self.desk.ask(Task.CLASSIFY, self.tr("Reading the scores…"), *opening, LoadScores(scores))

    @spoken
    def _on_train_requested(self) -> None:
        coarse = self.dock.coarse
        width = coarse.road_width.value()
        self.desk.settings.road_width_m = width
        run, opening = self._run_for(self.scene())
        chosen = (("building", coarse.building_layer(), None), ("road", coarse.road_layer(), width))
        sources = tuple(
            ClassSource(name, self._vectors(layer, run.folder), width_m)
            for name, layer, width_m in chosen
            if layer is not None
        )
        model = new_model(run.folder, "coarse")
        self.desk.ask(Task.TRAIN_COARSE, self.tr("Training…"), *opening, TrainCoarse(sources, str(model)))
        coarse.set_progress("")
        self._held_out = None

    def _vectors(self, layer: QgsVectorLayer, folder: Path) -> str:
        if not layer.featureCount():
            raise Refused(self.tr("The layer “{}” is empty.").format(layer.name()))
        return vector_source_of(layer, folder)

    def _run_for(self, scene: Scene) -> tuple[Run, tuple[Request, ...]]:
        """Return the run that a scene belongs to, and the requests that make the worker have it open."""
        desk = self.desk
        if desk.run is not None and desk.run.scene == scene:
            return desk.run, desk.on_run()
        stamp = QDateTime.currentDateTime().toString("yyyyMMdd_HHmmss")
        folder = new_folder(desk.settings.work_folder() / "runs", stamp)
        desk.opening = Run(scene, folder)
        return desk.opening, (scene.request(folder),)

    def _on_opened(self, event: Opened) -> None:
        desk = self.desk
        if desk.opening is not None:
            desk.run, desk.opening = desk.opening, None
        if desk.run is None:
            return  # the project was closed meanwhile
        desk.run.is_open = True
        if event.steps < desk.run.last:
            desk.run.truncate(event.steps + 1)
            desk.layers.truncate(desk.run.name, event.steps + 1)
        if event.warning:
            desk.messages.warn(event.warning)

    # --- training it ------------------------------------------------------------------------------------------

    def _on_training_progressed(self, event: TrainingProgressed) -> None:
        if self.desk.task is Task.TRAIN_COARSE:
            text = self.tr("Loss {:.3f}").format(event.loss)
            if event.held_out_miou is not None:
                self._held_out = event.held_out_miou
            if self._held_out is not None:
                text += self.tr(" · held-out mean IoU {:.3f}").format(self._held_out)
            self.dock.coarse.set_progress(text)
            self.dock.footer.set_progress(event.step / max(1, event.steps), self.tr("Training"), event.seconds_left)

    def _on_trained(self, event: Trained) -> None:
        if event.kind != "coarse":
            return
        name = self.desk.run.scene.name if self.desk.run is not None else Path(event.model).stem
        self.dock.coarse.source.add_file(self.tr("Trained on {}").format(name), event.model)
        self.desk.messages.tell(
            self.tr("The coarse model is trained (held-out mean IoU {:.3f}). Click Classify.").format(
                event.held_out_miou
            )
        )


def new_model(folder: Path, name: str) -> Path:
    """Return a file of weights in a folder that is not there yet."""
    number = 1
    while (path := folder / f"{name}_{number}.safetensors").exists():
        number += 1
    return path
