"""The scene: raster, bands, area and working resolution, validated before the worker opens it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qgis.core import (
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsDistanceArea,
    QgsMultiBandColorRenderer,
    QgsPointXY,
    QgsProviderRegistry,
    QgsRasterLayer,
)

from ...models.shared.band_text import MANY_BANDS
from ...models.shared.requests import Open
from ..errors import UserError
from ..wording import tr
from .bands import spectrum_of
from .extent import Extent

FINEST_M = 0.5  # the shipped models were trained at half a metre; finer pixels cost time and gain little
BYTES_PER_CLASS = 4  # float32
USUAL_CLASSES = 3


@dataclass(frozen=True)
class SceneChoice:
    """A part of a raster layer at a pixel size; equal scenes can share a run."""

    layer_id: str
    name: str
    image: str  # source that GDAL opens
    bands: tuple[int, ...]
    area: tuple[float, float, float, float] | None  # xmin, ymin, xmax, ymax in the layer's CRS; None: the whole layer
    pixel_size_m: float | None  # None: the image's own

    def request(self, folder: Path) -> Open:
        """Return the request that opens this scene with a folder for its results."""
        return Open(self.image, str(folder), self.bands, self.area, self.pixel_size_m)


@dataclass(frozen=True)
class SceneSize:
    """The size of a working grid."""

    width: int
    height: int

    @property
    def megapixels(self) -> float:
        """Return the size in millions of pixels."""
        return self.width * self.height / 1e6

    @property
    def megabytes_a_step(self) -> float:
        """Return the approximate size of a step on disk in megabytes, before compression."""
        return self.megapixels * (USUAL_CLASSES * BYTES_PER_CLASS + 1)


def raster_source(layer: QgsRasterLayer | None) -> str:
    """Return the source by which the worker can open a layer.

    Raises:
        UserError: for layers without a file: web services, layers in memory, layers whose file is missing.
    """
    if layer is None:
        raise UserError(tr("Choose a raster layer first."))
    if not layer.isValid():
        raise UserError(tr("The layer “{}” is not valid. Its file may be missing.").format(layer.name()))
    source = layer.source().split("|option:")[0]
    if layer.providerType() != "gdal" or source.startswith(("/vsimem/", "MEM:")):
        raise UserError(
            tr(
                "The layer “{}” is a web service or lies in memory, not in a file. Save it with Export > "
                "Save As…, then choose the file."
            ).format(layer.name())
        )
    path = QgsProviderRegistry.instance().decodeUri("gdal", layer.source()).get("path", source)
    if source == path and "/vsi" not in source and ":" not in source[2:] and not Path(source).exists():
        raise UserError(tr("The file of the layer “{}” is missing: {}").format(layer.name(), source))
    return source


def default_bands(layer: QgsRasterLayer) -> tuple[int, ...]:
    """Return the bands shown as red, green and blue, or the first three that are not alpha.

    For a layer with many bands, return all good ones.
    """
    if layer.bandCount() > MANY_BANDS:
        return spectrum_of(layer.source()).good() or tuple(range(1, layer.bandCount() + 1))
    renderer = layer.renderer()
    alpha = renderer.alphaBand() if renderer is not None else -1
    if isinstance(renderer, QgsMultiBandColorRenderer):
        shown = (renderer.redBand(), renderer.greenBand(), renderer.blueBand())
        if all(1 <= band <= layer.bandCount() and band != alpha for band in shown):
            return shown
    return tuple(band for band in range(1, layer.bandCount() + 1) if band != alpha)[:3]


def own_pixel_size_m(layer: QgsRasterLayer, context: QgsCoordinateTransformContext) -> float | None:
    """Return the ground size of the pixel at a layer's centre in metres, or None if it is unknown."""
    crs = layer.crs()
    if not crs.isValid():
        return None
    measure = QgsDistanceArea()
    measure.setSourceCrs(crs, context)
    measure.setEllipsoid(crs.ellipsoidAcronym() or "EPSG:7030")
    centre = layer.extent().center()
    right = QgsPointXY(centre.x() + layer.rasterUnitsPerPixelX(), centre.y())
    up = QgsPointXY(centre.x(), centre.y() + layer.rasterUnitsPerPixelY())
    try:
        size = math.sqrt(measure.measureLine(centre, right) * measure.measureLine(centre, up))
    except QgsCsException:
        return None
    return size if math.isfinite(size) and size > 0 else None


def default_pixel_size_m(own: float | None) -> float | None:
    """Return the default working pixel size: the image's own, but no finer than half a metre."""
    return None if own is None else max(own, FINEST_M)


def area_in_layer(extent: Extent, layer: QgsRasterLayer) -> tuple[float, float, float, float]:
    """Transform an extent to a layer's CRS and clip it to the layer.

    Raises:
        UserError: if they do not intersect, or the extent cannot be transformed.
    """
    common = extent.in_crs(layer.crs()).intersect(layer.extent())
    if common.isEmpty():
        raise UserError(
            tr("The area does not intersect the layer “{}”. Move the map, or draw another area.").format(layer.name())
        )
    return (common.xMinimum(), common.yMinimum(), common.xMaximum(), common.yMaximum())


def size_of(
    layer: QgsRasterLayer,
    area: Sequence[float] | None,
    own_m: float | None,
    pixel_size_m: float | None,
) -> SceneSize:
    """Return the size of the working grid over an area."""
    width, height = float(layer.width()), float(layer.height())
    if area is not None:
        width = (area[2] - area[0]) / layer.rasterUnitsPerPixelX()
        height = (area[3] - area[1]) / layer.rasterUnitsPerPixelY()
    factor = 1.0 if own_m is None or pixel_size_m is None else own_m / pixel_size_m
    if abs(1 / factor - 1) < 0.02:  # the worker also uses the image's own pixels then
        factor = 1.0
    return SceneSize(max(1, round(width * factor)), max(1, round(height * factor)))
