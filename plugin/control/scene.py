"""Choosing a scene, and making its coarse map."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem, QgsRasterLayer, QgsRectangle
from qgis.PyQt.QtCore import QDateTime

from ...models.shared.events import Opened
from ...models.shared.requests import Open, Request
from ..dock.sections.scene import Area
from ..errors import Refused
from ..layers.false_colour import false_colour
from ..layers.step_layer import RUN
from ..map_tools.area_tool import AreaTool
from ..run.bands import MANY, spectrum_of
from ..run.extent import Place
from ..run.run import Run, new_folder
from ..run.scene import (
    Scene,
    area_in_layer,
    default_bands,
    default_pixel_size_m,
    own_pixel_size_m,
    parse_bands,
    size_of,
    source_of,
)
from .context import Desk, Part, spoken

LARGE_MP = 100  # megapixels of a scene whose steps take minutes rather than seconds


class SceneControl(Part):
    """Sections one and two of the dock."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.area_tool = AreaTool(desk.canvas, self)
        self.area_tool.drawn.connect(self._on_rectangle_drawn)
        self.handlers = {
            Opened: self._on_opened,
        }
        scene = self.dock.scene
        scene.layer_changed.connect(self._on_layer_changed)
        scene.edited.connect(self._on_edited)
        scene.rectangle_requested.connect(self.area_tool.start)
        scene.colours_requested.connect(self._on_colours_requested)
        desk.canvas.extentsChanged.connect(self._on_view_changed)
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
        bands = parse_bands(inputs.bands, layer.bandCount(), spectrum_of(layer.source())) or default_bands(layer)
        return Scene(layer.id(), layer.name(), image, bands, self._area(layer), inputs.pixel_size_m)

    def place(self) -> Place:
        """Return where the run in hand lies, or else the scene that is filled in.

        Raises:
            Refused: where there is none.
        """
        return self.desk.run.place if self.desk.run is not None else self._place_of(self.scene())

    def _place_of(self, scene: Scene) -> Place:
        layer = self.desk.project.mapLayer(scene.layer_id)
        extent = QgsRectangle(*scene.area) if scene.area is not None else layer.extent()
        return Place(extent, layer.crs(), self.desk.project.transformContext())

    def _area(self, layer: QgsRasterLayer) -> tuple[float, float, float, float] | None:
        inputs = self.dock.scene.inputs()
        if inputs.area is Area.WHOLE:
            return None
        if inputs.area is Area.VIEW:
            return area_in_layer(self.desk.view(), layer)
        if inputs.rectangle is None:
            raise Refused(self.tr("Draw the rectangle on the map first."))
        context = self.desk.project.transformContext()
        return area_in_layer(Place(inputs.rectangle, inputs.rectangle_crs, context), layer)

    def summarize(self) -> None:
        """Say how large the scene is, or why it cannot be worked on."""
        layer = self.dock.scene.layer.currentLayer()
        if layer is None:
            self.dock.scene.set_summary(self.tr("Drag an image file onto the map, such as a GeoTIFF."))
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
            self._offer_colours(layer)
            self.dock.coarse.propose(len(default_bands(layer)))
        else:
            self.dock.scene.set_defaults(None, (), None)
            self.dock.scene.set_has_wavelengths(False)
        self.summarize()

    def _offer_colours(self, layer: QgsRasterLayer) -> None:
        """Offer colours by wavelength; of many bands QGIS shows the first three, which are next to one another."""
        self.dock.scene.set_has_wavelengths(spectrum_of(layer.source()).is_known)
        shown = layer.renderer().usesBands() if layer.renderer() is not None else []
        if spectrum_of(layer.source()).is_known and layer.bandCount() > MANY and shown == [1, 2, 3]:
            self.dock.scene.show_natural_colours()

    @spoken
    def _on_colours_requested(self, wavelengths: tuple[float, float, float]) -> None:
        layer = self.dock.scene.layer.currentLayer()
        spectrum = spectrum_of(source_of(layer))
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

    def run_for(self, scene: Scene) -> tuple[Run, tuple[Request, ...]]:
        """Return the run that a scene belongs to, and the requests that make the worker have it open."""
        desk = self.desk
        if desk.run is not None and desk.run.scene == scene:
            return desk.run, desk.on_run()
        if desk.coming is None or desk.coming.scene != scene:
            stamp = QDateTime.currentDateTime().toString("yyyyMMdd_HHmmss")
            folder = new_folder(desk.settings.work_folder() / "runs", stamp)
            desk.coming = Run(scene, folder, self._place_of(scene))
        return desk.coming, () if desk.coming.is_open else (scene.request(desk.coming.folder),)

    def _on_opened(self, event: Opened) -> None:
        desk = self.desk
        desk.close_runs()
        run = desk.coming if isinstance(desk.engine.running, Open) else desk.run
        if run is None:
            return  # the project was closed meanwhile
        run.is_open = True
        self.dock.correct.propose_brush(event.pixel_size_m)
        if event.steps < run.last:
            run.truncate(event.steps + 1)
            desk.layers.truncate(run.name, event.steps + 1)
        if event.warning:
            desk.messages.warn(event.warning)
