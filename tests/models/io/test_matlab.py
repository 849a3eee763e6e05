"""MATLAB files converted to rasters, or refused with a message."""

import numpy as np
import pytest
from map_refiner.models.arrays.grid import Window
from map_refiner.models.errors import RasterError
from map_refiner.models.io.matlab import import_cube, read_array
from map_refiner.models.io.raster_reader import GridReader
from scipy import io


@pytest.fixture
def cube(tmp_path):
    array = np.random.default_rng(0).integers(-5, 3000, (7, 9, 20)).astype("<i2")
    path = tmp_path / "scene.mat"
    io.savemat(path, {"cube": array, "gt": (array[..., 0] % 5).astype("uint8"), "text": "words"})
    return path, array


def ignore(_):
    pass


def test_a_cube_is_written_band_by_band(cube, tmp_path):
    path, array = cube
    assert import_cube(path, "cube", tmp_path / "c.tif", ignore) == (20, 7, 9)
    with GridReader(tmp_path / "c.tif") as reader:
        values, valid = reader.read(range(1, 21), Window(0, 0, 7, 9))
    assert valid.all()
    assert values.dtype == np.int16
    assert np.array_equal(values, array.transpose(2, 0, 1))


def test_a_map_becomes_one_band(cube, tmp_path):
    path, array = cube
    import_cube(path, "gt", tmp_path / "g.tif", ignore)
    with GridReader(tmp_path / "g.tif") as reader:
        values, _ = reader.read([1], Window(0, 0, 7, 9))
    assert np.array_equal(values[0], array[..., 0] % 5)


def test_the_name_of_a_single_array_can_be_omitted(tmp_path):
    io.savemat(tmp_path / "one.mat", {"only": np.ones((3, 4, 5)), "n": 3})
    assert read_array(tmp_path / "one.mat", "").shape == (3, 4, 5)


@pytest.mark.parametrize(
    ("key", "error"), [("", "cube, gt"), ("nothing", "cube, gt"), ("text", "not an array of numbers")]
)
def test_invalid_array_names_are_refused(cube, key, error):
    with pytest.raises(RasterError, match=error):
        read_array(cube[0], key)


def test_invalid_matlab_files_are_refused(cube, tmp_path):
    with pytest.raises(RasterError, match="There is no file"):
        read_array(tmp_path / "nowhere.mat", "x")
    whole = cube[0].read_bytes()
    newer = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\x89HDF\r\n\x1a\n" + bytes(600)
    for content, error in (
        (whole[: len(whole) // 3], "whole MATLAB"),
        (b"words " * 99, "MATLAB"),
        (newer, "version 7.3"),
    ):
        (tmp_path / "bad.mat").write_bytes(content)
        with pytest.raises(RasterError, match=error):
            read_array(tmp_path / "bad.mat", "cube")
