"""The image as input of the models: grid, statistics, NoData.

Modules that this file covers: models/arrays/statistics.py.
"""

import math

import numpy as np
import pytest
import rasterio
from map_refiner.models.arrays.grid import Grid, Window
from map_refiner.models.errors import RasterError
from map_refiner.models.scene import scene as scenes
from map_refiner.models.scene.scene import Scene, working_grid


def photo(bands=3, height=40, width=50, dtype="uint8", seed=0):
    values = np.random.default_rng(seed).normal(100, 20, (bands, height, width))
    return np.clip(values, 1, 250).astype(dtype)


def everything(scene):
    return scene.read(Window(0, 0, scene.grid.height, scene.grid.width))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("scale", [1, 0.01, 100])
def test_images_of_any_data_type_and_scale_are_standardized(raster, dtype, scale):
    if scale < 1 and dtype != "float32":
        scale = 1
    if scale > 1 and dtype == "uint8":
        scale = 2
    array = (photo(dtype="float64") * scale).astype(dtype)
    with Scene(raster("a.tif", array)) as scene:
        image, valid = everything(scene)
    assert valid.all()
    assert image.dtype == np.float32
    assert np.allclose(image.mean(axis=(1, 2)), 0, atol=1e-2)
    assert np.allclose(image.std(axis=(1, 2)), 1, atol=1e-2)


def test_an_outlier_pixel_is_clipped(raster):
    array = photo(dtype="float32")
    array[1, 3, 4] = 1e6
    with Scene(raster("a.tif", array)) as scene:
        image, _ = everything(scene)
    assert image.max() == scenes.CLIP


def test_a_constant_band_becomes_zero(raster):
    array = photo()
    array[1] = 77
    with Scene(raster("a.tif", array)) as scene:
        image, _ = everything(scene)
    assert not image[1].any()


def test_nodata_is_zero_and_not_part_of_the_statistics(raster):
    array = photo()
    array[:, :, :25] = 0
    with Scene(raster("a.tif", array, nodata=0)) as scene:
        image, valid = everything(scene)
    assert not valid[:, :25].any()
    assert valid[:, 25:].all()
    assert not image[:, :, :25].any()
    assert np.allclose(image[:, :, 25:].std(axis=(1, 2)), 1, atol=1e-2)


def test_nan_and_infinity_are_nodata(raster):
    array = photo(dtype="float32")
    array[0, 2, 3], array[1, 5, 6] = np.nan, np.inf
    with Scene(raster("a.tif", array)) as scene:
        image, valid = everything(scene)
        assert all(math.isfinite(value) for value in (*scene.statistics.mean, *scene.statistics.std))
    assert np.argwhere(~valid).tolist() == [[2, 3], [5, 6]]
    assert np.isfinite(image).all()


def test_an_image_of_only_nodata_is_refused(raster):
    with pytest.raises(RasterError, match="NoData everywhere"):
        Scene(raster("a.tif", np.zeros((3, 9, 9), "uint8"), nodata=0))
    with pytest.raises(RasterError, match="NoData everywhere"):
        Scene(raster("b.tif", np.full((1, 9, 9), np.nan, "float32")))


def test_a_single_valid_pixel_in_a_large_image_is_found(raster):
    array = np.zeros((1, 3000, 3000), "uint8")
    array[0, 1501, 1502] = 9  # missed by a read of every third pixel
    with Scene(raster("a.tif", array, nodata=0)) as scene:
        assert scene.statistics.mean == (9.0,)


def test_the_default_bands_are_the_first_three_without_alpha(raster):
    array = photo(bands=4)
    array[3] = 255
    with Scene(raster("a.tif", array, alpha=True)) as scene:
        assert scene.bands == (1, 2, 3)
    with Scene(raster("b.tif", photo(bands=5))) as scene:
        assert scene.bands == (1, 2, 3)
    with Scene(raster("c.tif", photo(bands=1))) as scene:
        assert scene.bands == (1,)


def test_chosen_bands_are_read_in_the_given_order(raster):
    array = photo(bands=5)
    with Scene(raster("a.tif", array), bands=(4, 2)) as scene:
        image, _ = everything(scene)
    standard = (array[3] - array[3].mean()) / array[3].std()
    assert np.allclose(image[0], standard, atol=1e-4)
    assert image.shape[0] == 2


@pytest.mark.parametrize("bands", [(0,), (1, 4), (-1,)])
def test_missing_bands_are_refused(raster, bands):
    with pytest.raises(RasterError, match="has 3 bands; there is no band"):
        Scene(raster("a.tif", photo()), bands=bands)


def test_an_area_has_the_same_pixels_as_the_whole_image(raster):
    array = photo()
    path = raster("a.tif", array)
    with Scene(path) as whole, Scene(path, area=(500_005, 4_649_085, 500_015, 4_649_095)) as part:
        assert (part.grid.width, part.grid.height) == (20, 20)
        assert np.array_equal(everything(part)[0], whole.read(Window(10, 10, 20, 20))[0])


def test_an_area_outside_the_raster_is_refused(raster):
    with pytest.raises(RasterError, match="outside the raster"):
        Scene(raster("a.tif", photo()), area=(0, 0, 1, 1))


@pytest.mark.parametrize("kept", [True, False])
def test_windows_equal_parts_of_the_whole_with_and_without_caching(raster, monkeypatch, kept):
    path = raster("a.tif", photo())
    monkeypatch.setattr(scenes, "KEPT_PIXELS", 10**9 if kept else 0)
    with Scene(path, pixel_size=0.8) as scene:
        image, valid = everything(scene)
        part, part_valid = scene.read(Window(3, 5, 11, 13))
    assert np.allclose(part, image[:, 3:14, 5:18], atol=1e-5)
    assert np.array_equal(part_valid, valid[3:14, 5:18])


def test_a_coarser_scene_has_the_same_extent(raster):
    path = raster("a.tif", photo(height=100, width=120))
    with Scene(path, pixel_size=1.0) as scene:
        assert (scene.grid.width, scene.grid.height) == (60, 50)
        assert np.allclose(scene.grid.corners(), scene.image_grid.corners())
        assert scene.pixel_size_m == pytest.approx(1.0, rel=0.01)
        assert scene.native_m == pytest.approx(0.5, rel=0.01)


def test_pixel_sizes_in_mercator_are_true_metres(raster):
    """At 60 N a pixel of 1 m in Mercator covers half a metre on the ground."""
    place = rasterio.transform.from_origin(1_000_000, 8_399_737, 1, 1)
    path = raster("a.tif", photo(height=100, width=100), crs="EPSG:3857", transform=place)
    with Scene(path) as scene:
        assert scene.native_m == pytest.approx(0.5, rel=0.01)
    with Scene(path, pixel_size=1.0) as scene:
        assert (scene.grid.width, scene.grid.height) == (50, 50)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(RasterError, match="There is no file"):
        Scene(tmp_path / "a.tif")


@pytest.mark.parametrize("shape", [(3, 1, 1), (3, 1, 40), (3, 40, 1)])
def test_scenes_one_pixel_wide_are_read(raster, shape):
    with Scene(raster("a.tif", photo(*shape))) as scene:
        image, valid = everything(scene)
    assert image.shape == shape
    assert valid.all()


# --- the working grid -----------------------------------------------------------------------------------------------


HERE = Grid("some CRS", (0.5, 0, 10, 0, -0.5, 20), 100, 80)


@pytest.mark.parametrize("wanted", [None, 0.5, 0.495, 0.509])
def test_a_size_close_to_the_native_one_keeps_the_grid(wanted):
    assert working_grid(HERE, 0.5, wanted, "a.tif") == HERE


@pytest.mark.parametrize(("wanted", "size"), [(1.0, (50, 40)), (0.25, (200, 160)), (0.3, (167, 133)), (1000, (1, 1))])
def test_working_grids_are_rounded_to_whole_pixels(wanted, size):
    found = working_grid(HERE, 0.5, wanted, "a.tif")
    assert (found.width, found.height) == size
    assert np.allclose(found.corners(), HERE.corners())


@pytest.mark.parametrize("wanted", [0, -1, float("nan"), float("inf")])
def test_invalid_pixel_sizes_are_refused(wanted):
    with pytest.raises(RasterError, match="positive number of metres"):
        working_grid(HERE, 0.5, wanted, "a.tif")


def test_a_pixel_size_needs_a_crs():
    with pytest.raises(RasterError, match=r"a\.tif has no CRS"):
        working_grid(HERE, None, 1.0, "a.tif")


def test_a_pixel_size_that_gives_too_many_pixels_is_refused():
    with pytest.raises(RasterError, match="choose a larger one"):
        working_grid(HERE, 0.5, 1e-6, "a.tif")
