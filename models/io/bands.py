"""The bands of a raster: wavelengths, bad bands, default bands and band lists."""

from __future__ import annotations

from ..errors import RasterError
from ..shared import band_text
from ..shared.band_text import MANY_BANDS, BandTextError, Spectrum
from .raster_reader import GridReader


def spectrum_of(reader: GridReader) -> Spectrum:
    """Read the wavelengths and bad bands from ENVI headers and GDAL's metadata."""
    envi = {name: reader.tag(name, "ENVI") or "" for name in ("wavelength", "wavelength_units", "bbl")}
    bands = range(1, len(reader.band_names) + 1)
    return band_text.read_spectrum(
        envi, ((reader.band_tags(band), reader.band_tags(band, "IMAGERY")) for band in bands)
    )


def default_bands(reader: GridReader) -> tuple[int, ...]:
    """Return the first three bands that are not alpha, or of more than `MANY_BANDS` bands all good ones."""
    usable = reader.colour_bands()
    if len(usable) <= MANY_BANDS:
        return usable[:3]
    bad = spectrum_of(reader).bad
    return tuple(band for band in usable if band not in bad)


def parse_bands(text: str, reader: GridReader) -> tuple[int, ...]:
    """Read a band list as `band_text.parse_bands` does.

    Raises:
        RasterError: for anything that is not a band list, and for bands that the raster does not have.
    """
    spectrum, count = spectrum_of(reader), len(reader.band_names)
    try:
        return band_text.parse_bands(text, count, spectrum)
    except BandTextError as error:
        raise _refusal(error, reader.path.name, spectrum) from error


def _refusal(error: BandTextError, name: str, spectrum: Spectrum) -> RasterError:
    part = error.part
    if error.reason == "syntax":
        return RasterError(
            "Bands are numbers (1,2,3), ranges (1-10) or wavelengths (450-900 nm); found {part!r}.", part=part
        )
    if error.reason == "missing":
        return RasterError(
            "{name} has {count} bands; there is no band {part}.", name=name, count=len(spectrum.centres), part=part
        )
    if error.reason == "no wavelengths":
        return RasterError("{name} has no wavelengths; enter band numbers instead.", name=name)
    if error.reason == "repeated":
        return RasterError("A band occurs twice in {text!r}.", text=part)
    known = [centre for centre in spectrum.centres if centre is not None]
    return RasterError(
        "{name} has no good band in {part}; its bands lie at {low:.0f}-{high:.0f} nm.",
        name=name,
        part=part,
        low=min(known),
        high=max(known),
    )
