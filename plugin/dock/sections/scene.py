"""Scene section: the raster, its bands, the area, and the working pixel size."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from qgis.core import QgsCoordinateReferenceSystem, QgsMapLayerProxyModel, QgsRasterLayer, QgsRectangle
from qgis.gui import QgsDoubleSpinBox, QgsMapLayerComboBox
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QWidget

from ...icons import IconKeeper
from ...layers.false_colour import INFRARED, NATURAL, SHORT_WAVE
from ...state import DockState, Task
from ..widgets.band_edit import BandEdit
from .section import Section, button, note, shrink


class Area(Enum):
    """A choice of area."""

    WHOLE = "whole"
    VIEW = "view"
    DRAWN = "drawn"


@dataclass(frozen=True)
class SceneInputs:
    """The user's inputs, not yet validated."""

    layer: QgsRasterLayer | None
    bands: str
    area: Area
    rectangle: QgsRectangle | None
    rectangle_crs: QgsCoordinateReferenceSystem
    pixel_size_m: float | None


class SceneSection(Section):
    """The first section: Scene."""

    layer_changed = pyqtSignal()
    edited = pyqtSignal()  # any other input
    rectangle_requested = pyqtSignal()
    demo_requested = pyqtSignal()
    colours_requested = pyqtSignal(object)  # three wavelengths in nanometres

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "scene", parent)
        self.setTitle(self.tr("Scene"))
        self._rectangle: QgsRectangle | None = None
        self._rectangle_crs = QgsCoordinateReferenceSystem()
        self._add_layer()
        self._add_area()
        self._add_pixel_size()
        self.summary = note(self.tr("Size of the scene"))
        self.add_wide(self.summary)
        self.demo = button(
            self.tr("Open Demo Scene"),
            self.tr("Add a small synthetic town to the project, with a labelled tile and the ground truth."),
        )
        self.demo.clicked.connect(self.demo_requested)
        self.add_wide(self.demo)

    def _add_layer(self) -> None:
        self.layer = QgsMapLayerComboBox()
        self.layer.setFilters(QgsMapLayerProxyModel.Filter.RasterLayer)
        self.layer.setAllowEmptyLayer(True)
        self.layer.layerChanged.connect(lambda _: self.layer_changed.emit())
        self.layer.layerChanged.connect(lambda _: self.update_again())
        self.add_row(
            self.tr("Raster layer"),
            self.layer,
            self.tr("The image to map. It must be stored as a file and may have any number of bands."),
        )
        self.bands = BandEdit()
        self.bands.edited.connect(self.edited)
        self.add_row(
            self.tr("Bands"),
            self.bands,
            self.tr(
                "The bands to use, such as 1, 2, 3 or 1-10, or 450-900 nm where the layer has "
                "wavelengths. A model needs the number and order of bands that it was trained on."
            ),
        )
        self.colours = QComboBox()
        for text, wavelengths in (
            (self.tr("As They Are"), None),
            (self.tr("Natural"), NATURAL),
            (self.tr("Infrared"), INFRARED),
            (self.tr("Short-wave Infrared"), SHORT_WAVE),
        ):
            self.colours.addItem(text, wavelengths)
        self.colours.currentIndexChanged.connect(self._on_colours_chosen)
        self.add_row(
            self.tr("Colours"),
            self.colours,
            self.tr(
                "The wavelengths that the layer shows as red, green and blue: natural (650, 560, 480 "
                "nm), infrared (850, 650, 560) or short-wave infrared (2200, 850, 650). This affects "
                "only the display, not the results."
            ),
        )
        self.set_has_wavelengths(False)

    def _add_area(self) -> None:
        self.area = QComboBox()
        for text, kind in (
            (self.tr("Whole Layer"), Area.WHOLE),
            (self.tr("Map View"), Area.VIEW),
            (self.tr("Rectangle"), Area.DRAWN),
        ):
            self.area.addItem(text, kind)
        self.area.currentIndexChanged.connect(self._on_area_changed)
        self.draw = QToolButton()
        IconKeeper(self.draw, "rectangle")
        self.draw.setAccessibleName(self.tr("Draw rectangle"))
        self.draw.setToolTip(self.tr("Draw the area on the map: press, drag, release."))
        self.draw.clicked.connect(self.rectangle_requested)
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.draw)
        row.setFocusProxy(self.area)
        shrink(self.area)
        tip = self.tr("The part of the layer to process. Start with a small part: each step then takes only a moment.")
        self.add_row(self.tr("Area"), row, tip)
        self.area.setAccessibleName(self.tr("Area"))
        self.area.setToolTip(tip)

    def _add_pixel_size(self) -> None:
        self.pixel_size = QgsDoubleSpinBox()
        self.pixel_size.setDecimals(3)
        self.pixel_size.setRange(0.0, 10_000.0)
        self.pixel_size.setSingleStep(0.1)
        self.pixel_size.setSuffix(self.tr(" m"))
        self.pixel_size.setSpecialValueText(self.tr("Image's own"))
        self.pixel_size.setClearValueMode(QgsDoubleSpinBox.ClearValueMode.MinimumValue)
        self.pixel_size.valueChanged.connect(lambda _: self.edited.emit())
        self.add_row(
            self.tr("Working pixel"),
            self.pixel_size,
            self.tr(
                "The pixel size of the computation, in metres on the ground. Larger pixels are faster "
                "and give more context, but less detail. Exports use the image's own pixels."
            ),
        )

    def inputs(self) -> SceneInputs:
        """Return the chosen options."""
        value = self.pixel_size.value()
        return SceneInputs(
            self.layer.currentLayer(),
            self.bands.text(),
            area=self.area.currentData(),
            rectangle=self._rectangle,
            rectangle_crs=self._rectangle_crs,
            pixel_size_m=value if value > 0 and self.pixel_size.isEnabled() else None,
        )

    def set_defaults(self, layer: QgsRasterLayer | None, bands: tuple[int, ...], pixel_size_m: float | None) -> None:
        """Fill in defaults for a layer; if the size in metres is None, the image's own pixels are used."""
        self.bands.set_layer(layer, bands)
        self.pixel_size.blockSignals(True)
        self.pixel_size.setEnabled(pixel_size_m is not None)
        self.pixel_size.setValue(pixel_size_m or 0.0)
        self.pixel_size.blockSignals(False)

    def set_has_wavelengths(self, known: bool) -> None:
        """Show the colour choice for a newly chosen layer only if its wavelengths are known."""
        self.colours.blockSignals(True)
        self.colours.setCurrentIndex(0)
        self.colours.blockSignals(False)
        self.show_row(self.colours, known)

    def show_natural_colours(self) -> None:
        """Select the natural colours: red, green and blue by wavelength."""
        self.colours.setCurrentIndex(self.colours.findText(self.tr("Natural")))

    def _on_colours_chosen(self) -> None:
        wavelengths = self.colours.currentData()
        if wavelengths is not None:
            self.colours_requested.emit(tuple(wavelengths))

    def set_rectangle(self, rectangle: QgsRectangle, crs: QgsCoordinateReferenceSystem) -> None:
        """Store the drawn rectangle."""
        self._rectangle, self._rectangle_crs = QgsRectangle(rectangle), crs
        self.edited.emit()

    def show_inputs(self, inputs: SceneInputs) -> None:
        """Fill in the inputs of an earlier scene; its bands are a list of numbers."""
        self.layer.setLayer(inputs.layer)
        self.bands.set_text(inputs.bands)
        self.pixel_size.setValue(inputs.pixel_size_m or 0.0)
        if inputs.rectangle is not None:
            self.set_rectangle(inputs.rectangle, inputs.rectangle_crs)
        self.area.setCurrentIndex(self.area.findData(inputs.area))

    def set_layer(self, layer: QgsRasterLayer) -> None:
        """Choose the image."""
        self.layer.setLayer(layer)

    def set_hidden_layers(self, layers: list[QgsRasterLayer]) -> None:
        """Leave layers out of the list of images."""
        self.layer.setExceptedLayerList(layers)

    def set_summary(self, text: str) -> None:
        """Show the size of the scene, or an error."""
        self.summary.setText(text)

    def update_widgets(self, state: DockState) -> None:
        """Lock the inputs while a task is running."""
        idle = state.task is Task.NONE
        for widget in (self.layer, self.bands, self.area):
            widget.setEnabled(idle)
        self.draw.setVisible(self.area.currentData() is Area.DRAWN)
        self.draw.setEnabled(idle)
        self.demo.setVisible(self.layer.currentLayer() is None)
        self.demo.setEnabled(state.is_free)

    def _on_area_changed(self) -> None:
        self.update_again()
        if self.area.currentData() is Area.DRAWN and self._rectangle is None:
            self.rectangle_requested.emit()
        self.edited.emit()
