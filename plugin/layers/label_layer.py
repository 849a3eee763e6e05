"""The labelled tile: a polygon layer to digitize in, and the check of its labels before training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from qgis.core import (
    NULL,
    QgsEditorWidgetSetup,
    QgsFeature,
    QgsGeometry,
    QgsSingleSymbolRenderer,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ...models.shared.conventions import BACKGROUND, CLASS_FIELD, IGNORE_CLASS, TILE_CLASS
from ..errors import UserError
from ..run.extent import Extent
from ..wording import tr
from .styles import style_labels

LAYER = "labels"
LABELS_PROPERTY = "map_refiner/labels"  # marks label layers
USUAL_CLASSES = (BACKGROUND, "building", "road")
MOST_NAMED = 5  # most feature ids in a message
MOST_CLASSES = 50  # most classes read from labels


def new_label_file(folder: Path, scene_name: str, extent: Extent, what: str = "tile") -> Path:
    """Write an empty GeoPackage for labels under an unused name, with `what` in it.

    Raises:
        UserError: if it cannot be written.
    """
    stem = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in scene_name) or "scene"
    number = 1
    while (path := folder / f"{stem}_{what}_{number}.gpkg").exists():
        number += 1
    template = QgsVectorLayer(f"Polygon?field={CLASS_FIELD}:string(64)&field=note:string(254)", LAYER, "memory")
    template.setCrs(extent.crs)
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = LAYER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(tr("The folder {} cannot be created: {}").format(folder, error.strerror)) from error
    code, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(template, str(path), extent.context, options)
    if code != QgsVectorFileWriter.WriterError.NoError:
        raise UserError(tr("The file {} cannot be written: {}").format(path, message))
    return path


def open_layer(path: Path, classes: Sequence[str]) -> QgsVectorLayer:
    """Open labels for digitizing, with class colours and a form that lists the classes and reuses the last one."""
    layer = QgsVectorLayer(f"{path}|layername={LAYER}", path.stem, "ogr")
    if not layer.isValid():
        raise UserError(tr("The labelled tile {} cannot be opened.").format(path))
    show_labels(layer, classes)
    return layer


def show_labels(layer: QgsVectorLayer, classes: Sequence[str]) -> None:
    """Style and set up a layer for labels, unless it is already marked as a label layer."""
    if layer.customProperty(LABELS_PROPERTY):
        return
    style_labels(layer, classes)
    offer_classes(layer, [*classes[1:], TILE_CLASS, IGNORE_CLASS, *classes[:1]])
    layer.setCustomProperty(LABELS_PROPERTY, True)


def paint_labels(layer: QgsVectorLayer, classes: Sequence[str]) -> None:
    """Set up a polygon layer with a class field as labels, unless it already has a style."""
    if (
        len(classes) > 1
        and layer.geometryType() == QgsWkbTypes.GeometryType.PolygonGeometry
        and isinstance(layer.renderer(), QgsSingleSymbolRenderer)
        and layer.fields().indexOf(CLASS_FIELD) >= 0
    ):
        show_labels(layer, classes)
        layer.triggerRepaint()
        layer.emitStyleChanged()


def own_classes(layer: QgsVectorLayer) -> tuple[str, ...]:
    """Return the classes found in labels: background first, then the others in alphabetical order."""
    found = layer.uniqueValues(layer.fields().indexOf(CLASS_FIELD), MOST_CLASSES)
    names = {str(value) for value in found if value not in (None, NULL, "")} - {
        USUAL_CLASSES[0],
        TILE_CLASS,
        IGNORE_CLASS,
    }
    return (USUAL_CLASSES[0], *sorted(names))


def offer_classes(layer: QgsVectorLayer, names: Sequence[str]) -> None:
    """List the classes in a layer's form, which reuses the last value."""
    index = layer.fields().indexOf(CLASS_FIELD)
    layer.setEditorWidgetSetup(index, QgsEditorWidgetSetup("ValueMap", {"map": [{name: name} for name in names]}))
    layer.setFieldAlias(index, tr("Class"))
    form = layer.editFormConfig()
    form.setReuseLastValue(index, True)
    layer.setEditFormConfig(form)


def add_outline(layer: QgsVectorLayer, view: Extent, scene: Extent) -> None:
    """Add a `tile` polygon around the visible part of a scene, as one undoable edit.

    Raises:
        UserError: if the view and the scene do not overlap, or the layer cannot be edited.
    """
    seen, whole = view.in_crs(layer.crs()), scene.in_crs(layer.crs())
    common = seen.intersect(whole)
    if common.isEmpty():
        raise UserError(tr("The map does not show the scene. Move it there first."))
    if not layer.isEditable() and not layer.startEditing():
        raise UserError(tr("The layer “{}” cannot be edited.").format(layer.name()))
    field = _field(layer)
    feature = QgsFeature(layer.fields())
    feature.setGeometry(QgsGeometry.fromRect(common))
    feature.setAttribute(field, TILE_CLASS)
    layer.beginEditCommand(tr("Outline map view"))
    layer.addFeature(feature)
    layer.endEditCommand()
    layer.triggerRepaint()


def commit(layer: QgsVectorLayer) -> None:
    """Save the digitized labels and stay in edit mode.

    Raises:
        UserError: if they cannot be saved; the edits are kept.
    """
    if layer.isEditable() and layer.isModified() and not layer.commitChanges(stopEditing=False):
        raise UserError(
            tr("The labels of “{}” cannot be saved: {}").format(layer.name(), " ".join(layer.commitErrors()))
        )


def check(layer: QgsVectorLayer, classes: Sequence[str], scene: Extent) -> str:
    """Check that labels can be used for training; return a warning, or an empty string.

    Raises:
        UserError: if they cannot be used.
    """
    field = _field(layer)
    if not layer.featureCount():
        raise UserError(
            tr("The layer “{}” has no polygons yet. Draw a “tile” and the objects inside it.").format(layer.name())
        )
    extent = QgsGeometry.fromRect(scene.in_crs(layer.crs()))
    known = {*classes, TILE_CLASS, IGNORE_CLASS}
    crossing, unknown, outside = [], [], []
    inside: set[str] = set()
    for feature in layer.getFeatures():
        name, geometry = feature[field], feature.geometry()
        if name in (None, NULL) or name not in known:
            unknown.append(feature.id())
        elif geometry.isNull() or not geometry.isGeosValid():
            crossing.append(feature.id())
        elif not geometry.intersects(extent):
            outside.append(feature.id())
        else:
            inside.add(name)
    _refuse_features(layer, classes, unknown, crossing)
    _refuse_classes(layer, classes, inside, bool(outside))
    if outside:
        return tr("Outside the scene and ignored: {}.").format(_named(outside))
    return ""


def _field(layer: QgsVectorLayer) -> int:
    index = layer.fields().indexOf(CLASS_FIELD)
    if index < 0:
        raise UserError(
            tr(
                "The layer “{}” has no text field “class”. Use New Labelled Tile, or add the field with the class "
                "of each polygon."
            ).format(layer.name())
        )
    return index


def _refuse_features(
    layer: QgsVectorLayer, classes: Sequence[str], unknown: Sequence[int], crossing: Sequence[int]
) -> None:
    if unknown:
        raise UserError(
            tr("“{}” has features without a class of the map: {}. Set them to one of {}, “tile” or “ignore”.").format(
                layer.name(), _named(unknown), ", ".join(classes)
            )
        )
    if crossing:
        raise UserError(
            tr(
                "“{}” has self-intersecting or empty geometries: {}. Fix them with the Vertex Tool, or delete them."
            ).format(layer.name(), _named(crossing))
        )


def _refuse_classes(layer: QgsVectorLayer, classes: Sequence[str], inside: set[str], outside: bool) -> None:
    if not inside and outside:
        raise UserError(tr("All polygons of “{}” lie outside the scene.").format(layer.name()))
    if TILE_CLASS not in inside and classes[0] not in inside:  # exported polygons with background also count
        raise UserError(
            tr(
                "The layer “{}” has no “tile” polygon in the scene. Draw one around the labelled area; "
                "anything left unlabelled inside it counts as {}."
            ).format(layer.name(), classes[0])
        )
    if not inside & set(classes[1:]):
        raise UserError(
            tr("The layer “{}” has labels of only one class. Also draw {} inside the tile.").format(
                layer.name(), tr(" or ").join(classes[1:])
            )
        )


def _named(ids: Iterable[int]) -> str:
    ids = sorted(ids)
    text = ", ".join(str(number) for number in ids[:MOST_NAMED])
    more = len(ids) - MOST_NAMED
    text = tr("{} and {} more").format(text, more) if more > 0 else text
    return (tr("feature {}") if len(ids) == 1 else tr("features {}")).format(text)
