"""The scene: raster, bands, area and working resolution, validated before the worker opens it."""

from __future__ import annotations

import math
import re
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

from ...models.shared.requests import Open
from ..errors import UserError
from ..wording import tr
from .bands import MANY, Spectrum, numbered, spectrum_of
from .extent import Extent

FINEST_M = 0.5  # the shipped models were taught at half a metre; finer pixels cost time and help them little
BYTES_PER_CLASS = 4  # float32
USUAL_CLASSES = 3


@dataclass(frozen=True)
class SceneChoice:
    """A part of a raster layer at a pixel size; equal scenes can share a run."""

    layer_id: str
    name: str
    image: str  # as GDAL opens it
    bands: tuple[int, ...]
    area: tuple[float, float, float, float] | None  # xmin, ymin, xmax, ymax in the layer's CRS; None: all of it
    pixel_size_m: float | None  # None: the image's own

    def request(self, folder: Path) -> Open:
        """Return the request that opens this scene with a folder for what is made of it."""
        return Open(self.image, str(folder), self.bands, self.area, self.pixel_size_m)


@dataclass(frozen=True)
class SceneSize:
    """The size of a working grid."""

    width: int
    height: int

    @property
    def megapixels(self) -> float:
        """Return millions of pixels."""
        return self.width * self.height / 1e6

    @property
    def megabytes_a_step(self) -> float:
        """Return about what a step takes on disk, before compression."""
        return self.megapixels * (USUAL_CLASSES * BYTES_PER_CLASS + 1)


def raster_source(layer: QgsRasterLayer | None) -> str:
    """Return what the worker can open a layer by.

    Raises:
        UserError: for layers that are no files: web services, layers in memory, layers whose file is gone.
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
    """Return the bands that are shown as red, green and blue, or the first three that are not alpha.

    Of a layer with many bands, all that are not bad.
    """
    if layer.bandCount() > MANY:
        return spectrum_of(layer.source()).good() or tuple(range(1, layer.bandCount() + 1))
    renderer = layer.renderer()
    alpha = renderer.alphaBand() if renderer is not None else -1
    if isinstance(renderer, QgsMultiBandColorRenderer):
        shown = (renderer.redBand(), renderer.greenBand(), renderer.blueBand())
        if all(1 <= band <= layer.bandCount() and band != alpha for band in shown):
            return shown
    return tuple(band for band in range(1, layer.bandCount() + 1) if band != alpha)[:3]


def parse_bands(text: str, count: int, spectrum: Spectrum | None = None) -> tuple[int, ...]:
    """Read band numbers such as “1, 2, 3” or “4-7, 2”, or wavelengths, “450-900 nm”; empty means the default.

    Raises:
        UserError: for anything else, for bands that are not there, and for a band that is named twice.
    """
    bands: list[int] = []
    text = numbered(text, spectrum or Spectrum())
    for part in filter(None, re.split(r"[,;\s]+", re.sub(r"\s*-\s*", "-", text.strip()))):
        numbers = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if numbers is None:
            text = tr("“{}” is not a band number. Write bands as 1, 2, 3, as a range, 1-10, or as 450-900 nm.")
            raise UserError(text.format(part))
        first, last = int(numbers[1]), int(numbers[2] or numbers[1])
        if not 1 <= first <= last <= count:
            raise UserError(tr("There is no band {}; the layer has bands 1 to {}.").format(part, count))
        bands.extend(range(first, last + 1))
    if len(set(bands)) != len(bands):
        raise UserError(tr("A band occurs twice in “{}”.").format(text))
    return tuple(bands)


def own_pixel_size_m(layer: QgsRasterLayer, context: QgsCoordinateTransformContext) -> float | None:
    """Measure a pixel at the centre of a layer on the ground, in metres; None without a CRS."""
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
    """Return the size to work at: the image's own, but no finer than half a metre."""
    return None if own is None else max(own, FINEST_M)


def area_in_layer(place: Extent, layer: QgsRasterLayer) -> tuple[float, float, float, float]:
    """Bring a place into a layer's CRS and clip it to the layer.

    Raises:
        UserError: if they do not meet.
    """
    common = place.in_crs(layer.crs()).intersect(layer.extent())
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
    if abs(1 / factor - 1) < 0.02:  # the worker too takes the image's own pixels then
        factor = 1.0
    return SceneSize(max(1, round(width * factor)), max(1, round(height * factor)))
