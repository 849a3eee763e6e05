"""Files of version 0.1.0 open in this version: weights, the folder of a session, and the options of the command."""

import json

import numpy as np
import pytest
import rasterio
import torch
from click.testing import CliRunner
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.cli.main import main
from map_refiner.models.refine.unroll import refine_steps
from map_refiner.models.session.resume import resume_session
from map_refiner.models.weights.checkpoint import load_coarse, load_refiner, read_card
from released import restore_time, unpack

CPU = torch.device("cpu")


@pytest.fixture
def released(tmp_path):
    return unpack(tmp_path, "session")


@pytest.mark.parametrize("kind", ["faithful", "class-agnostic", "extended", "heat"])
def test_a_refiner_of_the_first_version_refines(released, kind):
    refiner, card = load_refiner(str(released / f"{kind}.safetensors"))
    assert (card.kind, card.classes, card.bands) == (kind, ("background", "building", "road"), 3)
    assert card.best_step == 4
    scores, image = torch.randn(3, 20, 24), torch.randn(3, 20, 24)
    states = list(refine_steps(refiner, scores, image, WHOLE, 2))
    assert len(states) == 2
    assert all(torch.isfinite(state).all() for state in states)


def test_a_coarse_model_of_the_first_version_classifies(released):
    model, card = load_coarse(str(released / "gru.safetensors"), CPU)
    assert card.statistics.mean == (1.0, 2.0, 3.0)
    assert torch.isfinite(model.scores(torch.randn(1, 3, 8, 8))).all()
    assert read_card(str(released / "faithful.safetensors")).licence == "test"


def test_the_folder_of_a_session_resumes_and_steps_on_exactly(released):
    run = released / "run"
    restore_time(released / "extended.safetensors", run / "session.json")
    session = resume_session(run, CPU)
    assert [step.index for step in session.history] == [0, 1, 2]
    assert [step.iteration for step in session.history] == [0, 1, 2]
    stored = session.history[2]
    (again,) = session.step(1, 1, lambda _: None)
    session.close()
    assert again.iteration == 2
    with rasterio.open(run / stored.state) as old, rasterio.open(run / again.state) as new:
        assert np.allclose(old.read(), new.read(), atol=1e-5)
    entry = json.loads((run / "session.json").read_text())["history"][2]
    assert entry["age"] == 2  # stored under the name of the first version, which can read it too


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (
            "train-coarse",
            "--class --labels --also --model --samples --steps --trunk --pixel-size --bands --seed --device",
        ),
        ("train-refiner", "--scores --labels --refiner --steps --from --pixel-size --bands --seed --device"),
        ("classify", "--model --multi-scale --pixel-size --bands --device --resume --scheduler --block"),
        ("refine", "--scores --refiner --steps --last-only --vrt --pixel-size --bands --device --resume --scheduler"),
        ("evaluate", "--labels --report --scheduler"),
        ("vectorize", "--min-area --tolerance --background --scheduler"),
        ("import-cube", "--key"),
        ("doctor", "--device"),
    ],
)
def test_the_options_of_the_first_version_are_accepted(command, options):
    known = {name for option in main.commands[command].params for name in option.opts}
    assert not set(options.split()) - known
    assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0
