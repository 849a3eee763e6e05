"""Band lists and band metadata as text, without any file."""

import pytest
from map_refiner.models.shared.band_text import (
    BandTextError,
    Spectrum,
    band_numbers,
    band_spans,
    parse_bands,
    read_spectrum,
)

SPECTRUM = Spectrum(tuple(400.0 + 10 * n for n in range(30)), frozenset({5, 6}))


@pytest.mark.parametrize(
    ("text", "bands"),
    [
        ("", ()),
        ("3, 1,2", (3, 1, 2)),
        ("3 1 2", (3, 1, 2)),
        ("1 - 3;7", (1, 2, 3, 7)),
        ("460 - 430 NM", (4, 7)),
        ("0.43-0.46um, 1", (4, 7, 1)),
    ],
)
def test_lists_are_read(text, bands):
    assert parse_bands(text, 30, SPECTRUM) == bands


@pytest.mark.parametrize(
    ("text", "reason", "part"),
    [
        ("red", "syntax", "red"),
        ("1,450-900 m", "syntax", "450-900m"),
        ("9" * 400, "syntax", "9" * 400),
        ("0-3", "missing", "0-3"),
        ("31", "missing", "31"),
        ("5 - 4", "missing", "5-4"),
        ("900-950 nm", "no good band", "900-950 nm"),
        ("440-450 nm", "no good band", "440-450 nm"),
        ("1-3,2", "repeated", "1-3,2"),
    ],
)
def test_other_texts_are_refused_with_the_reason(text, reason, part):
    with pytest.raises(BandTextError) as refused:
        parse_bands(text, 30, SPECTRUM)
    assert (refused.value.reason, refused.value.part) == (reason, part)


def test_wavelengths_need_metadata():
    with pytest.raises(BandTextError, match="no wavelengths"):
        parse_bands("450-900 nm", 3, Spectrum((None,) * 3))


def test_numbers_are_written_short_and_read_back():
    bands = (1, 2, 3, 5, 9, 10, 11, 12, 2)
    assert band_spans(bands) == "1, 2, 3, 5, 9-12, 2"
    assert band_numbers(band_spans(bands)) == list(bands)
    assert band_numbers("1, x, 4 - 5") == [1, 4, 5]
    assert band_spans(()) == ""


def test_a_band_is_bad_if_the_header_or_the_band_marks_it():
    spectrum = read_spectrum({"bbl": "{0, 1, 1}"}, [({}, {}), ({"bbl": "0"}, {}), ({"bbl": "1"}, {})])
    assert spectrum.bad == {1, 2}
    assert spectrum.good() == (3,)


def test_units_of_wavelengths():
    envi = {"wavelength": "{0.5, 600, x}", "wavelength_units": "Unknown"}
    bands = [({}, {}), ({}, {}), ({}, {}), ({}, {"CENTRAL_WAVELENGTH_UM": "0.8"})]
    bands.append(({"wavelength": "0.9", "wavelength_units": "Micrometers"}, {}))
    assert read_spectrum(envi, bands).centres == (500.0, 600.0, None, 800.0, 900.0)


def test_known_spectra_have_wavelengths_of_all_good_bands():
    assert SPECTRUM.is_known
    assert not Spectrum((400.0, None, 500.0, 600.0, 700.0)).is_known
    assert Spectrum((400.0, None, 500.0, 600.0, 700.0), frozenset({2})).is_known
    assert not Spectrum().is_known
