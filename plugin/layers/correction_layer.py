"""The correction layer: polygons with a class, in a plain GeoPackage that QGIS's own tools can also edit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsVectorLayer

from ...models.shared.conventions import CLASS_FIELD, UNSURE_CLASS
from ..errors import UserError
from ..run.extent import Extent
from ..wording import tr
from .label_layer import LABELS_PROPERTY, new_label_file, offer_classes
from .styles import style_corrections

CORRECTIONS = "map_refiner/corrections"  # property with the run that a layer's corrections belong to
STEM = "corrections"


def layer_for(project: QgsProject, run: str) -> QgsVectorLayer | None:
    """Return the layer with a run's corrections, or None if the project has none."""
    for layer in project.mapLayers().values():
        if isinstance(layer, QgsVectorLayer) and layer.isValid() and layer.customProperty(CORRECTIONS) == run:
            return layer
    return None


def open_layer(folder: Path, run: str, scene_name: str, extent: Extent, classes: Sequence[str]) -> QgsVectorLayer:
    """Open the corrections in the folder of a run; create the file if there is none.

    Raises:
        UserError: if they cannot be written or opened.
    """
    there = _files(folder)
    path = there[-1] if there else new_label_file(folder, scene_name, extent, STEM)
    layer = QgsVectorLayer(f"{path}|layername=labels", tr("Corrections: {}").format(scene_name), "ogr")
    if not layer.isValid():
        raise UserError(tr("The corrections {} cannot be opened.").format(path))
    style_corrections(layer, classes)
    offer_classes(layer, [*classes[1:], *classes[:1], UNSURE_CLASS])
    layer.setCustomProperty(CORRECTIONS, run)
    layer.setCustomProperty(LABELS_PROPERTY, True)  # keeps the layer above the steps
    return layer


def are_in(folder: Path) -> bool:
    """Return whether the folder of a run holds corrections."""
    return bool(_files(folder))


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*_{STEM}_*.gpkg"))


class Correction:
    """A correction that can be undone and redone, even after the layer was saved."""

    def __init__(self, layer: QgsVectorLayer, geometry: QgsGeometry, name: str) -> None:
        self._layer = layer
        self._feature = QgsFeature(layer.fields())
        self._feature.setGeometry(geometry)
        self._feature.setAttribute(layer.fields().indexOf(CLASS_FIELD), name)
        self._id: int | None = None

    def make(self) -> None:
        """Add the polygon to the file at once, independently of any open edits."""
        done, added = self._layer.dataProvider().addFeatures([self._feature])
        if done and added:
            self._id = added[0].id()
        self._shown()

    def withdraw(self) -> None:
        """Delete the polygon from the file."""
        if self._id is not None:
            self._layer.dataProvider().deleteFeatures([self._id])
            self._id = None
        self._shown()

    def _shown(self) -> None:
        self._layer.updateExtents()
        self._layer.triggerRepaint()


class History:
    """The undo and redo stacks of corrections."""

    def __init__(self) -> None:
        self._made: list[Correction] = []
        self._taken_back: list[Correction] = []

    @property
    def can_undo(self) -> bool:
        """Return whether there is a correction to undo."""
        return bool(self._made)

    @property
    def can_redo(self) -> bool:
        """Return whether there is a correction to redo."""
        return bool(self._taken_back)

    def push(self, correction: Correction) -> None:
        """Make a correction and clear the redo stack."""
        correction.make()
        self._made.append(correction)
        self._taken_back = []

    def undo(self) -> None:
        "Undo the last correction."
        self._made[-1].withdraw()
        self._taken_back.append(self._made.pop())

    def redo(self) -> None:
        "Redo the last undone correction."
        self._taken_back[-1].make()
        self._made.append(self._taken_back.pop())

    def clear(self) -> None:
        """Clear both stacks; the file stays unchanged."""
        self._made, self._taken_back = [], []


def check_layer(layer: QgsVectorLayer, classes: Sequence[str]) -> None:
    """Refuse a layer that cannot take corrections.

    Raises:
        UserError: if the layer has no class field, or if there is no coarse map yet.
    """
    if layer.fields().indexOf(CLASS_FIELD) < 0:
        raise UserError(
            tr("The layer “{}” has no text field “class” with the class of each polygon.").format(layer.name())
        )
    if not classes:
        raise UserError(tr("Make a coarse map first."))
