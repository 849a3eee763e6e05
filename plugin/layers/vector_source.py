"""The worker's access to a vector layer: the layer's own file, or a copy if it has none."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsProviderRegistry, QgsVectorFileWriter, QgsVectorLayer

from ..errors import UserError
from ..wording import tr

MOST_COPIED = 5000  # features; copying more would freeze QGIS


def layer_source(layer: QgsVectorLayer, folder: Path) -> str:
    """Return "FILE|layername=NAME|subset=SQL"; copy a memory layer into a folder first.

    Raises:
        UserError: if the layer is neither a file nor a small memory layer.
    """
    if not layer.isValid():
        raise UserError(tr("The layer “{}” is not valid. Its file may be missing.").format(layer.name()))
    if layer.providerType() == "memory" and layer.featureCount() <= MOST_COPIED:
        return _copy(layer, folder)
    if layer.providerType() != "ogr":
        raise UserError(
            tr(
                "The layer “{}” is a web service or lies in memory, not in a file. Save it with Export > "
                "Save Features As…, then choose the file."
            ).format(layer.name())
        )
    parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
    path = str(parts.get("path") or "")
    if not Path(path).exists() and not path.startswith("/vsi"):
        raise UserError(tr("The file of the layer “{}” is missing: {}").format(layer.name(), path))
    name, subset = parts.get("layerName"), layer.subsetString()
    return path + (f"|layername={name}" if name else "") + (f"|subset={subset}" if subset else "")


def _copy(layer: QgsVectorLayer, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{layer.id()}.fgb"
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "FlatGeobuf"  # ten times as fast as a GeoPackage, and stores any CRS
    context = layer.transformContext()
    error, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(layer, str(path), context, options)
    if error != QgsVectorFileWriter.WriterError.NoError:
        raise UserError(tr("The layer “{}” cannot be copied for the worker: {}").format(layer.name(), message))
    return str(path)
