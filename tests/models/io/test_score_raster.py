"""Rasters of scores: kinds that are recognised, and rasters that are refused."""

import numpy as np
import pytest
from map_refiner.models.arrays.grid import Window
from map_refiner.models.arrays.score_maps import probabilities
from map_refiner.models.errors import RasterError
from map_refiner.models.io.score_raster import ScoreRaster, class_names


@pytest.fixture(scope="module")
def maps():
    raw = np.random.default_rng(0).gamma(0.5, 1, (3, 30, 40)) + 1e-3
    return (raw / raw.sum(axis=0)).astype("float32")


def found(path, grid=None):
    scores = ScoreRaster(path, grid)
    logits, valid = scores.read(Window(0, 0, scores.grid.height, scores.grid.width))
    scores.close()
    return scores, probabilities(logits), valid


@pytest.mark.parametrize(
    ("kind", "encode", "exact"),
    [
        ("probabilities", lambda maps: maps, 1e-4),
        ("percent", lambda maps: maps * 100, 1e-4),
        ("percent", lambda maps: np.round(maps * 100).astype("uint8"), 0.01),
        ("percent", lambda maps: np.round(maps * 100).astype("uint16"), 0.01),
        ("bytes", lambda maps: np.round(maps * 255).astype("uint8"), 0.004),
        ("scores", lambda maps: np.log(maps) + 3, 1e-4),
        ("scores", lambda maps: (np.log(maps) * 1000).astype("int16"), 1),
    ],
    ids=["float", "float percent", "percent", "percent of 16 bits", "bytes", "logits", "whole logits"],
)
def test_the_kind_of_several_bands_is_recognised(raster, maps, kind, encode, exact):
    scores, probability, valid = found(raster("s.tif", encode(maps), names=("a", "b", "c")))
    assert scores.kind == kind
    assert scores.classes == ("a", "b", "c")
    assert valid.all()
    assert np.abs(probability - maps).max() <= exact + 1e-5


@pytest.mark.parametrize(
    ("kind", "encode", "exact"),
    [
        ("probabilities", lambda one: one, 1e-4),
        ("probabilities", lambda one: (one > 0.5).astype("uint8"), 1),
        ("percent", lambda one: np.round(one * 100).astype("uint8"), 0.01),
        ("percent", lambda one: one * 100, 1e-4),
        ("bytes", lambda one: np.round(one * 255).astype("uint8"), 0.004),
        ("scores", lambda one: np.log(one / (1 - one)), 1e-4),
    ],
    ids=["float", "mask", "percent", "float percent", "bytes", "logits"],
)
def test_one_band_is_one_class_against_the_background(raster, maps, kind, encode, exact):
    one = np.clip(maps[1:2], 0.001, 0.999)
    scores, probability, _ = found(raster("s.tif", encode(one), names=("building",)))
    assert scores.kind == kind
    assert scores.classes == ("background", "building")
    assert np.abs(probability[1] - one[0]).max() <= exact
    assert np.array_equal(probability[1] > 0.5, one[0] > 0.5) or exact > 1e-3


def test_a_photograph_is_refused(town):
    with pytest.raises(RasterError, match="do not add up to 100 or 255 over its 3 bands"):
        ScoreRaster(town.image_path)


def test_a_photograph_with_many_matching_sums_is_refused(raster, maps):
    photo = np.round(maps * 255).astype("uint8")
    photo[:, :6] //= 2  # a fifth of the pixels is too dark for scores
    with pytest.raises(RasterError, match="do not add up"):
        ScoreRaster(raster("photo.tif", photo))


def test_class_indices_are_refused(town):
    with pytest.raises(RasterError, match="class indices"):
        ScoreRaster(town.labels_path)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_elevations_are_refused(raster, dtype):
    heights = np.linspace(300, 2000, 1200).reshape(1, 30, 40).astype(dtype)
    with pytest.raises(RasterError, match="values from 300 to 2000"):
        ScoreRaster(raster("dem.tif", heights))


def test_more_bands_than_class_indices_are_refused(raster):
    cube = np.random.default_rng(0).normal(0, 1, (256, 3, 3)).astype("float32")
    with pytest.raises(RasterError, match="256 bands"):
        ScoreRaster(raster("cube.tif", cube))


def test_a_raster_with_only_nodata_is_refused(raster):
    with pytest.raises(RasterError, match="NoData everywhere"):
        ScoreRaster(raster("s.tif", np.full((3, 5, 5), -9999, "float32"), nodata=-9999))


@pytest.mark.parametrize("hole", [-9999.0, np.nan])
def test_nodata_has_equal_probabilities(raster, maps, hole):
    array = maps.copy()
    array[:, 4:7, 5:9] = hole
    _, probability, valid = found(raster("s.tif", array, nodata=hole))
    assert np.argwhere(~valid).min(axis=0).tolist() == [4, 5]
    assert np.count_nonzero(~valid) == 12
    assert np.allclose(probability[:, ~valid], 1 / 3)
    assert np.allclose(probability[:, valid], maps[:, valid], atol=1e-4)


def test_zero_and_one_become_finite_logits(raster):
    array = np.zeros((2, 4, 4), "float32")
    array[0] = 1
    scores = ScoreRaster(raster("s.tif", array))
    logits, _ = scores.read(Window(0, 0, 4, 4))
    assert np.isfinite(logits).all()
    assert (logits[0] > logits[1] + 5).all()


@pytest.mark.parametrize("size", [(15, 20), (60, 80)])
def test_scores_are_resampled_to_a_grid(raster, maps, grid, size):
    smooth = np.cumsum(np.cumsum(maps, axis=1), axis=2)
    smooth /= smooth.sum(axis=0)
    path = raster("s.tif", smooth)
    _, probability, valid = found(path, grid(30, 40).resized(*size[::-1]))
    assert probability.shape == (3, *size)
    assert valid.all()
    assert np.allclose(probability.sum(axis=0), 1, atol=1e-5)
    middle = probability[:, size[0] // 2, size[1] // 2]
    assert np.allclose(middle, smooth[:, 15, 20], atol=0.02)


def test_the_working_pixel_size_is_read_from_the_raster(tmp_path, grid, maps):
    from map_refiner.models.io.raster_writer import score_writer

    with score_writer(tmp_path / "s.tif", grid(30, 40), ("a", "b", "c"), 0.75) as writer:
        writer.write(maps, Window(0, 0, 30, 40))
    assert found(tmp_path / "s.tif")[0].pixel_size_m == 0.75


def test_class_names_come_from_the_bands():
    assert class_names(["water", "land"]) == ("water", "land")
    assert class_names([None, None, "road"]) == ("background", "class 1", "road")
    assert class_names([None]) == ("background", "class 1")
    assert class_names(["background"]) == ("background", "class 1")
    assert class_names(["road"]) == ("background", "road")


def test_class_names_are_unique_even_if_band_names_are_not():
    names = class_names(["Gray", "Gray", "Gray"])
    assert names[0] == "Gray"
    assert len(set(names)) == 3


def test_a_raster_outside_the_grid_has_no_data(raster, maps, grid):
    from rasterio.transform import from_origin

    path = raster("s.tif", maps, transform=from_origin(600_000, 4_649_100, 0.5, 0.5))
    _, probability, valid = found(path, grid(30, 40))
    assert not valid.any()
    assert np.allclose(probability, 1 / 3)
