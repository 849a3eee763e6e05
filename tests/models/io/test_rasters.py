"""Rasters: read on any grid, written completely or not at all.

Modules that this file covers: models/io/raster_writer.py, models/io/rasterize.py.
"""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.warp
import shapely
from map_refiner.models.arrays.grid import Grid, Window
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.errors import OutputError, RasterError
from map_refiner.models.io import raster_writer, rasterize
from map_refiner.models.io.raster_reader import GridReader, window_of
from map_refiner.models.io.raster_writer import RasterWriter, class_writer, score_writer
from map_refiner.models.scene.scene import Scene
from rasterio.control import GroundControlPoint
from rasterio.transform import from_origin

ROOT = Path(__file__).resolve().parents[3]


def whole(grid):
    return Window(0, 0, grid.height, grid.width)


def counting(bands=3, height=20, width=24, dtype="uint8"):
    return (np.arange(bands * height * width) % 199 + 1).reshape(bands, height, width).astype(dtype)


def read_all(path, grid=None, how="average", bands=(1,)):
    with GridReader(path, grid, how) as reader:
        return reader.read(bands, whole(reader.grid))


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_reading_on_the_own_grid_keeps_the_pixels(raster, dtype):
    array = counting(dtype=dtype)
    with GridReader(raster("a.tif", array)) as reader:
        values, valid = reader.read([3, 1], Window(2, 3, 5, 6))
    assert values.dtype == dtype
    assert np.array_equal(values, array[[2, 0], 2:7, 3:9])
    assert valid.all()


def test_a_part_of_the_own_grid_is_read_without_resampling(raster):
    array = counting()
    path = raster("a.tif", array)
    with GridReader(path) as reader:
        part = reader.grid.crop(Window(4, 7, 9, 11))
    values, _ = read_all(path, part, bands=[1, 2, 3])
    assert np.array_equal(values, array[:, 4:13, 7:18])


def test_a_grid_twice_as_coarse_is_averaged(raster):
    array = counting(dtype="float32")
    path = raster("a.tif", array)
    with GridReader(path) as reader:
        coarse = reader.grid.resized(12, 10)
    values, valid = read_all(path, coarse, bands=[1, 2])
    expected = array[:2].reshape(2, 10, 2, 12, 2).mean(axis=(2, 4))
    assert np.allclose(values, expected, rtol=1e-5)
    assert valid.all()


def test_a_finer_grid_is_interpolated(raster):
    ramp = np.tile(np.arange(24, dtype="float32"), (20, 1))[None]
    path = raster("a.tif", ramp)
    with GridReader(path) as reader:
        fine = reader.grid.resized(48, 40)
    values, valid = read_all(path, fine, "bilinear")
    assert valid.all()
    assert np.allclose(values[0, 5, 1:-1], np.arange(47)[1:] / 2 - 0.25, atol=1e-4)


def test_another_crs_keeps_the_position(raster, utm):
    """A square drawn in UTM has its true position in Mercator."""
    array = np.zeros((1, 100, 100), "uint8")
    array[0, 40:60, 30:50] = 200
    path = raster("a.tif", array)
    square = rasterio.warp.transform_geom(
        utm, "EPSG:3857", shapely.geometry.mapping(shapely.box(500_015, 4_649_070, 500_025, 4_649_080))
    )
    outline = shapely.geometry.shape(square)
    left, bottom, right, top = outline.buffer(50).bounds
    wkt = rasterio.CRS.from_epsg(3857).to_wkt()
    grid = Grid(wkt, (0.5, 0, left, 0, -0.5, top), int((right - left) / 0.5), int((top - bottom) / 0.5))
    values, valid = read_all(path, grid, "nearest")
    inside = rasterize.burn([(outline.buffer(-0.5), 1)], grid) == 1
    outside = rasterize.burn([(outline.buffer(0.5), 1)], grid) == 0
    assert (values[0][inside] == 200).all()
    assert (values[0][outside & valid] == 0).all()
    assert not valid.all()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
@pytest.mark.parametrize("nodata", [None, 250])
def test_pixels_beyond_the_raster_have_no_data(raster, grid, dtype, nodata):
    path = raster("a.tif", counting(dtype=dtype), nodata=nodata)
    wide = Grid(grid(1, 1).crs, (0.5, 0, 499_998, 0, -0.5, 4_649_101), 32, 30)
    values, valid = read_all(path, wide, bands=[1, 2, 3])
    expected = np.zeros((30, 32), bool)
    expected[2:22, 4:28] = True
    assert np.array_equal(valid, expected)
    assert np.array_equal(values[:, expected].reshape(3, 20, 24), counting())


@pytest.mark.parametrize("size", [(20, 24), (10, 12), (40, 48)])
@pytest.mark.parametrize("kind", ["nodata", "mask", "alpha"])
def test_nodata_is_detected_on_every_grid(raster, kind, size):
    array = counting(bands=3)
    hole = np.zeros((20, 24), bool)
    hole[4:12, 6:14] = True
    if kind == "nodata":
        path = raster("a.tif", np.where(hole, 0, array).astype("uint8"), nodata=0)
    elif kind == "mask":
        path = raster("a.tif", array, mask=~hole)
    else:
        path = raster("a.tif", np.concatenate([array, np.where(hole, 0, 255)[None].astype("uint8")]), alpha=True)
    with GridReader(path) as reader:
        assert reader.colour_bands() == (1, 2, 3)
        grid = reader.grid.resized(*size[::-1])
    _, valid = read_all(path, grid, "average" if size[0] < 40 else "bilinear", bands=[1, 2, 3])
    there = rasterio.warp.reproject(  # the valid share of each pixel
        (~hole).astype("float32"),
        np.zeros(size, "float32"),
        src_transform=from_origin(0, 20, 1, 1),
        dst_transform=from_origin(0, 20, 20 / size[0], 20 / size[0]),
        src_crs="EPSG:3857",
        dst_crs="EPSG:3857",
        resampling=rasterio.enums.Resampling.average,
    )[0]
    assert (valid == (there > 0.5)).mean() > 0.97
    assert not valid[there == 0].any()


def test_a_pixel_with_data_in_any_band_has_data(raster):
    array = counting(bands=3)
    array[0, 3, 4] = 0
    array[:, 5, 6] = 0
    _, valid = read_all(raster("a.tif", array, nodata=0), bands=[1, 2, 3])
    assert valid[3, 4]
    assert not valid[5, 6]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("factor", [1, 2])
def test_nan_and_infinite_values_are_nodata(raster, bad, factor):
    array = counting(dtype="float32")
    array[1, 5, 7] = bad
    path = raster("a.tif", array)
    with GridReader(path) as reader:
        grid = reader.grid.resized(24 // factor, 20 // factor)
    values, valid = read_all(path, grid, bands=[1, 2, 3])
    assert not valid[5 // factor, 7 // factor]
    assert np.count_nonzero(~valid) == 1
    assert np.isfinite(values[:, valid]).all()


def test_a_rotated_raster_is_read_on_its_own_and_on_a_north_up_grid(raster):
    turned = (
        rasterio.Affine.translation(500_000, 4_649_100) @ rasterio.Affine.rotation(30) @ rasterio.Affine.scale(1, -1)
    )
    array = counting(bands=1, height=60, width=60)
    path = raster("a.tif", array, transform=turned)
    values, valid = read_all(path)
    assert np.array_equal(values, array)
    assert valid.all()
    with GridReader(path) as reader:
        x, y = reader.grid.point(30, 20)
        straight = Grid(reader.grid.crs, (1, 0, x - 0.5, 0, -1, y + 0.5), 1, 1)
    values, valid = read_all(path, straight, "nearest")
    assert valid.all()
    assert values[0, 0, 0] in array[0, 19:21, 29:31]


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 1, 30), (1, 30, 1)])
def test_thin_rasters_are_read(raster, shape):
    array = counting(*shape)
    values, valid = read_all(raster("a.tif", array), bands=range(1, shape[0] + 1))
    assert np.array_equal(values, array)
    assert valid.shape == shape[1:]


def test_a_sample_covers_the_whole_raster(raster):
    array = np.zeros((1, 300, 500), "uint8")
    array[0, :, 250:] = 100
    with GridReader(raster("a.tif", array)) as reader:
        values, valid = reader.sample([1], most=50)
    assert values.shape == (1, 30, 50)
    assert valid.all()
    assert values.mean() == pytest.approx(50, abs=3)


def test_an_image_without_a_crs_is_read_without_a_warning(raster):
    path = raster("a.tif", counting(), crs=None, transform=rasterio.Affine.identity())
    with warnings.catch_warnings():
        warnings.simplefilter("error", rasterio.errors.NotGeoreferencedWarning)
        with GridReader(path) as reader:
            assert reader.grid == Grid("", (1, 0, 0, 0, 1, 0), 24, 20)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "nothing.tif", "There is no file"),
        (lambda folder: folder, "not a raster that can be read"),
        (lambda folder: text_file(folder), "not a raster that can be read"),
        (lambda folder: cut_file(folder, 40), "not a raster that can be read"),
    ],
    ids=["missing", "folder", "text", "header cut"],
)
def test_files_that_are_not_rasters_are_refused(tmp_path, make, says):
    with pytest.raises(RasterError, match=says):
        GridReader(make(tmp_path))


def text_file(folder):
    (folder / "a.tif").write_text("no raster")
    return folder / "a.tif"


def cut_file(folder, size):
    noise = np.random.default_rng(0).integers(0, 255, (1, 300, 300)).astype("uint8")
    place = from_origin(500_000, 4_649_100, 0.5, 0.5)
    with rasterio.open(
        folder / "w.tif", "w", driver="GTiff", count=1, height=300, width=300, dtype="uint8", transform=place
    ) as target:
        target.write(noise)
    (folder / "a.tif").write_bytes((folder / "w.tif").read_bytes()[:size])
    return folder / "a.tif"


def test_a_truncated_raster_is_reported(tmp_path):
    path = cut_file(tmp_path, 50_000)
    with GridReader(path) as reader:
        _, valid = reader.read([1], Window(0, 0, 10, 10))  # the beginning is readable
        assert valid.all()
        with pytest.raises(RasterError, match=r"a\.tif cannot be read to its end"):
            reader.read([1], Window(0, 0, 300, 300))


def test_a_vector_file_is_not_accepted_as_a_raster(vectors, pixels):
    with pytest.raises(RasterError):
        GridReader(vectors("a.gpkg", [pixels(0, 0, 2, 2)], text=["x"]))


def test_pixels_of_zero_size_are_refused(raster):
    path = raster("a.tif", counting(), transform=rasterio.Affine(0, 0, 5, 0, 0, 5))
    with pytest.raises(RasterError, match="without a size"):
        GridReader(path)


def test_without_a_crs_only_the_same_size_is_accepted(raster, grid):
    path = raster("a.tif", counting(), crs=None)
    assert np.array_equal(read_all(path, grid(20, 24), bands=[1, 2, 3])[0], counting())
    with pytest.raises(RasterError, match="24 x 20 pixels and the scene 30 x 20"):
        GridReader(path, grid(20, 30))


def test_warping_to_another_planet_is_refused(raster):
    moon = Grid(rasterio.CRS.from_user_input("IAU_2015:30100").to_wkt(), (1e-5, 0, 0, 0, -1e-5, 0), 5, 5)
    with pytest.raises(RasterError, match="cannot be warped to the grid of the scene"):
        GridReader(raster("a.tif", counting()), moon)


def test_a_refused_file_is_closed(raster, grid):
    path = raster("a.tif", counting(), crs=None)
    before = open_files(path)
    with pytest.raises(RasterError):
        GridReader(path, grid(20, 30))
    assert open_files(path) == before == 0


def open_files(path):
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("open files are listed on Linux alone")
    return sum(link.exists() and link.resolve() == Path(path).resolve() for link in folder.iterdir())


# --- writing --------------------------------------------------------------------------------------------------------


def random_maps(height=20, width=24, classes=3):
    maps = np.random.default_rng(0).random((classes, height, width)).astype("float32")
    return maps / maps.sum(axis=0)


@pytest.mark.parametrize("compress", [True, False])
def test_scores_are_written_with_names_nodata_and_pixel_size(tmp_path, grid, compress):
    maps = random_maps(300, 270)
    maps[:, 5:9, 200:] = raster_writer.NODATA
    here = grid(300, 270)
    with score_writer(tmp_path / "s.tif", here, ("a", "b", "ü"), 0.5002, compress) as writer:
        for row in range(0, 300, 128):
            part = Window(row, 0, min(128, 300 - row), 270)
            writer.write(maps[(slice(None), *part.slices())], part)
    with rasterio.open(tmp_path / "s.tif") as found:
        assert np.array_equal(found.read(), maps)
        assert found.descriptions == ("a", "b", "ü")
        assert found.nodata == raster_writer.NODATA
        assert found.dtypes == ("float32",) * 3
        assert found.crs.to_epsg() == 32631
    with GridReader(tmp_path / "s.tif") as reader:
        assert reader.tag("WORKING_PIXEL_SIZE_M") == "0.5002"
        assert reader.grid.matches(here)
        assert not reader.read([1], Window(5, 200, 4, 70))[1].any()


def test_classes_are_written_as_coloured_bytes(tmp_path, grid):
    classes = np.random.default_rng(0).integers(0, 3, (1, 20, 24)).astype("uint8")
    classes[0, 0, 0] = UNLABELLED
    with class_writer(tmp_path / "c.tif", grid(20, 24), ("a", "b", "c")) as writer:
        writer.write(classes, Window(0, 0, 20, 24))
    with rasterio.open(tmp_path / "c.tif") as found:
        assert np.array_equal(found.read(), classes)
        assert found.nodata == UNLABELLED
        assert found.colormap(1)[1][:3] == raster_writer.COLOURS[1]
        assert found.tags()["CLASSES"] == "a,b,c"
        assert found.dataset_mask()[0, 0] == 0


def test_a_grid_without_a_crs_is_written(tmp_path):
    with score_writer(tmp_path / "s.tif", Grid("", (1, 0, 0, 0, -1, 0), 24, 20), ("a", "b", "c"), None) as writer:
        writer.write(random_maps(), Window(0, 0, 20, 24))
    with rasterio.open(tmp_path / "s.tif") as found:
        assert found.crs is None
        assert "WORKING_PIXEL_SIZE_M" not in found.tags()


def test_the_file_does_not_exist_until_it_is_complete(tmp_path, grid):
    with score_writer(tmp_path / "s.tif", grid(20, 24), ("a", "b", "c"), None) as writer:
        writer.write(random_maps(), Window(0, 0, 20, 24))
        assert not (tmp_path / "s.tif").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["s.tif"]


def break_off(path, here):
    with score_writer(path, here, ("a", "b", "c"), None) as writer:
        writer.write(random_maps(10), Window(0, 0, 10, 24))
        raise InterruptedError


def test_an_interrupted_write_keeps_the_old_file(tmp_path, grid):
    (tmp_path / "s.tif").write_text("the old one")
    with pytest.raises(InterruptedError):
        break_off(tmp_path / "s.tif", grid(20, 24))
    assert [path.name for path in tmp_path.iterdir()] == ["s.tif"]
    assert (tmp_path / "s.tif").read_text() == "the old one"


@pytest.mark.parametrize("place", ["missing/s.tif", "file/s.tif"])
def test_a_missing_folder_is_refused(tmp_path, grid, place):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="There is no folder"):
        score_writer(tmp_path / place, grid(20, 24), ("a", "b"), None)


def test_the_name_of_an_existing_folder_is_refused(tmp_path, grid):
    (tmp_path / "s.tif").mkdir()
    with (
        pytest.raises(OutputError, match=r"s\.tif cannot be written"),
        score_writer(tmp_path / "s.tif", grid(20, 24), ("a", "b", "c"), None) as writer,
    ):
        writer.write(random_maps(), Window(0, 0, 20, 24))
    assert [path.name for path in tmp_path.iterdir()] == ["s.tif"]


def test_a_raster_larger_than_the_disk_is_refused_at_once(tmp_path):
    huge = Grid("", (1, 0, 0, 0, -1, 0), 10**7, 10**7)
    with pytest.raises(OutputError, match="MB are needed"):
        score_writer(tmp_path / "s.tif", huge, ("a", "b"), None)
    assert not list(tmp_path.iterdir())


FULL_DISK = """
import importlib.util, resource, sys
import numpy as np
from pathlib import Path
root, folder, limit, compress = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "packed"
spec = importlib.util.spec_from_file_location(
    "map_refiner", root / "__init__.py", submodule_search_locations=[str(root)])
sys.modules["map_refiner"] = importlib.util.module_from_spec(spec)
from map_refiner.models.io import raster_reader, raster_writer
from map_refiner.models.errors import OutputError
from map_refiner.models.arrays.grid import Grid, Window
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))  # a file may grow no further, as on a full disk
maps = np.random.default_rng(0).random((2, 700, 700)).astype("float32")
try:
    with raster_reader.environment():
        grid = Grid("", (1, 0, 0, 0, -1, 0), 700, 700)
        with raster_writer.score_writer(folder / "s.tif", grid, ("a", "b"), None, compress) as writer:
            for row in range(0, 700, 100):
                writer.write(maps[:, row : row + 100], Window(row, 0, 100, 700))
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on file sizes stands in for a full disk")
@pytest.mark.parametrize("limit", [2_000, 1_000_000, 3_000_000])
@pytest.mark.parametrize("packing", ["packed", "plain"])
def test_a_full_disk_leaves_no_partial_file(tmp_path, limit, packing):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(ROOT), str(tmp_path), str(limit), packing],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "s.tif cannot be written" in done.stdout
    assert not list(tmp_path.iterdir())


def write_and_lose_half(path, here):
    noise = np.random.default_rng(0).integers(0, 250, (1, here.height, here.width)).astype("uint8")
    with RasterWriter(path, here, ["a"], "uint8", 255, compress=False) as writer:
        writer.write(noise, whole(here))
        writer._target.close()
        with writer.part.open("r+b") as file:
            file.truncate(writer.part.stat().st_size // 2)


def test_a_file_that_is_incomplete_on_disk_is_not_renamed(tmp_path, grid):
    """Data lost between writing and closing is noticed when the last block is read back."""
    with pytest.raises(OutputError):
        write_and_lose_half(tmp_path / "s.tif", grid(600, 600))
    assert not list(tmp_path.iterdir())


# --- polygons and areas ---------------------------------------------------------------------------------------------


def test_burning_uses_pixel_centres_and_later_shapes_cover_earlier_ones(grid, pixels):
    here = grid(8, 10)
    found = rasterize.burn([(pixels(1, 1, 4, 4), 1), (pixels(3, 3, 4, 4), 2), (shapely.Polygon(), 3)], here)
    expected = np.zeros((8, 10), "uint8")
    expected[1:5, 1:5] = 1
    expected[3:7, 3:7] = 2
    assert np.array_equal(found, expected)
    assert np.array_equal(rasterize.burn([], here, fill=7), np.full((8, 10), 7))
    quarter = shapely.box(*pixels(2, 2, 1, 1).centroid.coords[0], *pixels(5, 5, 1, 1).centroid.coords[0])
    assert rasterize.burn([(quarter.buffer(0.01), 1)], here).sum() == 16


def test_sieving_merges_small_parts_into_their_largest_neighbour():
    classes = np.zeros((20, 20), "uint8")
    classes[:, 12:] = 1
    classes[4:6, 4:6] = 1  # 4 px
    classes[10:13, 15:18] = 2  # 9 px
    assert np.array_equal(rasterize.sieve(classes, 1), classes)
    smaller = rasterize.sieve(classes, 5)
    assert (smaller[4:6, 4:6] == 0).all()
    assert (smaller[10:13, 15:18] == 2).all()
    assert (rasterize.sieve(classes, 10)[10:13, 15:18] == 1).all()


def test_sieving_keeps_unlabelled_pixels():
    classes = np.zeros((20, 20), "uint8")
    classes[3:5, 3:5] = UNLABELLED  # smaller than the limit
    classes[:, 10:] = UNLABELLED  # the largest neighbour
    classes[8:10, 8:10] = 1  # of this part
    found = rasterize.sieve(classes, 6)
    assert np.array_equal(found == UNLABELLED, classes == UNLABELLED)
    assert (found[classes != UNLABELLED] == 0).all()


def test_sieving_leaves_no_small_parts_even_in_noise():
    from scipy import ndimage

    noise = np.random.default_rng(0).integers(0, 3, (120, 120)).astype("uint8")
    found = rasterize.sieve(noise, 50)
    for k in range(3):
        parts, _ = ndimage.label(found == k)
        sizes = np.bincount(parts.ravel())[1:]
        assert sizes.size == 0 or sizes.min() >= 50


def test_tracing_returns_the_parts_with_their_sizes():
    classes = np.array([[0, 0, 1], [0, 2, 1], [255, 2, 1]], "uint8")
    found = {value: polygon for polygon, value in rasterize.trace(classes)}
    assert sorted(found) == [0, 1, 2]
    assert {value: polygon.area for value, polygon in found.items()} == {0: 3, 1: 3, 2: 2}
    assert found[1].equals(shapely.box(2, 0, 3, 3))


@pytest.mark.parametrize(
    ("area", "window"),
    [
        ((500_001, 4_649_090, 500_003, 4_649_099), Window(2, 2, 18, 4)),  # along pixel edges
        ((500_001.2, 4_649_090.4, 500_002.7, 4_649_098.9), Window(2, 2, 18, 4)),  # within pixels
        ((499_000, 4_648_000, 501_000, 4_650_000), Window(0, 0, 40, 50)),  # around the whole grid
        ((500_003, 4_649_099, 500_001, 4_649_090), Window(2, 2, 18, 4)),  # corners swapped
        ((500_001.2, 4_649_098.1, 500_001.2, 4_649_098.1), Window(3, 2, 1, 1)),  # a point
    ],
)
def test_an_area_becomes_the_window_of_touched_pixels(grid, area, window):
    assert window_of(grid(40, 50), area) == window


def test_the_window_of_a_rotated_grid_covers_the_corners_of_the_area():
    turned = Grid("", (0.4, 0.3, 0, 0.3, -0.4, 0), 200, 200)
    x, y = turned.point(100, 100)
    window = window_of(turned, (x - 5, y - 5, x + 5, y + 5))
    outline = shapely.Polygon(turned.crop(window).corners())
    assert outline.buffer(1e-6).contains(shapely.box(x - 5, y - 5, x + 5, y + 5))
    assert window.width < 40


@pytest.mark.parametrize(
    "area",
    [(0, 0, 1, 1), (500_100, 4_649_000, 500_200, 4_649_100), (float("nan"), 0, 1, 1), (float("-inf"), 0, 1, 1)],
)
def test_an_area_outside_the_grid_is_refused(grid, area):
    with pytest.raises(RasterError, match="area"):
        window_of(grid(40, 50), area)


def test_statistics_ignore_overviews(raster):
    """Overviews are averages, and these are also older than the raster."""
    array = np.random.default_rng(0).integers(0, 255, (1, 1500, 1600)).astype("uint8")
    path = raster("big.tif", array)
    with rasterio.open(path, "r+") as target:
        target.build_overviews([2, 4, 8], rasterio.enums.Resampling.average)
    with rasterio.open(path, "r+") as target:
        target.write(255 - array)
    with GridReader(path) as reader:
        values, _ = reader.sample([1])
    assert values.std() == pytest.approx(array.std(), rel=0.03)
    assert values.mean() == pytest.approx(255 - array.mean(), abs=1)


def controlled(path, points, crs):
    """Write an image that only ground control points place."""
    array = np.arange(3 * 40 * 60, dtype="float32").reshape(3, 40, 60)
    with rasterio.open(
        path, "w", driver="GTiff", width=60, height=40, count=3, dtype="float32", gcps=points, crs=crs
    ) as target:
        target.write(array)
    return str(path)


def test_ground_control_points_on_a_straight_grid_place_an_image(tmp_path, utm):
    corners = [(0, 0), (0, 60), (40, 0), (40, 60)]
    points = [GroundControlPoint(r, c, 500_000 + c / 2, 4_649_100 - r / 2) for r, c in corners]
    path = controlled(tmp_path / "points.tif", points, utm)
    with GridReader(path) as reader:
        assert reader.grid.transform == pytest.approx((0.5, 0, 500_000, 0, -0.5, 4_649_100))
        assert reader.grid.crs
        native, _ = reader.read([1], Window(0, 0, 40, 60))
    with GridReader(path, reader.grid.resized(30, 20)) as coarser:
        warped, valid = coarser.read([1], Window(0, 0, 20, 30))
    assert valid.all()
    assert np.allclose(warped[0], native[0].reshape(20, 2, 30, 2).mean(axis=(1, 3)), atol=0.01)


def test_bent_ground_control_points_are_refused_with_the_way_out(tmp_path, utm):
    corners = [(0, 0), (0, 60), (40, 0), (40, 60), (20, 30)]
    points = [GroundControlPoint(r, c, 500_000 + c / 2 + (c == 30) * 4, 4_649_100 - r / 2) for r, c in corners]
    with pytest.raises(RasterError, match=r"5 ground control points that are up to .* Georeferencer or gdalwarp"):
        GridReader(controlled(tmp_path / "bent.tif", points, utm))


def test_complex_values_are_refused(raster):
    with pytest.raises(RasterError, match="has complex values"):
        GridReader(raster("sar.tif", np.ones((1, 8, 8), "complex64")))


def test_a_palette_is_refused_as_an_image_and_read_after_the_expansion(raster, tmp_path):
    colours = {7: (70, 120, 60, 255), 200: (190, 90, 70, 255)}
    path = raster("map.tif", np.where(np.arange(64) < 32, 7, 200).astype("uint8").reshape(1, 8, 8))
    with rasterio.open(path, "r+") as target:
        target.write_colormap(1, colours)
    with pytest.raises(RasterError, match=r"colour table .palette.*gdal_translate -expand rgb"):
        Scene(path)
    expanded = tmp_path / "rgb.tif"
    with rasterio.open(path) as source:
        table = np.zeros((256, 3), "uint8")
        for index, colour in colours.items():
            table[index] = colour[:3]
        options = {**source.profile, "count": 3, "photometric": "RGB"}
        with rasterio.open(expanded, "w", **options) as target:
            target.write(table[source.read(1)].transpose(2, 0, 1))
    with Scene(expanded) as scene:
        assert scene.bands == (1, 2, 3)


HOLE = (slice(10, 30), slice(20, 40))


def with_hole(values, dtype="uint8", more=()):
    """Return bands of 50 with a hole of one value per band, after bands given as they are."""
    array = np.full((len(values), 40, 60), 50, dtype)
    for band, value in zip(array, values, strict=True):
        band[HOLE] = value
    return np.concatenate([*[each[None].astype(dtype) for each in more], array])


@pytest.mark.parametrize("size", [(40, 60), (20, 30), (80, 120)])
@pytest.mark.parametrize("how", ["average", "bilinear"])
@pytest.mark.parametrize("kind", ["by band", "by one band", "int64", "uint64", "alpha first", "alpha and NoData"])
def test_a_hole_is_invalid_at_any_pixel_size(raster, tmp_path, utm, kind, how, size):
    opaque = np.full((40, 60), 255, "uint8")
    opaque[HOLE] = 0
    bands = [1, 2, 3]
    if kind.startswith("by"):
        values = (0, 255, 7) if kind == "by band" else (None, 255, None)
        bands = bands if kind == "by band" else [2]
        raster("bands.tif", with_hole([value or 0 for value in values]))
        parts = "".join(
            f'<VRTRasterBand dataType="Byte" band="{n}">'
            + (f"<NoDataValue>{value}</NoDataValue>" if value is not None else "")
            + f"<SimpleSource>"
            f'<SourceFilename relativeToVRT="1">bands.tif</SourceFilename><SourceBand>{n}</SourceBand>'
            "</SimpleSource></VRTRasterBand>"
            for n, value in enumerate(values, 1)
        )
        path = str(tmp_path / "stack.vrt")
        Path(path).write_text(
            '<VRTDataset rasterXSize="60" rasterYSize="40"><SRS>EPSG:32631</SRS>'
            f"<GeoTransform>500000,0.5,0,4649100,0,-0.5</GeoTransform>{parts}</VRTDataset>"
        )
    elif kind == "alpha first":
        path, bands = raster("argb.tif", with_hole((50, 50, 50), more=[opaque])), [2, 3, 4]
        with rasterio.open(path, "r+") as target:
            names = ("alpha", "red", "green", "blue")
            target.colorinterp = [rasterio.enums.ColorInterp[name] for name in names]
    elif kind == "alpha and NoData":
        array = np.concatenate([with_hole((50, 50, 50)), opaque[None]])
        path = str(tmp_path / "rgba.tif")
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=60,
            height=40,
            count=4,
            dtype="uint8",
            nodata=0,
            photometric="RGB",
            alpha="YES",
            crs=utm,
            transform=from_origin(500_000, 4_649_100, 0.5, 0.5),
        ) as target:
            target.write(array)
    else:
        value = -9999 if kind == "int64" else 0
        path = raster("wide.tif", with_hole((value,) * 3, kind), nodata=value)
    with GridReader(path) as native:
        grid = native.grid.resized(size[1], size[0])
    with GridReader(path, grid, how) as reader:
        values, valid = reader.read(bands, whole(grid))
    scale = size[0] / 40
    inside = tuple(slice(int(part.start * scale), int(part.stop * scale)) for part in HOLE)
    expected = np.ones(size, bool)
    expected[inside] = False
    assert np.array_equal(valid, expected)
    assert (values[:, valid] == 50).all()
