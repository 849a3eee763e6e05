"""Bands by wavelength in the plugin: GDAL's metadata and typed ranges.

Modules that this file covers: plugin/layers/false_colour.py, plugin/run/scene.py.
"""

import numpy as np
import pytest
from map_refiner.models.shared.band_text import Spectrum
from map_refiner.plugin.errors import UserError
from map_refiner.plugin.layers.false_colour import INFRARED, false_colour
from map_refiner.plugin.run.bands import parse_bands, spectrum_of
from map_refiner.plugin.run.scene import default_bands
from osgeo import gdal
from qgis.core import QgsRasterLayer

CENTRES = tuple(400.0 + 10 * n for n in range(60))


@pytest.fixture
def cube(qgis_app, tmp_path):
    """A cube of sixty bands from 400 to 990 nm; bands 11 to 13 are bad."""
    path = tmp_path / "cube.tif"
    raster = gdal.GetDriverByName("GTiff").Create(str(path), 12, 8, 60, gdal.GDT_Float32)
    for band, centre in enumerate(CENTRES, start=1):
        raster.GetRasterBand(band).WriteArray(np.full((8, 12), band, "float32") + np.arange(12, dtype="float32"))
        tags = {"wavelength": str(centre), "wavelength_units": "Nanometers", "bbl": "0" if 11 <= band <= 13 else "1"}
        raster.GetRasterBand(band).SetMetadata(tags)
    raster = None
    return QgsRasterLayer(str(path), "cube")


def test_wavelengths_and_bad_bands_are_read_from_the_metadata(cube):
    spectrum = spectrum_of(cube.source())
    assert spectrum.centres == CENTRES
    assert spectrum.bad == {11, 12, 13}
    assert spectrum.is_known
    assert spectrum.nearest(655) in (26, 27)
    assert default_bands(cube) == tuple(band for band in range(1, 61) if band not in (11, 12, 13))


def test_typed_wavelength_ranges_select_bands(cube):
    spectrum = spectrum_of(cube.source())
    assert parse_bands("450-480 nm", 60, spectrum) == (6, 7, 8, 9)
    assert parse_bands("0.49-0.54um, 60", 60, spectrum) == (10, 14, 15, 60)
    assert parse_bands("1-3", 60, spectrum) == (1, 2, 3)
    with pytest.raises(UserError, match="No good band lies in 2000-2100 nm"):
        parse_bands("2000-2100 nm", 60, spectrum)
    with pytest.raises(UserError, match="has no wavelengths"):
        parse_bands("450-480 nm", 3)
    with pytest.raises(UserError, match="occurs twice"):
        parse_bands("450-480 nm, 7", 60, spectrum)


def test_an_unreadable_file_has_no_spectrum():
    assert spectrum_of("/nowhere.tif") == Spectrum()
    assert not Spectrum().is_known


def test_many_bands_get_natural_colours_and_a_suitable_coarse_kind(cube, plugin, project):
    project.addMapLayer(cube)
    plugin.dock.scene.layer.setLayer(cube)
    assert plugin.dock.scene.colours.currentText() == "Natural"
    assert cube.renderer().usesBands() == [26, 17, 9]
    assert plugin.dock.coarse.chosen_kind().key == "cnn-1d"
    plugin.dock.scene.layer.setLayer(None)
    cube.renderer().setRedBand(5)  # set by the analyst
    plugin.dock.scene.layer.setLayer(cube)
    assert plugin.dock.scene.colours.currentText() == "As They Are"
    assert cube.renderer().usesBands() == [5, 17, 9]


def test_a_layer_is_shown_in_other_wavelengths(cube):
    false_colour(cube, spectrum_of(cube.source()), INFRARED)
    renderer = cube.renderer()
    assert (renderer.redBand(), renderer.greenBand(), renderer.blueBand()) == (46, 26, 17)
    stretch = renderer.redContrastEnhancement()
    assert stretch.minimumValue() < 46 + 5.5 < stretch.maximumValue()
