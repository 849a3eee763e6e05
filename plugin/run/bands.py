"""The wavelengths and the bad bands of a raster, as its metadata tell them, and what band is meant by a wavelength."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from osgeo import gdal

from ..errors import UserError
from ..wording import tr

MANY = 16  # bands; of a layer with more, all good ones are used by default
NANOMETRES = {
    "nm": 1.0,
    "nanometers": 1.0,
    "nanometres": 1.0,
    "um": 1000.0,
    "µm": 1000.0,
    "micrometers": 1000.0,
    "micrometres": 1000.0,
    "microns": 1000.0,
}
RANGE = re.compile(r"(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*(nm|um|µm)", re.IGNORECASE)


@dataclass(frozen=True)
class Spectrum:
    """The centre of each band in nanometres (None: not told), and the numbers of the bands that are called bad."""

    centres: tuple[float | None, ...] = ()
    bad: frozenset[int] = frozenset()

    @property
    def is_known(self) -> bool:
        """Return whether the wavelengths of all good bands are there, and of more than three."""
        good = [centre for band, centre in enumerate(self.centres, start=1) if band not in self.bad]
        return len(good) > 3 and None not in good

    def good(self) -> tuple[int, ...]:
        """Return the numbers of all bands that are not bad."""
        return tuple(band for band in range(1, len(self.centres) + 1) if band not in self.bad)

    def nearest(self, nanometres: float) -> int:
        """Return the good band whose centre is nearest; the wavelengths must be known."""
        return min(self.good(), key=lambda band: abs((self.centres[band - 1] or 0.0) - nanometres))

    def between(self, low: float, high: float) -> tuple[int, ...]:
        """Return the good bands with centres in a range of nanometres."""
        centres = ((band, self.centres[band - 1]) for band in self.good())
        return tuple(band for band, centre in centres if centre is not None and low <= centre <= high)


@functools.lru_cache(maxsize=8)
def spectrum_of(source: str) -> Spectrum:
    """Read the metadata of a raster that GDAL opens; of one that it does not open there is nothing to tell."""
    try:
        raster = gdal.OpenEx(source, gdal.OF_RASTER)
    except RuntimeError:  # where GDAL was told to raise
        raster = None
    if raster is None:
        return Spectrum()
    envi = raster.GetMetadata("ENVI") or {}
    listed, flags = _list(envi.get("wavelength")), _list(envi.get("bbl"))
    centres, bad = [], set()
    for band in range(1, raster.RasterCount + 1):
        tags = raster.GetRasterBand(band).GetMetadata() or {}
        micrometres = (raster.GetRasterBand(band).GetMetadata("IMAGERY") or {}).get("CENTRAL_WAVELENGTH_UM")
        text = tags.get("wavelength") or (listed[band - 1] if band <= len(listed) else None)
        if text is None and micrometres is not None:
            centres.append(_number(micrometres, 1000.0))
        else:
            unit = tags.get("wavelength_units") or envi.get("wavelength_units") or ""
            centres.append(_number(text, _scale(unit, text)))
        flag = tags.get("bbl") or (flags[band - 1] if band <= len(flags) else None)
        if _number(flag, 1.0) == 0.0:
            bad.add(band)
    return Spectrum(tuple(centres), frozenset(bad))


def numbered(text: str, spectrum: Spectrum) -> str:
    """Put band numbers in place of the ranges of wavelengths in a text, such as “450-900 nm”.

    Raises:
        UserError: if the wavelengths are not known, or no band lies there.
    """

    def replace(found: re.Match[str]) -> str:
        factor = NANOMETRES[found[3].lower()]
        low, high = sorted((float(found[1]) * factor, float(found[2]) * factor))
        if not any(spectrum.centres):
            raise UserError(tr("The layer has no wavelengths. Enter band numbers instead."))
        bands = spectrum.between(low, high)
        if not bands:
            raise UserError(tr("No good band lies in {}.").format(found[0]))
        return spans(bands)

    return RANGE.sub(replace, text)


def spans(bands: Sequence[int]) -> str:
    """Write band numbers short: “1-129, 136-224”; three in a row stay apart."""
    parts: list[list[int]] = []
    for band in bands:
        if parts and band == parts[-1][-1] + 1:
            parts[-1].append(band)
        else:
            parts.append([band])
    return ", ".join(f"{part[0]}-{part[-1]}" if len(part) > 3 else ", ".join(map(str, part)) for part in parts)


def expanded(text: str) -> list[int]:
    """Read “1-3, 7” as 1, 2, 3, 7, and leave out what is no number."""
    found: list[int] = []
    for part in re.split(r"[,;]", text):
        numbers = re.fullmatch(r"\s*(\d{1,6})(?:\s*-\s*(\d{1,6}))?\s*", part)
        if numbers is not None:
            found.extend(range(int(numbers[1]), int(numbers[2] or numbers[1]) + 1))
    return found


def _list(text: str | None) -> list[str]:
    return [part.strip() for part in text.strip("{} \n").split(",")] if text else []


def _number(text: str | None, factor: float) -> float | None:
    try:
        return float(text) * factor if text else None
    except ValueError:
        return None


def _scale(unit: str, text: str | None) -> float:
    """Return what makes nanometres; without a unit, values below 100 are micrometres."""
    known = NANOMETRES.get(unit.strip().lower())
    value = _number(text, 1.0)
    return known if known else (1000.0 if value is not None and value < 100 else 1.0)
