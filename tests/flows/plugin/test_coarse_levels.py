"""Pyramid levels that arrive before the coarse map, from which the refiner continues."""

import subprocess
from pathlib import Path

import pytest
from map_refiner.plugin.run import run_file

ROOT = Path(__file__).resolve().parents[3]
_WEIGHTS = """
import importlib.util, os, sys
root, path = sys.argv[1:]
spec = importlib.util.spec_from_file_location(
    "map_refiner", os.path.join(root, "__init__.py"), submodule_search_locations=[root])
sys.modules["map_refiner"] = importlib.util.module_from_spec(spec)
import torch
from map_refiner.models.weights.checkpoint import ModelCard, save_model
from map_refiner.models.coarse.lrr import LRR
torch.manual_seed(0)
net = LRR(3, 3)
net.bases.normal_()
for head in net.coefficients:
    torch.nn.init.normal_(head.weight, std=0.01)
save_model(path, net, ModelCard("lrr", ("background", "building", "road"), 3, 0.5))
"""


@pytest.fixture
def pyramid(analyst, tmp_path):
    """An analyst who has requested the coarse map of an untrained pyramid."""
    path = tmp_path / "lrr.safetensors"
    python = ROOT / ".venv" / "worker" / "bin" / "python"
    subprocess.run([python, "-I", "-c", _WEIGHTS, ROOT, path], check=True)
    analyst.plugin.controller.steps._sharpening.setInterval(150)
    analyst.plugin.controller.steps._pause.setInterval(150)
    analyst.dock.coarse.source.add_file("pyramid", str(path))
    analyst.click(analyst.dock.coarse.classify)
    return analyst


def test_pyramid_levels_precede_the_steps_of_the_refiner(pyramid, refiner_file, wait_until, project):
    dock, seen = pyramid.dock, []

    def look():
        seen.extend(name for name in pyramid.visible_layers() if [name] != seen[-1:])
        return seen[-1:] == ["Step 0 · classes"]

    wait_until(look, 200, "the coarse map")
    pyramid.wait()
    names = ["Coarse 32x", "Coarse 16x", "Coarse 8x", "Step 0 (Coarse Map)"]
    assert pyramid.groups()["Refined: image"] == names
    assert seen == ["Coarse 32x · classes", "Coarse 16x · classes", "Coarse 8x · classes", "Step 0 · classes"]

    assert (dock.refine.slider.minimum(), dock.refine.slider.value()) == (-3, 0)
    dock.refine.slider.setValue(-2)
    assert pyramid.visible_layers() == ["Coarse 16x · classes"]
    assert dock.refine.facts.text().startswith("Coarse 16x")
    dock.refine.kind.setCurrentIndex(2)
    assert pyramid.visible_layers() == ["Coarse 16x · building"]
    pyramid.click(dock.refine.back)
    assert pyramid.visible_layers() == ["Coarse 32x · building"]
    assert not dock.refine.back.isEnabled()
    dock.refine.kind.setCurrentIndex(0)

    pyramid.choose_refiner(refiner_file)
    dock.refine.end.setValue(1)
    pyramid.click(dock.refine.play)  # from the coarsest to the finest level, then the refiner
    pyramid.wait()
    assert (pyramid.run.shown, pyramid.run.last) == (1, 1)
    assert pyramid.groups()["Refined: image"] == [*names, "Step 1"]
    assert pyramid.visible_layers() == ["Step 1 · classes"]

    found, _ = run_file.read(pyramid.run.folder, project.transformContext())
    assert [level.title for level in found.levels] == ["32x", "16x", "8x"]
    assert found.levels == pyramid.run.levels
    assert all(Path(level.scores).is_file() for level in found.levels)

    pyramid.dock.coarse.source.choose_key("scores")  # another coarse map, without levels
    pyramid.use_scores()
    assert pyramid.groups()["Refined: image"] == ["Step 0 (Coarse Map)"]
    assert dock.refine.slider.minimum() == 0
