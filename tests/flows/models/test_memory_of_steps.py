"""The hidden state of a refiner in a session: kept over tiles and restarts, reset for another refiner or map."""

import numpy as np
import pytest
import torch
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.arrays.grid import Window
from map_refiner.models.refine.extended import ExtendedRefiner
from map_refiner.models.refine.registry import make_refiner
from map_refiner.models.refine.unroll import refine_steps
from map_refiner.models.scene.scene import Scene
from map_refiner.models.session.resume import resume_session
from map_refiner.models.session.session import Session
from map_refiner.models.weights.checkpoint import ModelCard, save_model

CPU = torch.device("cpu")
ALL = Window(0, 0, 96, 120)


def ignore(_):
    return None


@pytest.fixture(scope="module")
def refiner():
    torch.manual_seed(5)
    net = ExtendedRefiner(3, 3)
    torch.nn.init.normal_(net.out.weight, 0, 0.3)
    return net.eval()


@pytest.fixture
def path(refiner, town, tmp_path):
    path = tmp_path / "extended.safetensors"
    save_model(path, refiner, ModelCard("extended", town.classes, 3, 0.5, 5))
    return str(path)


@pytest.fixture
def session(town, tmp_path, path):
    folder = tmp_path / "run"
    folder.mkdir()
    session = Session(Scene(town.image_path), folder, CPU)
    session.load_scores(town.scores_path, ignore)
    session.load_refiner(path)
    yield session
    session.close()


def step(session, start, count=1):
    list(session.step(start, count, ignore))


def scores(session, index):
    return session.maps(index, ALL).scores


def by_itself(session, refiner, start, count):
    image = torch.from_numpy(session.scene.read(ALL)[0])
    *_, last = refine_steps(refiner, torch.from_numpy(scores(session, start)), image, WHOLE, count)
    return last.numpy()


@pytest.mark.parametrize("tile", [None, 40])
def test_steps_continue_from_the_hidden_state(session, refiner, tile):
    session.engine.memory.side = tile or session.engine.memory.side
    for start in range(4):
        step(session, start)
    assert np.allclose(scores(session, 4), by_itself(session, refiner, 0, 4), atol=1e-4)
    step(session, 2, 2)  # go back, then continue
    assert np.allclose(scores(session, 4), by_itself(session, refiner, 0, 4), atol=1e-4)


def test_a_restarted_worker_continues_from_the_hidden_state(session, refiner):
    step(session, 0, 2)
    again = resume_session(session.run_dir, CPU)
    step(again, 2, 1)
    assert np.allclose(scores(again, 3), by_itself(session, refiner, 0, 3), atol=1e-4)
    again.close()


def test_another_refiner_resets_the_hidden_state(session, refiner, path):
    step(session, 0)
    session.load_refiner("heat")
    step(session, 1)
    session.load_refiner(path)
    step(session, 2, 2)
    assert np.allclose(scores(session, 4), by_itself(session, refiner, 2, 2), atol=1e-4)
    assert [one.iteration for one in session.history] == [0, 1, 1, 1, 2]


def test_a_new_coarse_map_resets_the_hidden_state(session, refiner, town, raster):
    step(session, 0)
    other = np.roll(town.scores, 9, axis=2)
    session.load_scores(raster("other.tif", other, nodata=-9999, names=town.classes), ignore)
    step(session, 0)
    assert np.allclose(scores(session, 1), by_itself(session, refiner, 0, 1), atol=1e-4)


def test_other_weights_in_the_same_file_reset_the_hidden_state(session, town, path):
    save_model(path, make_refiner("faithful", 3, 3), ModelCard("faithful", town.classes, 3, 0.5, 5))
    session.load_refiner(path)
    step(session, 0)
    torch.manual_seed(9)
    other = ExtendedRefiner(3, 3)
    save_model(path, other, ModelCard("extended", town.classes, 3, 0.5, 5))
    session.load_refiner(path)
    step(session, 1)
    assert np.allclose(scores(session, 2), by_itself(session, other, 1, 1), atol=1e-4)
