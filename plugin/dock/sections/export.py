"""Export section: polygons and the class raster of the shown step, and a report."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.gui import QgsDoubleSpinBox, QgsFileWidget
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QFileDialog, QWidget

from ...state import DockState
from .section import Section, allow, button


@dataclass(frozen=True)
class PolygonChoices:
    """The options of the polygon export."""

    path: str
    min_area_m2: float
    tolerance_m: float
    background: bool


class ExportSection(Section):
    """The sixth section: Export."""

    polygons_requested = pyqtSignal(object)  # PolygonChoices
    raster_requested = pyqtSignal(str)
    report_requested = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "export", parent)
        self.setTitle(self.tr("Export"))
        self._add_polygons()
        self._add_raster()
        self.add_to_map = QCheckBox(self.tr("Add to map"))
        self.add_to_map.setToolTip(self.tr("Add the exported layer to the project, styled by class."))
        self.add_to_map.setChecked(True)
        self.add_wide(self.add_to_map)
        self.report = button(
            self.tr("Report…"),
            self.tr(
                "Write a report of the run and its accuracy as a web page, with all figures in a CSV table next to it."
            ),
        )
        self.report.clicked.connect(self._on_report)
        self.add_wide(self.report)

    def _add_polygons(self) -> None:
        self.polygons_file = _save_widget(
            self.tr("GeoPackage (*.gpkg);;Shapefile (*.shp);;GeoJSON (*.geojson)"), self.tr("Export Polygons")
        )
        self.polygons_file.lineEdit().setPlaceholderText(self.tr("Choose a file"))
        self.polygons_file.fileChanged.connect(lambda _: self.update_again())
        self.add_row(
            self.tr("Polygons"),
            self.polygons_file,
            self.tr("A file that ends in .gpkg, .shp or .geojson. The ending selects the format."),
        )
        self.min_area = _spin(self.tr(" m²"), 10.0, 1)
        self.add_row(
            self.tr("Smallest part"),
            self.min_area,
            self.tr("Parts smaller than this, in square metres on the ground, are merged into their surroundings."),
        )
        self.tolerance = _spin(self.tr(" m"), 0.5, 2)
        self.add_row(
            self.tr("Simplification"),
            self.tolerance,
            self.tr(
                "The largest distance that an edge may move, in metres on the ground. Neighbours "
                "keep shared edges. 0: no simplification."
            ),
        )
        self.background = QCheckBox(self.tr("Include background"))
        self.background.setToolTip(
            self.tr("Also write background polygons, so that the polygons cover the whole scene.")
        )
        self.add_wide(self.background)
        self.polygons = button(
            self.tr("Export Polygons"),
            self.tr("Write the polygons of the shown step with class, mean confidence and true area in square metres."),
        )
        self.polygons.clicked.connect(lambda: self.polygons_requested.emit(self.choices()))
        self.add_wide(self.polygons)

    def _add_raster(self) -> None:
        self.raster_file = _save_widget(self.tr("GeoTIFF (*.tif)"), self.tr("Export Raster"))
        self.raster_file.lineEdit().setPlaceholderText(self.tr("Choose a file"))
        self.raster_file.fileChanged.connect(lambda _: self.update_again())
        self.add_row(
            self.tr("Raster"),
            self.raster_file,
            self.tr("A GeoTIFF of class numbers at the image's original resolution."),
        )
        self.raster = button(self.tr("Export Raster"), self.tr("Write the class raster of the shown step."))
        self.raster.clicked.connect(lambda: self.raster_requested.emit(self.raster_file.filePath()))
        self.add_wide(self.raster)

    def _on_report(self) -> None:
        title, pages = self.tr("Write Report"), self.tr("Web page (*.html)")
        asked_later = QFileDialog.Option.DontConfirmOverwrite  # overwriting is confirmed once, for both files
        path, _ = QFileDialog.getSaveFileName(self, title, "", pages, "", asked_later)
        if path:
            self.report_requested.emit(path)

    def export_polygons_to(self, path: str) -> None:
        """Export polygons to a file with the chosen options."""
        self.polygons_file.setFilePath(path)
        self.polygons.click()

    def choices(self) -> PolygonChoices:
        """Return the chosen options."""
        return PolygonChoices(
            self.polygons_file.filePath(),
            self.min_area.value(),
            self.tolerance.value(),
            self.background.isChecked(),
        )

    def update_widgets(self, state: DockState) -> None:
        """Enable the exports that have a map and, for polygons and raster, a file."""
        reason, unnamed = self.why_not(state), self.tr("Choose a file first.")
        allow(self.polygons, reason or ("" if self.polygons_file.filePath() else unnamed))
        allow(self.report, reason)
        allow(self.raster, reason or ("" if self.raster_file.filePath() else unnamed))


def _save_widget(filters: str, title: str) -> QgsFileWidget:
    widget = QgsFileWidget()
    widget.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
    widget.setConfirmOverwrite(False)  # confirmed once, when the export starts
    widget.setFilter(filters)
    widget.setDialogTitle(title)
    widget.setFocusProxy(widget.lineEdit())
    widget.lineEdit().setAccessibleName(title)
    return widget


def _spin(suffix: str, value: float, decimals: int) -> QgsDoubleSpinBox:
    spin = QgsDoubleSpinBox()
    spin.setDecimals(decimals)
    spin.setRange(0.0, 100_000.0)
    spin.setSuffix(suffix)
    spin.setValue(value)
    spin.setClearValue(value)
    return spin
