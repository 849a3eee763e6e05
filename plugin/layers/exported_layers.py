"""Layers of exported files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qgis.core import QgsMapLayer, QgsProject, QgsProviderRegistry, QgsRasterLayer, QgsVectorLayer

from ..errors import UserError
from ..wording import tr
from .styles import style_polygons, write_class_style

EXPORT = "map_refiner/export"  # marks layers of exported files
POLYGON_ENDINGS = (".gpkg", ".shp", ".geojson")
RASTER_ENDINGS = (".tif", ".tiff")


def checked_path(text: str, endings: Sequence[str]) -> Path:
    """Return the path to write to; add the first ending if the text has none.

    Raises:
        UserError: for any other ending, or if the folder does not exist.
    """
    path = Path(text.strip()).expanduser()
    if not path.suffix:
        path = path.with_name(path.name + endings[0])
    if path.suffix.lower() not in endings:
        raise UserError(tr("“{}” must end in {}.").format(path.name, tr(" or ").join(endings)))
    if not path.is_absolute() or not path.parent.is_dir():
        raise UserError(tr("There is no folder {}.").format(path.parent))
    return path


def layers_of(project: QgsProject, path: Path) -> list[QgsMapLayer]:
    """Return the project's layers that show a file."""
    found = []
    for layer in project.mapLayers().values():
        parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
        own = str(parts.get("path") or "")
        if own and Path(own) == path:
            found.append(layer)
    return found


def release(project: QgsProject, path: Path) -> bool:
    """Remove the layers of an earlier export to the same file, which is about to be replaced.

    Returns:
        Whether any layer was removed.

    Raises:
        UserError: if a layer was not added by an export, or has unsaved edits.
    """
    layers = layers_of(project, path)
    for layer in layers:
        edited = isinstance(layer, QgsVectorLayer) and layer.isModified()
        if edited or not layer.customProperty(EXPORT):
            raise UserError(
                tr("{} is in use by the layer “{}”. Choose another file, or remove the layer first.").format(
                    path.name, layer.name()
                )
            )
    project.removeMapLayers([layer.id() for layer in layers])
    return bool(layers)


def open_polygons(path: Path, classes: Sequence[str]) -> QgsVectorLayer:
    """Open exported polygons, styled by class."""
    layer = QgsVectorLayer(str(path), path.stem, "ogr")
    style_polygons(layer, classes)
    layer.setCustomProperty(EXPORT, True)
    return layer


def open_raster(path: Path, classes: Sequence[str]) -> QgsRasterLayer:
    """Open an exported class raster, styled by class."""
    write_class_style(path, classes)
    layer = QgsRasterLayer(str(path), path.stem, "gdal")
    layer.setCustomProperty(EXPORT, True)
    return layer
