"""The bands of a layer: wavelengths and bad bands in GDAL's metadata, and band lists that the user enters."""

from __future__ import annotations

import functools

from osgeo import gdal

from ...models.shared import band_text
from ...models.shared.band_text import BandTextError, Spectrum
from ..errors import UserError
from ..wording import tr


@functools.lru_cache(maxsize=8)
def spectrum_of(source: str) -> Spectrum:
    """Read the wavelengths and bad bands of a raster; empty if GDAL cannot open it."""
    try:
        raster = gdal.OpenEx(source, gdal.OF_RASTER)
    except RuntimeError:  # if another plugin has switched GDAL's exceptions on
        raster = None
    if raster is None:
        return Spectrum()
    bands = (raster.GetRasterBand(band) for band in range(1, raster.RasterCount + 1))
    tags = ((band.GetMetadata() or {}, band.GetMetadata("IMAGERY") or {}) for band in bands)
    return band_text.read_spectrum(raster.GetMetadata("ENVI") or {}, tags)


def parse_bands(text: str, count: int, spectrum: Spectrum | None = None) -> tuple[int, ...]:
    """Read a band list such as “1, 2, 3”, “4-7, 2” or “450-900 nm”; empty means the default.

    Raises:
        UserError: for anything else, for bands that the layer does not have, and for a band that occurs twice.
    """
    try:
        return band_text.parse_bands(text, count, spectrum or Spectrum())
    except BandTextError as error:
        raise UserError(_refusal(error, count)) from error


def _refusal(error: BandTextError, count: int) -> str:
    if error.reason == "syntax":
        text = tr("“{}” is not a band number. Write bands as 1, 2, 3, as a range, 1-10, or as 450-900 nm.")
    elif error.reason == "missing":
        return tr("There is no band {}; the layer has bands 1 to {}.").format(error.part, count)
    elif error.reason == "no wavelengths":
        text = tr("The layer has no wavelengths. Enter band numbers instead.")
    elif error.reason == "no good band":
        text = tr("No good band lies in {}.")
    else:
        text = tr("A band occurs twice in “{}”.")
    return text.format(error.part)
