"""A field for band numbers, typed or picked from a list of the layer's bands: any number, in any order."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import QgsRasterLayer
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from ....models.shared.band_text import band_numbers, band_spans

MOST_LISTED = 40  # a menu of hundreds of bands would not fit on a screen


class BandEdit(QWidget):
    """A field that shows bands as “1, 2, 3”; its menu checks and unchecks them in click order."""

    edited = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self.line = QLineEdit()
        self.line.setAccessibleName(self.tr("Bands"))
        self.line.editingFinished.connect(self.edited)
        self.list_button = QToolButton()
        self.list_button.setText("…")
        self.list_button.setAccessibleName(self.tr("List of bands"))
        self.list_button.setToolTip(self.tr("Choose bands from a list. Their order is the order of your clicks."))
        self.list_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.list_button.setMenu(self.menu)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.list_button)
        self.setFocusProxy(self.line)

    def text(self) -> str:
        """Return the typed text."""
        return self.line.text()

    def set_text(self, text: str) -> None:
        """Fill in a band list."""
        self.line.setText(text)

    def set_layer(self, layer: QgsRasterLayer | None, bands: Sequence[int]) -> None:
        """List a layer's bands and fill in `bands`."""
        bands_of_layer = range(1, layer.bandCount() + 1) if layer is not None else ()
        self._names = [layer.bandName(band) for band in bands_of_layer] if layer is not None else []
        self.set_bands(bands)

    def set_bands(self, bands: Sequence[int]) -> None:
        """Fill in the bands."""
        self.line.setText(band_spans(bands))

    def _fill_menu(self) -> None:
        self.menu.clear()
        chosen = self._chosen()
        for band, name in enumerate(self._names[:MOST_LISTED], start=1):
            action = self.menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(band in chosen)
            action.triggered.connect(lambda checked, band=band: self._toggle(band, checked))

    def _chosen(self) -> list[int]:
        return band_numbers(self.line.text())

    def _toggle(self, band: int, checked: bool) -> None:
        bands = [other for other in self._chosen() if other != band]
        self.set_bands([*bands, band] if checked else bands)
        self.edited.emit()
