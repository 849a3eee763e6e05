"""Bands of a raster: wavelengths, bad bands, and the parsing of band lists.

Modules that this file covers: models/io/raster_reader.py, models/scene/band_statistics.py.
"""

import numpy as np
import pytest
import rasterio
from map_refiner.models.arrays.grid import Window
from map_refiner.models.errors import RasterError
from map_refiner.models.io.bands import default_bands, parse_bands, spectrum_of
from map_refiner.models.io.raster_reader import GridReader
from map_refiner.models.scene.scene import KEPT_VALUES, Scene

CENTRES = [400.0 + 10 * n for n in range(30)]
HEADER = "wavelength units = {}\nwavelength = {{{}}}\nbbl = {{{}}}\n"


@pytest.fixture
def envi(tmp_path):
    """Write a cube of thirty bands with an ENVI header: envi(array, units, centres, flags, interleave)."""

    def write(array, units="Nanometers", centres=CENTRES, flags=None, interleave="bil"):
        path = tmp_path / "cube.dat"
        with rasterio.open(
            path,
            "w",
            driver="ENVI",
            width=array.shape[2],
            height=array.shape[1],
            count=len(array),
            dtype=array.dtype,
            interleave=interleave,
            crs="EPSG:32633",
            transform=rasterio.transform.from_origin(300_000, 5_800_000, 30, 30),
        ) as target:
            target.write(array)
        header = path.with_suffix(".hdr")
        flags = flags or [0 if n in (4, 5) else 1 for n in range(len(array))]
        header.write_text(
            header.read_text() + HEADER.format(units, ", ".join(map(str, centres)), ", ".join(map(str, flags)))
        )
        return str(path)

    return write


@pytest.fixture
def array():
    return np.random.default_rng(0).normal(1000, 100, (30, 6, 9)).astype("float32")


@pytest.mark.parametrize("interleave", ["bsq", "bil", "bip"])
def test_an_envi_header_is_read(envi, array, interleave):
    with GridReader(envi(array, interleave=interleave)) as reader:
        assert spectrum_of(reader).centres == tuple(CENTRES)
        assert spectrum_of(reader).bad == {5, 6}
        assert default_bands(reader) == (1, 2, 3, 4, *range(7, 31))
        values, _ = reader.read([30], Window(0, 0, 6, 9))
        assert np.array_equal(values[0], array[29])


@pytest.mark.parametrize("units", ["Micrometers", "Unknown"])
def test_micrometres_are_converted_to_nanometres(envi, array, units):
    with GridReader(envi(array, units, [centre / 1000 for centre in CENTRES])) as reader:
        assert spectrum_of(reader).centres == pytest.approx(CENTRES)


def test_wavelengths_are_read_from_the_band_tags_of_a_geotiff(raster, array):
    path = raster("cube.tif", array)
    with rasterio.open(path, "r+") as target:
        for band, centre in enumerate(CENTRES, start=1):
            target.update_tags(band, wavelength=centre, wavelength_units="Nanometers", bbl=int(band > 2))
    with GridReader(path) as reader:
        assert spectrum_of(reader).centres == tuple(CENTRES)
        assert default_bands(reader) == tuple(range(3, 31))


def test_the_default_of_a_raster_with_few_bands_is_three_bands(raster, array):
    with GridReader(raster("a.tif", array[:5])) as reader:
        assert default_bands(reader) == (1, 2, 3)
        assert spectrum_of(reader).centres == (None,) * 5


@pytest.mark.parametrize(
    ("text", "bands"),
    [
        ("3, 1,2", (3, 1, 2)),
        ("1-3;7", (1, 2, 3, 7)),
        ("430 - 460 nm", (4, 7)),  # 440 and 450 nm are bad
        ("0.43-0.46um, 1", (4, 7, 1)),
        ("", ()),
    ],
)
def test_band_lists_are_parsed(envi, array, text, bands):
    with GridReader(envi(array)) as reader:
        assert parse_bands(text, reader) == bands


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("red", "found 'red'"),
        ("0-3", "has 30 bands; there is no band 0-3"),
        ("31", "no band 31"),
        ("2-1", "no band 2-1"),
        ("1-3,2", "occurs twice"),
        ("900-950 nm", "no good band in 900-950 nm; its bands lie at 400-690 nm"),
        ("9" * 400, "found"),
    ],
)
def test_invalid_band_lists_are_refused(envi, array, text, error):
    with GridReader(envi(array)) as reader, pytest.raises(RasterError, match=error):
        parse_bands(text, reader)


def test_wavelengths_are_refused_if_the_raster_has_none(raster, array):
    with GridReader(raster("a.tif", array)) as reader, pytest.raises(RasterError, match="has no wavelengths"):
        parse_bands("450-900 nm", reader)


def test_a_band_without_data_is_zero_and_is_named_in_a_notice(raster, array):
    array[7] = -32768
    with Scene(raster("a.tif", array, nodata=-32768)) as scene:
        image, valid = scene.read(Window(0, 0, 6, 9))
        assert valid.all()
        assert not image[7].any()
        assert image[6].std() == pytest.approx(1, abs=1e-3)
        assert "no data in band 8" in str(scene.notices[0])


def test_a_hole_in_one_band_becomes_the_mean_of_the_band(raster, array):
    array[2, 3, 4] = -32768
    with Scene(raster("a.tif", array, nodata=-32768)) as scene:
        image, valid = scene.read(Window(0, 0, 6, 9))
    kept = np.delete(array[2].ravel(), 3 * 9 + 4).astype(float)
    assert valid.all()
    assert image[2, 3, 4] == 0
    assert scene.statistics.mean[2] == pytest.approx(kept.mean())
    assert scene.statistics.std[2] == pytest.approx(kept.std())


def test_scale_factors_and_offsets_are_applied(raster, array):
    path = raster("a.tif", array)
    with Scene(path) as plain:
        before, _ = plain.read(Window(0, 0, 6, 9))
    with rasterio.open(path, "r+") as target:
        target.scales, target.offsets = [1e-4] * 30, [0.5] * 30
    with Scene(path) as scene:
        after, _ = scene.read(Window(0, 0, 6, 9))
        assert scene.statistics.mean == pytest.approx([mean * 1e-4 + 0.5 for mean in plain.statistics.mean])
        assert np.allclose(before, after, atol=1e-4)


def test_statistics_of_strips_equal_those_of_the_whole(raster, array):
    from map_refiner.models.scene import band_statistics

    with GridReader(raster("a.tif", array)) as reader:
        whole = band_statistics.measure_statistics(reader, range(1, 31))
        strips = list(reader.samples(range(1, 31), values=30 * 9 * 2))
        assert [len(values[0]) for values, _ in strips] == [2, 2, 2]
        assert np.array_equal(np.concatenate([values for values, _ in strips], axis=1), array)
        original = GridReader.samples
        GridReader.samples = lambda self, bands, most: original(self, bands, most, 30 * 9 * 2)
        try:
            parts = band_statistics.measure_statistics(reader, range(1, 31))
        finally:
            GridReader.samples = original
    assert parts.mean == pytest.approx(whole.mean)
    assert parts.std == pytest.approx(whole.std)
    assert whole.std == pytest.approx(array.astype(float).std(axis=(1, 2)))


def test_many_bands_are_processed_in_smaller_tiles(raster):

    cube = np.random.default_rng(0).integers(0, 99, (40, 20, 20)).astype("uint8")
    with Scene(raster("a.tif", cube)) as scene:
        assert scene.is_small
        assert scene.affordable(1024) == 1024
        scene.bands = tuple(range(1, 41)) * 60
        assert KEPT_VALUES // 2400 < 192**2
        assert scene.affordable(1024) == 128
