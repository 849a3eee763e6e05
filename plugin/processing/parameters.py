"""The parameter values of an algorithm, converted for the worker."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from osgeo import gdal
from qgis.core import (
    QgsMapLayer,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterBand,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterExtent,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsRasterLayer,
    QgsVectorLayer,
)

from ...models.shared.requests import Open
from ..errors import UserError
from ..run.extent import Extent
from ..run.scene import area_in_layer, default_bands, own_pixel_size_m, raster_source
from ..settings import Settings
from ..wording import tr
from .output_styles import show_as

IMAGE, BANDS, EXTENT, PIXEL_SIZE, SCORES, OUTPUT = "IMAGE", "BANDS", "EXTENT", "PIXEL_SIZE", "SCORES", "OUTPUT"
SCHEDULER = "SCHEDULER"
READABLE = ("gpkg", "shp", "geojson", "json", "fgb", "gml", "kml")  # other formats are exported first
WORKING_PIXEL = "WORKING_PIXEL_SIZE_M"  # metadata item of score rasters


def scene_parameters(pixel_size: str) -> list[QgsProcessingParameterDefinition]:
    """Return the parameters of a scene; `pixel_size` describes the default pixel size."""
    bands = QgsProcessingParameterBand(BANDS, tr("Bands"), None, IMAGE, optional=True, allowMultiple=True)
    bands.setHelp(tr("Empty: the bands shown as red, green and blue, or the first three."))
    extent = QgsProcessingParameterExtent(EXTENT, tr("Area"), optional=True)
    extent.setHelp(tr("The part of the image to process. Empty: the whole image."))
    size = QgsProcessingParameterNumber(
        PIXEL_SIZE,
        tr("Working pixel, in metres"),
        type=QgsProcessingParameterNumber.Type.Double,
        defaultValue=None,
        optional=True,
        minValue=0.001,
        maxValue=10_000,
    )
    size.setHelp(
        tr("The pixel size of the computation. Results are written on the image's own pixels. Empty: ") + pixel_size
    )
    return [QgsProcessingParameterRasterLayer(IMAGE, tr("Image")), advanced(bands), advanced(extent), advanced(size)]


def scheduler_parameter() -> QgsProcessingParameterDefinition:
    """Return the parameter for the address of a Dask cluster."""
    scheduler = QgsProcessingParameterString(SCHEDULER, tr("Dask scheduler"), optional=True)
    scheduler.setHelp(
        tr(
            "The address of a Dask cluster, such as tcp://HOST:8786. Its workers need access to the "
            "files. Empty: the address in Settings > Options > Map Refiner, or else this computer."
        )
    )
    return advanced(scheduler)


def advanced(parameter: QgsProcessingParameterDefinition) -> QgsProcessingParameterDefinition:
    """Mark a parameter as advanced."""
    parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
    return parameter


class Parameters:
    """The parameter values of one run, and a folder for its temporary files."""

    def __init__(
        self,
        algorithm: QgsProcessingAlgorithm,
        parameters: Mapping[str, object],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
        folder: str,
    ) -> None:
        self._algorithm, self._parameters, self._context, self._feedback = algorithm, parameters, context, feedback
        self._targets: dict[str, str] = {}  # kept because QGIS makes a new temporary file at each call
        self.running = context  # context of the thread that runs the algorithm
        self.folder = Path(folder)

    # --- plain values ---------------------------------------------------------------------------------------------

    def text(self, name: str) -> str:
        """Return a text value."""
        return self._algorithm.parameterAsString(self._parameters, name, self._context).strip()

    def number(self, name: str) -> float | None:
        """Return a number, or None if it is empty."""
        if not self.is_given(name) and self._algorithm.parameterDefinition(name).defaultValue() is None:
            return None
        return self._algorithm.parameterAsDouble(self._parameters, name, self._context)

    def integer(self, name: str) -> int | None:
        """Return an integer, or None if it is empty."""
        value = self.number(name)
        return None if value is None else int(value)

    def flag(self, name: str) -> bool:
        """Return whether a box is checked."""
        return bool(self._algorithm.parameterAsBool(self._parameters, name, self._context))

    def choice(self, name: str) -> str:
        """Return the chosen option."""
        return self._algorithm.parameterAsEnumString(self._parameters, name, self._context)

    def is_given(self, name: str) -> bool:
        """Return whether a value is given."""
        return self._parameters.get(name) not in (None, "")

    # --- what is said ---------------------------------------------------------------------------------------------

    def inform(self, text: str) -> None:
        """Write to the log."""
        self._feedback.pushInfo(text)

    def warn(self, text: str) -> None:
        """Write a warning to the log."""
        self._feedback.pushWarning(text)

    def scheduler(self, opening: Open | None = None) -> str:
        """Return the address of the cluster, or an empty string; parts of an image are processed locally.

        Raises:
            UserError: if a cluster is given for a part of an image.
        """
        given, is_part = self.text(SCHEDULER), opening is not None and opening.area is not None
        if given and is_part:
            raise UserError(
                tr("A cluster processes whole images. Clip the image first, or leave the area or the scheduler empty.")
            )
        chosen = given or ("" if is_part else Settings().scheduler)
        if chosen:
            self.inform(tr("Running on the cluster at {}").format(chosen))
        return chosen

    # --- where results go -----------------------------------------------------------------------------------------

    def target(self, name: str, *endings: str) -> str:
        """Return the file of an output, or an empty string if the output is skipped.

        Raises:
            UserError: for another file extension, an output that is not a file, or a missing folder.
        """
        if name not in self._targets:
            self._targets[name] = self._checked_target(name, endings)
        return self._targets[name]

    def _checked_target(self, name: str, endings: Sequence[str]) -> str:
        definition = self._algorithm.parameterDefinition(name)
        as_target = self._algorithm.parameterAsFileOutput
        if definition.type() in ("rasterDestination", "vectorDestination"):
            as_target = self._algorithm.parameterAsOutputLayer
        text = as_target(self._parameters, name, self._context).strip()
        if not text:
            return ""
        path = Path(os.path.abspath(os.path.expanduser(text)))
        if not path.suffix:
            path = path.with_name(path.name + endings[0])
        if path.suffix.lower() not in endings or "dbname=" in text:
            raise UserError(tr("“{}” must be a file that ends in {}.").format(text, tr(" or ").join(endings)))
        if not path.parent.is_dir():
            raise UserError(tr("There is no folder {}.").format(path.parent))
        return str(path)

    def target_folder(self, name: str) -> Path | None:
        """Create and return the folder of an output, or None if the output is skipped.

        Raises:
            UserError: if it cannot be created.
        """
        if name not in self._targets:
            text = self._algorithm.parameterAsFileOutput(self._parameters, name, self._context).strip()
            self._targets[name] = os.path.abspath(os.path.expanduser(text)) if text else ""
        if not self._targets[name]:
            return None
        folder = Path(self._targets[name])
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(tr("The folder {} cannot be created: {}").format(folder, error.strerror)) from error
        return folder

    def show(self, path: str, kind: str, classes: tuple[str, ...] = ()) -> None:
        """Style a result, if it is opened, as in the dock."""
        if self._context.willLoadLayerOnCompletion(path):
            details = self._context.layerToLoadOnCompletionDetails(path)
            style = show_as(kind, classes)
            self._algorithm.provider().keep(style)
            details.setPostProcessor(style)
            self.running.addLayerToLoadOnCompletion(path, details)  # in a thread, only this context is used

    # --- layers ---------------------------------------------------------------------------------------------------

    def raster(self, name: str) -> QgsRasterLayer:
        """Return a raster layer.

        Raises:
            UserError: if the worker cannot open it.
        """
        layer = self._algorithm.parameterAsRasterLayer(self._parameters, name, self._context)
        if layer is None:
            title = self._algorithm.parameterDefinition(name).description()
            raise UserError(tr("“{}” cannot be opened as a raster: {}").format(title, self._parameters.get(name)))
        raster_source(layer)
        return layer

    def rasters(self, name: str) -> tuple[str, ...]:
        """Return the sources of raster layers for the worker."""
        layers = self._algorithm.parameterAsLayerList(self._parameters, name, self._context)
        return tuple(raster_source(layer) for layer in layers)

    def labels(self, name: str) -> str:
        """Return the source of labels for the worker: a raster or a vector layer."""
        layer = self._algorithm.parameterAsLayer(self._parameters, name, self._context)
        return raster_source(layer) if isinstance(layer, QgsRasterLayer) else self.vectors(name)

    def vectors(self, name: str, subset: str = "") -> str:
        """Return the source of a vector layer for the worker; a layer that is not a plain file is exported first.

        Raises:
            UserError: for a layer that cannot be opened or has unsaved edits.
        """
        layer: QgsMapLayer | None = self._algorithm.parameterAsLayer(self._parameters, name, self._context)
        if isinstance(layer, QgsVectorLayer) and layer.isModified() and layer.providerType() != "memory":
            raise UserError(tr("The layer “{}” has unsaved edits. Save or discard them.").format(layer.name()))
        path, inside = self._algorithm.parameterAsCompatibleSourceLayerPathAndLayerName(
            self._parameters, name, self._context, READABLE, "gpkg", self._feedback
        )
        if not path:
            title = self._algorithm.parameterDefinition(name).description()
            raise UserError(tr("“{}” cannot be opened as a layer: {}").format(title, self._parameters.get(name)))
        return path + (f"|layername={inside}" if inside else "") + (f"|subset={subset}" if subset else "")

    # --- the scene ------------------------------------------------------------------------------------------------

    def open(self, pixel_size_m: float | None) -> Open:
        """Return the request that opens the scene; `pixel_size_m` is the default.

        Raises:
            UserError: if the scene cannot be used.
        """
        layer = self.raster(IMAGE)
        bands = tuple(self._algorithm.parameterAsInts(self._parameters, BANDS, self._context)) or default_bands(layer)
        missing = [band for band in bands if not 1 <= band <= layer.bandCount()]
        if missing:
            sentence = tr("There is no band {}; the image has bands 1 to {}.")
            raise UserError(sentence.format(missing[0], layer.bandCount()))
        size = self.number(PIXEL_SIZE) or pixel_size_m
        if size is not None and self.own_pixel_size_m() is None:
            self._feedback.pushWarning(tr("The image has no CRS, so the image's own pixels are used."))
            size = None
        return Open(raster_source(layer), str(self.folder), bands, self._area(layer), size)

    def own_pixel_size_m(self) -> float | None:
        """Return the ground size of the image's pixels in metres, or None without a CRS."""
        return own_pixel_size_m(self.raster(IMAGE), self._context.transformContext())

    def _area(self, layer: QgsRasterLayer) -> tuple[float, float, float, float] | None:
        extent = self._algorithm.parameterAsExtent(self._parameters, EXTENT, self._context)
        if extent.isNull() or extent.isEmpty():
            return None
        crs = self._algorithm.parameterAsExtentCrs(self._parameters, EXTENT, self._context)
        return area_in_layer(Extent(extent, crs, self._context.transformContext()), layer)


def remembered_pixel_size_m(scores: str) -> float | None:
    """Return the working pixel size stored in a score raster, or None."""
    dataset = gdal.Open(scores)
    text = dataset.GetMetadataItem(WORKING_PIXEL) if dataset is not None else None
    try:
        return float(text) if text else None
    except ValueError:
        return None


def labels_parameter_types() -> list[int]:
    """Return the layer types that can hold labels."""
    return [QgsProcessing.SourceType.TypeRaster, QgsProcessing.SourceType.TypeVectorPolygon]
