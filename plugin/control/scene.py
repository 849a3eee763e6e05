"""Controller of the scene."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtCore import QDateTime

from ...models.shared.band_text import MANY_BANDS
from ...models.shared.events import Opened
from ...models.shared.requests import Open, Request
from ..dock.sections.scene import Area
from ..errors import UserError
from ..layers.false_colour import false_colour
from ..layers.step_layer import RUN_PROPERTY
from ..map_tools.area_tool import AreaTool
from ..run.bands import parse_bands, spectrum_of
from ..run.extent import Extent
from ..run.run import Run, new_folder
from ..run.scene import (
    SceneChoice,
    area_in_layer,
    default_bands,
    default_pixel_size_m,
    own_pixel_size_m,
    raster_source,
    size_of,
)
from .context import AppContext, SectionController, shows_errors

LARGE_MP = 100  # megapixels above which a step takes minutes rather than seconds


class SceneControl(SectionController):
    """Controller of the scene, and of the run that belongs to it."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self.area_tool = AreaTool(context.canvas, self)
        self.area_tool.drawn.connect(self._on_rectangle_drawn)
        self.handlers = {
            Opened: self._on_opened,
        }
        scene = self.dock.scene
        scene.layer_changed.connect(self._on_layer_changed)
        scene.edited.connect(self._on_edited)
        scene.rectangle_requested.connect(self.area_tool.start)
        scene.colours_requested.connect(self._on_colours_requested)
        context.canvas.extentsChanged.connect(self._on_view_changed)
        self.summarize()

    # --- the scene --------------------------------------------------------------------------------------------

    def propose_layer(self) -> None:
        """Choose the active layer, or the first raster, if no layer is chosen yet."""
        combo = self.dock.scene.layer
        if combo.currentLayer() is not None:
            return
        active = self.context.iface.activeLayer()
        layers = [layer for layer in self.context.project.mapLayers().values() if isinstance(layer, QgsRasterLayer)]
        for layer in [active, *layers]:
            if isinstance(layer, QgsRasterLayer) and not layer.customProperty(RUN_PROPERTY):
                combo.setLayer(layer)
                return

    def choice(self) -> SceneChoice:
        """Return the scene that is entered in the dock.

        Raises:
            UserError: if it cannot be used.
        """
        inputs = self.dock.scene.inputs()
        layer = inputs.layer
        image = raster_source(layer)
        if layer is None:  # unreachable: `raster_source` refuses None
            raise UserError(self.tr("Choose a raster layer first."))
        bands = parse_bands(inputs.bands, layer.bandCount(), spectrum_of(layer.source())) or default_bands(layer)
        return SceneChoice(
            layer.id(), layer.name(), image=image, bands=bands, area=self._area(layer), pixel_size_m=inputs.pixel_size_m
        )

    def extent(self) -> Extent:
        """Return the extent of the current run, or else of the scene that is entered in the dock.

        Raises:
            UserError: if neither exists.
        """
        return self.context.run.extent if self.context.run is not None else self._extent_of(self.choice())

    def _extent_of(self, scene: SceneChoice) -> Extent:
        layer = self.context.project.mapLayer(scene.layer_id)
        extent = QgsRectangle(*scene.area) if scene.area is not None else layer.extent()
        return Extent(extent, layer.crs(), self.context.project.transformContext())

    def _area(self, layer: QgsRasterLayer) -> tuple[float, float, float, float] | None:
        inputs = self.dock.scene.inputs()
        if inputs.area is Area.WHOLE:
            return None
        if inputs.area is Area.VIEW:
            return area_in_layer(self.context.view(), layer)
        if inputs.rectangle is None:
            raise UserError(self.tr("Draw the rectangle on the map first."))
        transform_context = self.context.project.transformContext()
        return area_in_layer(Extent(inputs.rectangle, inputs.rectangle_crs, transform_context), layer)

    def summarize(self) -> None:
        """Show the size of the scene, or why it cannot be used."""
        layer = self.dock.scene.layer.currentLayer()
        if layer is None:
            self.dock.scene.set_summary(self.tr("Drag an image file onto the map, such as a GeoTIFF."))
            return
        try:
            scene = self.choice()
        except UserError as refusal:
            self.dock.scene.set_summary(str(refusal))
            return
        own = own_pixel_size_m(layer, self.context.project.transformContext())
        size = size_of(layer, scene.area, own, scene.pixel_size_m)
        text = self.tr("{} × {} pixels, {:.3g} megapixels; about {:.3g} MB per step on disk.").format(
            size.width, size.height, size.megapixels, size.megabytes_a_step
        )
        if own is None:
            text += " " + self.tr("The layer has no CRS, so sizes are in the layer's own pixels and areas are unknown.")
        elif size.megapixels > LARGE_MP:
            text += " " + self.tr("This is large: start with a smaller area.")
        self.dock.scene.set_summary(text)

    def _on_layer_changed(self) -> None:
        layer = self.dock.scene.layer.currentLayer()
        if isinstance(layer, QgsRasterLayer) and layer.isValid():
            own = own_pixel_size_m(layer, self.context.project.transformContext())
            self.dock.scene.set_defaults(layer, default_bands(layer), default_pixel_size_m(own))
            self._offer_colours(layer)
            self.dock.coarse.propose(len(default_bands(layer)))
        else:
            self.dock.scene.set_defaults(None, (), None)
            self.dock.scene.set_has_wavelengths(False)
        self.summarize()

    def _offer_colours(self, layer: QgsRasterLayer) -> None:
        """Offer colours by wavelength; show natural colours if QGIS shows just the first three of many bands."""
        self.dock.scene.set_has_wavelengths(spectrum_of(layer.source()).is_known)
        shown = layer.renderer().usesBands() if layer.renderer() is not None else []
        if spectrum_of(layer.source()).is_known and layer.bandCount() > MANY_BANDS and shown == [1, 2, 3]:
            self.dock.scene.show_natural_colours()

    @shows_errors
    def _on_colours_requested(self, wavelengths: tuple[float, float, float]) -> None:
        layer = self.dock.scene.layer.currentLayer()
        spectrum = spectrum_of(raster_source(layer))
        if spectrum.is_known:
            false_colour(layer, spectrum, wavelengths)

    def _on_view_changed(self) -> None:
        if self.dock.isVisible() and self.dock.scene.area.currentData() is Area.VIEW:
            self.summarize()

    def _on_rectangle_drawn(self, rectangle: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> None:
        self.dock.scene.set_rectangle(rectangle, crs)

    def _on_edited(self) -> None:
        inputs = self.dock.scene.inputs()
        if inputs.area is Area.DRAWN and inputs.rectangle is not None:
            self.area_tool.show(inputs.rectangle, inputs.rectangle_crs)
        else:
            self.area_tool.hide()
        self.summarize()

    # --- its run ----------------------------------------------------------------------------------------------

    def run_for(self, scene: SceneChoice) -> tuple[Run, tuple[Request, ...]]:
        """Return the run of a scene, and the requests that open it in the worker if necessary."""
        context = self.context
        if context.run is not None and context.run.scene == scene:
            return context.run, context.on_run()
        if context.pending_run is None or context.pending_run.scene != scene:
            stamp = QDateTime.currentDateTime().toString("yyyyMMdd_HHmmss")
            folder = new_folder(context.settings.work_folder() / "runs", stamp)
            context.pending_run = Run(scene, folder, self._extent_of(scene))
        return context.pending_run, () if context.pending_run.is_open else (scene.request(context.pending_run.folder),)

    def _on_opened(self, event: Opened) -> None:
        context = self.context
        context.close_runs()
        run = context.pending_run if isinstance(context.engine.running, Open) else context.run
        if run is None:
            return  # the project was closed meanwhile
        run.is_open = True
        self.dock.correct.propose_brush(event.pixel_size_m)
        if event.steps < run.last:
            run.truncate(event.steps + 1)
            context.layers.truncate(run.name, event.steps + 1)
