"""Styles of the results when QGIS opens them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qgis.core import QgsMapLayer, QgsProcessingContext, QgsProcessingFeedback, QgsProcessingLayerPostProcessorInterface

from ...models.shared.conventions import BACKGROUND, CLASS_FIELD
from ..layers.styles import STYLES, choose_band, style_polygons, write_class_style

SCORES, CLASSES, POLYGONS = "scores", "classes", "polygons"


class _Style(QgsProcessingLayerPostProcessorInterface):
    """A style for an opened layer."""

    def __init__(self, kind: str, classes: Sequence[str]) -> None:
        super().__init__()
        self._kind, self._classes = kind, tuple(classes)

    def postProcessLayer(
        self, layer: QgsMapLayer, _context: QgsProcessingContext, _feedback: QgsProcessingFeedback
    ) -> None:
        """Style a layer."""
        if self._kind == SCORES:
            layer.loadNamedStyle(str(STYLES / "heat.qml"))
            choose_band(layer, min(2, layer.bandCount()))  # the first class after the background
        elif self._kind == CLASSES:
            write_class_style(Path(layer.source()), self._classes)
            layer.loadDefaultStyle()
        else:
            names = layer.uniqueValues(layer.fields().indexOf(CLASS_FIELD))
            style_polygons(layer, [BACKGROUND, *sorted(str(name) for name in names if name != BACKGROUND)])
        layer.triggerRepaint()


def show_as(kind: str, classes: Sequence[str] = ()) -> QgsProcessingLayerPostProcessorInterface:
    """Return a post-processor that styles a layer as one of a kind."""
    return _Style(kind, classes)
