"""The files of a step: three rasters that appear together."""

import numpy as np
import pytest
import rasterio
from map_refiner.models.arrays.grid import Window
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.errors import OutputError
from map_refiner.models.io.raster_writer import NODATA
from map_refiner.models.session.step_files import StepFiles, StepNames, StepWriter

NAMES = StepNames(4, "s.tif", "c.tif", "t.tif")


def begin(folder, here):
    return StepWriter(NAMES, folder, here, ("a", "b", "c"), 0.5)


@pytest.fixture
def logits():
    return np.random.default_rng(0).normal(0, 3, (3, 20, 24)).astype("float32")


def test_a_step_writes_probabilities_classes_and_state(tmp_path, grid, logits):
    valid = np.ones((20, 24), bool)
    valid[3, 4] = False
    with begin(tmp_path, grid(20, 24)) as writer:
        for row in (0, 8, 16):
            part = Window(row, 0, min(8, 20 - row), 24)
            writer.write(logits[(slice(None), *part.slices())], valid[part.slices()], part)
    assert writer.step(0.25, 17.0) == StepFiles(4, "s.tif", "c.tif", "t.tif", 0.25, 17.0)
    with rasterio.open(tmp_path / "s.tif") as scores, rasterio.open(tmp_path / "t.tif") as state:
        found, kept = scores.read(), state.read()
        assert scores.descriptions == state.descriptions == ("a", "b", "c")
    assert np.allclose(found[:, valid].sum(axis=0), 1, atol=1e-6)
    assert np.array_equal(kept[:, valid], logits[:, valid])
    assert (found[:, 3, 4] == NODATA).all()
    assert (kept[:, 3, 4] == NODATA).all()
    with rasterio.open(tmp_path / "c.tif") as classes:
        assert np.array_equal(classes.read(1), np.where(valid, logits.argmax(axis=0), UNLABELLED))


def break_off(folder, here, logits):
    with begin(folder, here) as writer:
        writer.write(logits[:, :8], np.ones((8, 24), bool), Window(0, 0, 8, 24))
        raise InterruptedError


def test_an_interrupted_step_leaves_no_files(tmp_path, grid, logits):
    with pytest.raises(InterruptedError):
        break_off(tmp_path, grid(20, 24), logits)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("blocked", [NAMES.scores, NAMES.classes_raster, NAMES.state])
def test_all_files_of_a_step_appear_or_none(tmp_path, grid, logits, blocked):
    """If one of the files cannot be written, the others do not appear either."""
    (tmp_path / blocked).mkdir()
    with pytest.raises(OutputError), begin(tmp_path, grid(20, 24)) as writer:
        writer.write(logits, np.ones((20, 24), bool), Window(0, 0, 20, 24))
    assert [path.name for path in tmp_path.iterdir()] == [blocked]


def test_a_step_that_cannot_start_leaves_no_files(tmp_path, grid):
    with pytest.raises(OutputError):
        StepWriter(StepNames(4, "s.tif", "missing/c.tif", "t.tif"), tmp_path, grid(20, 24), ("a", "b", "c"), 0.5)
    assert not list(tmp_path.iterdir())
