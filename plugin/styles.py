"""How classes and scores look: the same colours and the same fixed range in every layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsRendererCategory,
    QgsSymbol,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor

HEAT_STYLE = Path(__file__).resolve().parents[1] / "resources" / "styles" / "heat.qml"
CLASS_OPACITY = 0.75  # the image shines through, so that edges can be judged

# Okabe and Ito's palette, which people with any kind of colour blindness tell apart.
KNOWN = {"building": "#d55e00", "road": "#f0e442", "water": "#56b4e9", "tree": "#009e73", "vegetation": "#009e73"}
OTHERS = ("#0072b2", "#cc79a7", "#56b4e9", "#e69f00", "#009e73", "#999999")

TILE = "tile"
IGNORE = "ignore"


def class_colour(name: str, index: int) -> QColor:
    """Return the colour of a class; the first class is the background, which is left clear."""
    if index == 0:
        return QColor(0, 0, 0, 0)
    return QColor(KNOWN.get(name, OTHERS[(index - 1) % len(OTHERS)]))


def style_classes(layer: QgsRasterLayer, classes: Sequence[str]) -> None:
    """Paint a raster of class indices."""
    entries = [
        QgsPalettedRasterRenderer.Class(index, class_colour(name, index), name) for index, name in enumerate(classes)
    ]
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, entries))
    layer.renderer().setOpacity(CLASS_OPACITY)


def style_heat(layer: QgsRasterLayer, band: int) -> None:
    """Paint a band of scores from 0 to 1, never from its own least to its own greatest."""
    layer.loadNamedStyle(str(HEAT_STYLE))
    renderer = layer.renderer().clone()
    renderer.setBand(band)
    layer.setRenderer(renderer)


def style_labels(layer: QgsVectorLayer, classes: Sequence[str]) -> None:
    """Paint labels half clear over the image: classes filled, the tile an outline, ignored ground hatched."""
    categories = [_category(name, class_colour(name, index)) for index, name in enumerate(classes) if index]
    if classes:
        categories.append(_category(classes[0], QColor("#999999")))
    hatched = QgsFillSymbol.createSimple(
        {"color": "#444444", "style": "b_diagonal", "outline_color": "#444444", "outline_width": "0.4"}
    )
    outline = QgsFillSymbol.createSimple(
        {"style": "no", "outline_color": "#00e5ff", "outline_width": "0.7", "outline_style": "dash"}
    )
    categories += [QgsRendererCategory(IGNORE, hatched, IGNORE), QgsRendererCategory(TILE, outline, TILE)]
    layer.setRenderer(QgsCategorizedSymbolRenderer("class", categories))


def style_polygons(layer: QgsVectorLayer, classes: Sequence[str]) -> None:
    """Paint exported polygons by class."""
    categories = [_category(name, class_colour(name, index)) for index, name in enumerate(classes) if index]
    if classes:
        clear = QgsFillSymbol.createSimple({"style": "no", "outline_color": "#999999", "outline_width": "0.2"})
        categories.append(QgsRendererCategory(classes[0], clear, classes[0]))
    layer.setRenderer(QgsCategorizedSymbolRenderer("class", categories))


def _category(name: str, colour: QColor) -> QgsRendererCategory:
    return QgsRendererCategory(name, _fill(colour), name)


def _fill(colour: QColor) -> QgsSymbol:
    inside = QColor(colour)
    inside.setAlpha(120)
    rgba = ",".join(str(part) for part in inside.getRgb())
    return QgsFillSymbol.createSimple({"color": rgba, "outline_color": colour.name(), "outline_width": "0.4"})
