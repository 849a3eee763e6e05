"""Styles of classes and scores: the same colours and the same fixed range in every layer."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsColorRampShader,
    QgsFillSymbol,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsRasterShader,
    QgsRendererCategory,
    QgsSingleBandPseudoColorRenderer,
    QgsSymbol,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QColor

from ...models.shared.conventions import CLASS_FIELD, IGNORE_CLASS, TILE_CLASS, UNSURE_CLASS
from ...models.shared.paths import RESOURCES

STYLES = RESOURCES / "styles"

# Okabe and Ito's palette, distinguishable with any kind of colour blindness.
KNOWN = {
    "building": "#d55e00",
    "road": "#f0e442",
    "water": "#56b4e9",
    "tree": "#009e73",
    "vegetation": "#999933",
    "low vegetation": "#999933",
    "soil": "#ddcc77",
    "pavement": "#666666",
}
# The first three are Okabe and Ito's, the others Tol's.
OTHER_COLOURS = ("#0072b2", "#cc79a7", "#e69f00", "#882255", "#332288", "#aa4499", "#44aa99")

# ColorBrewer's RdBu, safe for the colour-blind: from the minimum over 0 to the maximum.
DIVERGING = ((-1.0, "#2166ac"), (-0.5, "#92c5de"), (0.0, "#f7f7f7"), (0.5, "#f4a582"), (1.0, "#b2182b"))

BACKGROUND_COLOUR = "#999999"  # for the first class if it must be visible


def class_colour(name: str, index: int) -> QColor:
    """Return the colour of a class; the first class, the background, is transparent."""
    if index == 0:
        return QColor(0, 0, 0, 0)
    return QColor(KNOWN.get(name, OTHER_COLOURS[(index - 1) % len(OTHER_COLOURS)]))


def write_class_style(raster: Path, classes: Sequence[str]) -> None:
    """Write the style of a class raster as a sidecar file, which QGIS loads with the raster.

    Without it, QGIS computes the raster's minimum and maximum, which takes ten times as long as opening the raster.
    """
    entries = []
    for index, name in enumerate(classes):
        colour = class_colour(name, index)
        label = escape(name)
        entries.append(
            f'<paletteEntry value="{index}" color="{colour.name()}" alpha="{colour.alpha()}" label="{label}"/>'
        )
    template = (STYLES / "classes.qml").read_text(encoding="utf-8")
    _write_sidecar(raster, template.replace("<!-- entries -->", "\n        ".join(entries)))


def write_heat_style(raster: Path) -> None:
    """Write the style of a score raster as a sidecar file, with the fixed range 0 to 1."""
    _write_sidecar(raster, (STYLES / "heat.qml").read_text(encoding="utf-8"))


def write_answer_style(raster: Path, limit: float) -> None:
    """Write the style of a filter-response raster as a sidecar file: blue below 0, white at 0, red above."""
    template = (STYLES / "answers.qml").read_text(encoding="utf-8")
    _write_sidecar(raster, template.replace("LIMIT", f"{limit:.6g}"))


def diverging(value: float) -> QColor:
    """Return the colour of a value in [-1, 1]: blue below 0, white at 0, red above."""
    value = max(-1.0, min(1.0, value))
    for (low, one), (high, other) in zip(DIVERGING, DIVERGING[1:]):
        if value <= high:
            part = (value - low) / (high - low)
            pairs = zip(QColor(one).getRgb(), QColor(other).getRgb())
            return QColor(*(round(a + part * (b - a)) for a, b in pairs))
    return QColor(DIVERGING[-1][1])


def style_answers(layer: QgsRasterLayer, band: int, limit: float) -> None:
    """Style a band of filter responses from -limit to limit, with white at 0."""
    ramp = QgsColorRampShader(-limit, limit)
    ramp.setColorRampType(QgsColorRampShader.Type.Interpolated)
    values = [(position * limit, QColor(colour)) for position, colour in DIVERGING]
    ramp.setColorRampItemList([QgsColorRampShader.ColorRampItem(v, c, f"{v:.3g}") for v, c in values])
    shader = QgsRasterShader(-limit, limit)
    shader.setRasterShaderFunction(ramp)
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), band, shader)
    renderer.setClassificationMin(-limit)
    renderer.setClassificationMax(limit)
    layer.setRenderer(renderer)


def style_uncertainty(layer: QgsRasterLayer) -> None:
    """Style uncertainty from transparent at 0 to purple at 1; a single hue is safe for the colour-blind."""
    ramp = QgsColorRampShader(0, 1)
    ramp.setColorRampType(QgsColorRampShader.Type.Interpolated)
    levels = ((0.0, 0), (0.25, 90), (0.5, 170), (1.0, 255))
    items = [(value, QColor(122, 1, 119, alpha)) for value, alpha in levels]
    ramp.setColorRampItemList([QgsColorRampShader.ColorRampItem(v, c, f"{100 * v:.0f} %") for v, c in items])
    shader = QgsRasterShader(0, 1)
    shader.setRasterShaderFunction(ramp)
    renderer = QgsSingleBandPseudoColorRenderer(layer.dataProvider(), 1, shader)
    renderer.setClassificationMin(0)
    renderer.setClassificationMax(1)
    layer.setRenderer(renderer)


def style_change(layer: QgsRasterLayer, classes: Sequence[str]) -> None:
    """Style a change raster by the new class; the first class, otherwise transparent, is black."""
    entries = [
        QgsPalettedRasterRenderer.Class(index, class_colour(name, index) if index else QColor("#000000"), f"→ {name}")
        for index, name in enumerate(classes)
    ]
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, entries))


def _write_sidecar(raster: Path, style: str) -> None:
    path = raster.with_suffix(".qml")
    if not path.exists():
        path.write_text(style, encoding="utf-8")


def choose_band(layer: QgsRasterLayer, band: int) -> None:
    """Switch a heat map to another band of its scores."""
    renderer = layer.renderer()
    if not isinstance(renderer, QgsSingleBandPseudoColorRenderer) or renderer.usesBands() == [band]:
        return
    renderer = renderer.clone()
    renderer.setBand(band)
    renderer.setClassificationMin(0)  # clone() loses the range
    renderer.setClassificationMax(1)
    layer.setRenderer(renderer)


def style_labels(layer: QgsVectorLayer, classes: Sequence[str]) -> None:
    """Style labels: classes half transparent over the image, the tile as an outline, ignored areas hatched."""
    categories = [_category(name, class_colour(name, index)) for index, name in enumerate(classes) if index]
    if classes:
        categories.append(_category(classes[0], QColor("#999999")))
    hatched = QgsFillSymbol.createSimple(
        {"color": "#444444", "style": "b_diagonal", "outline_color": "#444444", "outline_width": "0.4"}
    )
    outline = QgsFillSymbol.createSimple(
        {"style": "no", "outline_color": "#00e5ff", "outline_width": "0.7", "outline_style": "dash"}
    )
    categories += [
        QgsRendererCategory(IGNORE_CLASS, hatched, IGNORE_CLASS),
        QgsRendererCategory(TILE_CLASS, outline, TILE_CLASS),
    ]
    layer.setRenderer(QgsCategorizedSymbolRenderer(CLASS_FIELD, categories))


def correction_colour(name: str, classes: Sequence[str]) -> QColor:
    """Return the colour of a class in corrections; the first class, otherwise transparent, is grey."""
    if name in classes[1:]:
        return class_colour(name, classes.index(name))
    return QColor(BACKGROUND_COLOUR if name in classes else "#ffffff")


def style_corrections(layer: QgsVectorLayer, classes: Sequence[str]) -> None:
    """Style corrections with outlines in class colours and a faint fill, so that the map below stays visible."""
    categories = []
    for name in (*classes[1:], *classes[:1]):
        colour = correction_colour(name, classes)
        fill = QColor(colour)
        fill.setAlpha(40)
        rgba = ",".join(str(part) for part in fill.getRgb())
        symbol = QgsFillSymbol.createSimple({"color": rgba, "outline_color": colour.name(), "outline_width": "0.5"})
        categories.append(QgsRendererCategory(name, symbol, name))
    hatched = QgsFillSymbol.createSimple(
        {"color": "#444444", "style": "b_diagonal", "outline_color": "#444444", "outline_width": "0.4"}
    )
    categories.append(QgsRendererCategory(UNSURE_CLASS, hatched, UNSURE_CLASS))
    layer.setRenderer(QgsCategorizedSymbolRenderer(CLASS_FIELD, categories))


def style_polygons(layer: QgsVectorLayer, classes: Sequence[str]) -> None:
    """Style exported polygons by class."""
    categories = [_category(name, class_colour(name, index)) for index, name in enumerate(classes) if index]
    if classes:
        clear = QgsFillSymbol.createSimple({"style": "no", "outline_color": "#999999", "outline_width": "0.2"})
        categories.append(QgsRendererCategory(classes[0], clear, classes[0]))
    layer.setRenderer(QgsCategorizedSymbolRenderer(CLASS_FIELD, categories))


def _category(name: str, colour: QColor) -> QgsRendererCategory:
    return QgsRendererCategory(name, _fill(colour), name)


def _fill(colour: QColor) -> QgsSymbol:
    inside = QColor(colour)
    inside.setAlpha(120)
    rgba = ",".join(str(part) for part in inside.getRgb())
    return QgsFillSymbol.createSimple({"color": rgba, "outline_color": colour.name(), "outline_width": "0.4"})
