"""Rasters that display quickly: overviews, and cloud-optimized files.

Modules that this file covers: models/io/score_export.py.
"""

import numpy as np
import pytest
import rasterio
import rasterio.enums
from map_refiner.models.arrays.grid import Window
from map_refiner.models.errors import OutputError
from map_refiner.models.io import raster_writer
from map_refiner.models.io.raster_writer import NODATA, class_writer, optimize, score_writer
from map_refiner.models.io.score_export import write_classes, write_scores
from map_refiner.models.session import step_files

NAMES = ("background", "building", "road")
SIDE = 1100
ALL = Window(0, 0, SIDE, SIDE)


def ignore(_):
    return None


@pytest.fixture(scope="module")
def maps():
    found = np.random.default_rng(0).random((3, SIDE, SIDE)).astype("float32")
    found /= found.sum(axis=0)
    found[:, 100:300, 500:900] = NODATA
    return found


@pytest.fixture
def scores(maps, grid, tmp_path):
    with score_writer(tmp_path / "s.tif", grid(SIDE, SIDE), NAMES, 0.5, overviews=True) as writer:
        writer.write(maps, ALL)
    return tmp_path / "s.tif"


def pair_means(maps):
    """Average blocks of 2 x 2 pixels."""
    return maps.reshape(3, SIDE // 2, 2, SIDE // 2, 2).mean(axis=(2, 4))


def overview(path, level=0):
    with rasterio.open(path, overview_level=level) as source:
        return source.read()


def test_overviews_of_scores_are_means_and_keep_nodata(scores, maps):
    with rasterio.open(scores) as source:
        assert source.overviews(1) == [2, 4]  # the smallest is at most 512 px
        assert np.array_equal(source.read(), maps)
    expected, found = pair_means(maps), overview(scores)
    assert np.allclose(found, expected, atol=1e-5)
    assert (found[:, 50:150, 250:450] == NODATA).all()


def test_overviews_of_classes_are_nearest_neighbours(maps, grid, tmp_path):
    classes = np.random.default_rng(0).integers(0, 3, (1, SIDE, SIDE)).astype("uint8") * 2  # so that means are detected
    with class_writer(tmp_path / "c.tif", grid(SIDE, SIDE), NAMES, overviews=True) as writer:
        writer.write(classes, ALL)
    found = overview(tmp_path / "c.tif")[0]
    blocks = classes[0].reshape(SIDE // 2, 2, SIDE // 2, 2)
    assert set(np.unique(found)) == {0, 2, 4}
    assert (found[:, None, :, None] == blocks).any(axis=(1, 3)).all()


def test_small_steps_have_no_overviews_and_large_ones_do(grid, tmp_path, monkeypatch):
    rows = np.zeros((3, 8, 600), "float32")
    for limit, levels in ((4_000_000, []), (100, [2])):
        monkeypatch.setattr(step_files, "KEPT_PIXELS", limit)
        names = step_files.StepNames(0, f"{limit}.tif", f"{limit}_classes.tif", f"{limit}_state.tif")
        with step_files.StepWriter(names, tmp_path, grid(8, 600), NAMES, 0.5) as writer:
            writer.write(rows, np.ones((8, 600), bool), Window(0, 0, 8, 600))
        for name in (names.scores, names.classes_raster):
            with rasterio.open(tmp_path / name) as source:
                assert source.overviews(1) == levels


def first_bytes(source, level):
    """Return the file offset of the first block of a level; level -1 is the raster itself."""
    with rasterio.open(source, **({} if level < 0 else {"overview_level": level})) as opened:
        return int(opened.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", bidx=1))


@pytest.mark.parametrize("kind", ["scores", "classes"])
def test_exported_rasters_are_cloud_optimized(scores, maps, grid, tmp_path, kind):
    write = write_scores if kind == "scores" else write_classes
    told = []
    write(scores, grid(SIDE, SIDE), tmp_path / "out.tif", told.append)
    with rasterio.open(tmp_path / "out.tif") as source:
        assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert source.profile["tiled"]
        assert source.profile["compress"] == "deflate"
        assert source.overviews(1) == [2, 4]
        read = source.read()
        if kind == "scores":
            assert np.allclose(read, maps, atol=1e-4)
            assert source.descriptions == NAMES
            assert source.tags()["WORKING_PIXEL_SIZE_M"] == "0.5"
        else:
            assert np.array_equal(read[0], np.where(maps[0] == NODATA, 255, maps.argmax(axis=0)))
            assert source.colorinterp == (rasterio.enums.ColorInterp.palette,)
            assert source.tags()["CLASSES"] == ",".join(NAMES)
    places = [first_bytes(tmp_path / "out.tif", level) for level in (1, 0, -1)]
    assert places == sorted(places)  # smallest level first: the first bytes of the file show the whole raster
    assert told == sorted(told)
    assert told[-1] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.tif", "s.tif"]


def test_a_failed_copy_leaves_no_partial_file(scores, tmp_path, monkeypatch):
    def fill_the_disk(source, path, dtype):
        path.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(raster_writer, "_copy_optimized", fill_the_disk)
    with pytest.raises(OutputError, match="disk full"):
        optimize(scores, tmp_path / "out.tif", ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["s.tif"]
