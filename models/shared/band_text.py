"""Bands as text: metadata of wavelengths and bad bands, and lists such as "1-3, 7" and "450-900 nm"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

MANY_BANDS = 16  # an image with more bands uses all its good bands by default
SHORTEST_SPAN = 4  # shorter runs of bands are written one by one
LONGEST_UM = 100  # smaller wavelengths without a unit are taken as micrometres
NANOMETRES = {
    **dict.fromkeys(("nm", "nanometers", "nanometres"), 1.0),
    **dict.fromkeys(("um", "µm", "micrometers", "micrometres", "microns"), 1000.0),
}
_RANGE = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)(nm|um|µm)", re.IGNORECASE)
_NUMBERS = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")

Tags = Mapping[str, str]


class BandTextError(ValueError):
    """An unusable band list, with the reason and the faulty part of the text."""

    def __init__(
        self, reason: Literal["syntax", "missing", "no wavelengths", "no good band", "repeated"], part: str
    ) -> None:
        super().__init__(f"{reason}: {part}")
        self.reason = reason
        self.part = part


@dataclass(frozen=True)
class Spectrum:
    """The centre of each band in nanometres (None if unknown), and the 1-based numbers of the bad bands."""

    centres: tuple[float | None, ...] = ()
    bad: frozenset[int] = frozenset()

    @property
    def is_known(self) -> bool:
        """Whether more than three bands are good, and the wavelengths of all good bands are known."""
        good = [self.centres[band - 1] for band in self.good()]
        return len(good) > 3 and None not in good

    def good(self) -> tuple[int, ...]:
        """Return the numbers of the bands that are not bad."""
        return tuple(band for band in range(1, len(self.centres) + 1) if band not in self.bad)

    def nearest(self, nanometres: float) -> int:
        """Return the good band with the nearest centre; the wavelengths must be known."""
        return min(self.good(), key=lambda band: abs((self.centres[band - 1] or 0.0) - nanometres))

    def between(self, low: float, high: float) -> tuple[int, ...]:
        """Return the good bands with centres in a range of nanometres."""
        centres = ((band, self.centres[band - 1]) for band in self.good())
        return tuple(band for band, centre in centres if centre is not None and low <= centre <= high)


def read_spectrum(envi: Tags, bands: Iterable[tuple[Tags, Tags]]) -> Spectrum:
    """Read wavelengths and bad bands from metadata.

    `envi` is the metadata of the ENVI domain; `bands` has each band's own tags and those of its IMAGERY domain. A band
    is bad if the ENVI header or its own tags mark it (`bbl`: 0).
    """
    listed, flags = _split(envi.get("wavelength")), _split(envi.get("bbl"))
    centres: list[float | None] = []
    bad = set()
    for band, (tags, imagery) in enumerate(bands, start=1):
        text = tags.get("wavelength") or _nth(listed, band)
        unit = tags.get("wavelength_units") or envi.get("wavelength_units") or ""
        if text is None and "CENTRAL_WAVELENGTH_UM" in imagery:
            text, unit = imagery["CENTRAL_WAVELENGTH_UM"], "um"
        centres.append(_nanometres(text, unit))
        if 0.0 in (_number(tags.get("bbl")), _number(_nth(flags, band))):
            bad.add(band)
    return Spectrum(tuple(centres), frozenset(bad))


def parse_bands(text: str, count: int, spectrum: Spectrum) -> tuple[int, ...]:
    """Parse numbers ("1,2,3"), ranges ("1-10") and wavelengths ("450-900 nm", "0.45-0.9 um") as 1-based bands.

    Wavelength ranges leave out bad bands.

    Raises:
        BandTextError: if the syntax is wrong, a band does not exist or is repeated, or wavelengths match no good band.
    """
    tight = re.sub(r"(\d)\s+([a-zµ])", r"\1\2", re.sub(r"\s*-\s*", "-", text), flags=re.IGNORECASE)
    bands: list[int] = []
    for part in filter(None, re.split(r"[,;\s]+", tight)):
        span = _RANGE.fullmatch(part)
        bands += _between(span, spectrum) if span else _numbered(part, count)
    if len(set(bands)) != len(bands):
        raise BandTextError("repeated", text)
    return tuple(bands)


def _between(span: re.Match[str], spectrum: Spectrum) -> tuple[int, ...]:
    part = f"{span[1]}-{span[2]} {span[3]}"
    if not any(spectrum.centres):
        raise BandTextError("no wavelengths", part)
    factor = NANOMETRES[span[3].lower()]
    low, high = sorted((float(span[1]) * factor, float(span[2]) * factor))
    bands = spectrum.between(low, high)
    if not bands:
        raise BandTextError("no good band", part)
    return bands


def _numbered(part: str, count: int) -> range:
    numbers = _NUMBERS.fullmatch(part)
    if numbers is None:
        raise BandTextError("syntax", part)
    first, last = int(numbers[1]), int(numbers[2] or numbers[1])
    if not 1 <= first <= last <= count:
        raise BandTextError("missing", part)
    return range(first, last + 1)


def band_numbers(text: str) -> list[int]:
    """Return the band numbers in a text, ignoring parts that are neither numbers nor ranges."""
    found: list[int] = []
    for part in re.split(r"[,;]", text):
        numbers = _NUMBERS.fullmatch(re.sub(r"\s", "", part))
        if numbers is not None:
            found.extend(range(int(numbers[1]), int(numbers[2] or numbers[1]) + 1))
    return found


def band_spans(bands: Sequence[int]) -> str:
    """Return band numbers as short text: "1-129, 136, 137, 140-224"."""
    parts: list[list[int]] = []
    for band in bands:
        if parts and band == parts[-1][-1] + 1:
            parts[-1].append(band)
        else:
            parts.append([band])
    return ", ".join(
        f"{part[0]}-{part[-1]}" if len(part) >= SHORTEST_SPAN else ", ".join(map(str, part)) for part in parts
    )


def _split(text: str | None) -> list[str]:
    return [part.strip() for part in text.strip("{} \n").split(",")] if text else []


def _nth(values: Sequence[str], band: int) -> str | None:
    return values[band - 1] if band <= len(values) else None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _nanometres(text: str | None, unit: str) -> float | None:
    value = _number(text)
    if value is None:
        return None
    return value * NANOMETRES.get(unit.strip().lower(), 1000.0 if value < LONGEST_UM else 1.0)
