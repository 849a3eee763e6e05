"""The bands of a raster: their wavelengths, which of them are bad, and which are meant by a text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import RasterError
from .raster_reader import GridReader

MANY = 16  # bands; of a raster with more, all good ones are used by default, of others the first three
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


def wavelengths_nm(reader: GridReader) -> tuple[float | None, ...]:
    """Return the centre of each band in nanometres, as ENVI headers and GDAL's metadata tell it; None: not told."""
    listed = _list(reader.tag("wavelength", "ENVI"))
    unit = reader.tag("wavelength_units", "ENVI") or ""
    found = []
    for band in range(1, len(reader.band_names) + 1):
        tags = reader.band_tags(band)
        micrometres = reader.band_tags(band, "IMAGERY").get("CENTRAL_WAVELENGTH_UM")
        text = tags.get("wavelength") or (listed[band - 1] if band <= len(listed) else None)
        if text is None and micrometres is not None:
            found.append(_number(micrometres, 1000.0))
        else:
            found.append(_number(text, _scale(tags.get("wavelength_units") or unit, text)))
    return tuple(found)


def bad_bands(reader: GridReader) -> frozenset[int]:
    """Return the 1-based numbers of the bands that the metadata call bad (`bbl` of ENVI: 0)."""
    listed = _list(reader.tag("bbl", "ENVI"))
    bad = {band for band, value in enumerate(listed, start=1) if _number(value, 1.0) == 0.0}
    for band in range(1, len(reader.band_names) + 1):
        if _number(reader.band_tags(band).get("bbl"), 1.0) == 0.0:
            bad.add(band)
    return frozenset(bad)


def default_bands(reader: GridReader) -> tuple[int, ...]:
    """Return the first three bands that are not alpha; of many bands, all that are not bad."""
    usable = reader.colour_bands()
    if len(usable) <= MANY:
        return usable[:3]
    bad = bad_bands(reader)
    return tuple(band for band in usable if band not in bad)


def parse_bands(text: str, reader: GridReader) -> tuple[int, ...]:
    """Read numbers ("1,2,3"), ranges ("1-10") and wavelengths ("450-900 nm", "0.45-0.9 um") as 1-based band numbers.

    Bands that the metadata call bad are left out of a range of wavelengths.

    Raises:
        RasterError: for anything else, and for bands that are not there.
    """
    chosen: list[int] = []
    for part in filter(None, (each.strip() for each in re.split(r"[,;]", text))):
        span = RANGE.fullmatch(part)
        chosen += _between(span, reader) if span else _numbered(part, reader)
    if len(set(chosen)) != len(chosen):
        raise RasterError("A band is named twice in {text!r}.", text=text)
    return tuple(chosen)


def _between(span: re.Match[str], reader: GridReader) -> list[int]:
    factor = NANOMETRES[span[3].lower()]
    low, high = sorted((float(span[1]) * factor, float(span[2]) * factor))
    centres = wavelengths_nm(reader)
    if not any(centres):
        raise RasterError("{path_name} has no wavelengths; enter band numbers instead.", path_name=reader.path.name)
    bad = bad_bands(reader)
    found = [b for b, c in enumerate(centres, start=1) if c is not None and low <= c <= high and b not in bad]
    if not found:
        known = [centre for centre in centres if centre is not None]
        raise RasterError(
            "{path_name} has no good band in {span}; its bands lie at {min:.0f}-{max:.0f} nm.",
            path_name=reader.path.name,
            span=span[0],
            min=min(known),
            max=max(known),
        )
    return found


def _numbered(part: str, reader: GridReader) -> list[int]:
    numbers = re.fullmatch(r"(\d{1,6})(?:\s*-\s*(\d{1,6}))?", part)
    if numbers is None:
        raise RasterError(
            "Bands are numbers (1,2,3), ranges (1-10) or wavelengths (450-900 nm); found {part!r}.", part=part
        )
    count = len(reader.band_names)
    first, last = int(numbers[1]), int(numbers[2] or numbers[1])
    if not 1 <= first <= last <= count:
        raise RasterError(
            "{path_name} has {count} bands; there is no band {part}.",
            path_name=reader.path.name,
            count=count,
            part=part,
        )
    return list(range(first, last + 1))


def band_spans(bands: Sequence[int]) -> str:
    """Write band numbers short: "1-129, 136-224"."""
    parts: list[list[int]] = []
    for band in bands:
        if parts and band == parts[-1][-1] + 1:
            parts[-1].append(band)
        else:
            parts.append([band])
    return ", ".join(f"{part[0]}-{part[-1]}" if len(part) > 2 else ", ".join(map(str, part)) for part in parts)


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
