"""Training-free model kinds, from the command line to the rasters."""

import numpy as np
import pytest
import rasterio
from click.testing import CliRunner
from map_refiner.models.cli.main import main
from map_refiner.models.shared.model_kinds import TRAINING_FREE
from map_refiner.models.weights.checkpoint import load_refiner


def do(*arguments):
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def scores_of(path):
    with rasterio.open(path) as source:
        return source.read()


@pytest.mark.parametrize("kind", sorted(TRAINING_FREE))
def test_training_free_kinds_refine_without_a_weights_file(town, tmp_path, kind):
    do("refine", town.image_path, "--scores", town.scores_path, "--refiner", kind, "--steps", 2, "-o", tmp_path)
    before, once, twice = (scores_of(tmp_path / f"step_{n:03d}.tif") for n in range(3))
    assert np.abs(once - before).max() > 1e-3
    assert np.abs(twice - once).max() > 1e-3
    assert np.isfinite(twice).all()
    assert twice.sum(axis=0) == pytest.approx(np.ones(twice.shape[1:]), abs=1e-4)


def test_a_grid_search_writes_a_weights_file_that_refines(town, tmp_path):
    found = tmp_path / "crf.safetensors"
    said = do(
        "train-refiner",
        town.image_path,
        "--scores",
        town.scores_path,
        "--labels",
        town.labels_path,
        "--refiner",
        "crf",
        "--steps",
        4,
        "-o",
        found,
    )
    assert "held-out mean IoU" in said
    refiner, card = load_refiner(found)
    assert (card.kind, card.classes) == ("crf", town.classes)
    assert {each.name: pytest.approx(refiner.value(each.name)) for each in refiner.tunable} in refiner.candidates()
    do("refine", town.image_path, "--scores", town.scores_path, "--refiner", found, "--steps", 1, "-o", tmp_path / "o")
    assert (tmp_path / "o" / "step_001.tif").is_file()
