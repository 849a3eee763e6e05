"""Previews of the next step: exact in a close view, approximate in a distant one."""

import numpy as np
import pytest
import rasterio
import torch
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.refine.extended import ExtendedRefiner
from map_refiner.models.scene.scene import Scene
from map_refiner.models.session import preview as previews
from map_refiner.models.session.preview import Previewer, View
from map_refiner.models.session.session import Session

CLOSE_UP = (40, 24, 50, 40)  # column, row, width, height in the town of 120 x 96 pixels
HEAT_OF_ROADS = 3


def ignore(_):
    return None


def area(pixels, *part):
    return pixels(*part).bounds


@pytest.fixture
def session(town, tmp_path, refiner_path):
    with Scene(town.image_path) as scene:
        session = Session(scene, tmp_path, torch.device("cpu"))
        session.load_scores(town.scores_path, ignore)
        session.load_refiner(refiner_path)
        yield session


def extended():
    torch.manual_seed(0)
    net = ExtendedRefiner(3, 3)
    torch.nn.init.normal_(net.out.weight, std=0.5)
    return net.eval()


def read(path, band=1):
    with rasterio.open(path) as source:
        return source.read(band), source.bounds


def crop(array, column, row, width, height):
    return array[row : row + height, column : column + width]


@pytest.mark.parametrize(
    ("kind", "part", "remembers"),
    [(0, CLOSE_UP, False), (HEAT_OF_ROADS, (0, 0, 30, 30), True), (HEAT_OF_ROADS, (90, 60, 30, 36), False)],
)
def test_a_close_view_equals_the_next_step(session, pixels, kind, part, remembers):
    if remembers:
        session.use_refiner(extended(), "extended", session.classes)
    previewer, view = Previewer(session), View(area(pixels, *part), 800, 600)
    for start in range(3):
        shown, bounds = read(previewer.make(start, view, kind))
        (step,) = session.step(start, 1, ignore)
        whole, _ = read(session.path(step.scores if kind else step.classes_raster), max(1, kind))
        assert np.allclose(shown, crop(whole, *part), atol=1e-5)
        assert np.allclose(bounds, view.area)
    assert len(list(session.run_dir.glob("preview_*"))) == 1  # earlier previews are deleted


def test_a_distant_view_is_subsampled_to_the_screen_and_resembles_the_step(session, pixels):
    previewer, view = Previewer(session), View(area(pixels, 0, 0, 120, 96), 60, 48)
    for start in range(2):
        shown, bounds = read(previewer.make(start, view, 0))
        assert shown.shape == (48, 60)
        assert np.allclose(bounds, view.area)
        (step,) = session.step(start, 1, ignore)
        whole, _ = read(session.path(step.classes_raster))
        assert np.mean(shown == whole[::2, ::2]) > 0.9


def test_returning_to_an_earlier_step_previews_it_from_its_files(session, pixels):
    previewer, view = Previewer(session), View(area(pixels, 0, 0, 120, 96), 60, 48)
    first, _ = read(previewer.make(0, view, 0))
    list(session.step(0, 3, ignore))
    read(previewer.make(3, view, 0))
    again, _ = read(previewer.make(0, view, 0))
    assert np.array_equal(first, again)


def test_the_preview_follows_a_new_coarse_map(session, town, raster, pixels):
    session.use_refiner(extended(), "extended", session.classes)  # uses the coarse map at every step
    previewer, view = Previewer(session), View(area(pixels, *CLOSE_UP), 800, 600)
    previewer.make(0, view, HEAT_OF_ROADS)
    other = np.roll(town.scores, 9, axis=2)
    session.load_scores(raster("other.tif", other, nodata=-9999, names=town.classes), ignore)
    shown, _ = read(previewer.make(0, view, HEAT_OF_ROADS))
    (step,) = session.step(0, 1, ignore)
    assert np.allclose(shown, crop(read(session.path(step.scores), HEAT_OF_ROADS)[0], *CLOSE_UP), atol=1e-5)


def test_a_different_refiner_is_previewed_with_its_own_halo(session, pixels):
    previewer, view = Previewer(session), View(area(pixels, *CLOSE_UP), 800, 600)
    previewer.make(0, view, 0)
    session.use_refiner(extended(), "extended", session.classes)
    shown, _ = read(previewer.make(0, view, HEAT_OF_ROADS))
    (step,) = session.step(0, 1, ignore)
    assert np.allclose(shown, crop(read(session.path(step.scores), HEAT_OF_ROADS)[0], *CLOSE_UP), atol=1e-5)


def test_a_slow_machine_previews_fewer_pixels(session, pixels, monkeypatch):
    monkeypatch.setattr(previews, "FEWEST_PIXELS", 10)
    previewer, view = Previewer(session), View(area(pixels, *CLOSE_UP), 800, 600)
    previewer._pace = previews.MOMENT_S / 500
    shown, bounds = read(previewer.make(0, view, 0))
    assert 400 < shown.size < 600
    assert np.allclose(bounds, view.area)


def test_nodata_pixels_are_unlabelled(town, raster, pixels, tmp_path, refiner_path):
    image = read_all(town.image_path)
    image[:, 30:40, 50:60] = 0
    with Scene(raster("holes.tif", image, nodata=0)) as scene:
        session = Session(scene, tmp_path, torch.device("cpu"))
        session.load_scores(town.scores_path, ignore)
        session.load_refiner(refiner_path)
        shown, _ = read(Previewer(session).make(0, View(area(pixels, *CLOSE_UP), 800, 600), 0))
    assert (shown[6:16, 10:20] == UNLABELLED).all()
    assert np.count_nonzero(shown == UNLABELLED) == 100


def read_all(path):
    with rasterio.open(path) as source:
        return source.read()


@pytest.mark.parametrize(
    ("part", "size"),
    [
        ((0, 0, 120, 96), (1200, 960)),  # the whole scene: the step itself takes no longer
        ((500, 500, 20, 20), (800, 600)),  # outside the scene
        (CLOSE_UP, (0, 0)),  # a map without pixels
    ],
)
def test_no_preview_is_made_if_it_gains_nothing(session, pixels, part, size):
    assert Previewer(session).make(0, View(area(pixels, *part), *size), 0) is None
    assert not list(session.run_dir.glob("preview_*"))


@pytest.mark.parametrize("odd", [(float("nan"), 0.0, 1.0, 1.0), (3.0, 3.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0)])
def test_an_invalid_view_gives_no_preview(session, odd):
    assert Previewer(session).make(0, View(odd, 800, 600), 0) is None


def test_lack_of_memory_gives_no_preview(session, pixels, monkeypatch):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(previews, "refine_tile", full)
    assert Previewer(session).make(0, View(area(pixels, *CLOSE_UP), 800, 600), 0) is None
