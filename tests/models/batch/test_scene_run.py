"""Block-wise runs over whole scenes: same results as in one piece, resumable, without incomplete outputs.

Modules that this file covers: models/batch/block_runner.py, models/batch/job.py, models/batch/tile_tasks.py,
models/io/tile_store.py, models/io/vrt.py.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from click.testing import CliRunner
from map_refiner.models.arrays.grid import Window
from map_refiner.models.batch import block_runner, scene_run, tile_tasks
from map_refiner.models.batch.step_folder import RECORD
from map_refiner.models.batch.tile_tasks import RefineTask
from map_refiner.models.cli.main import main
from map_refiner.models.io.tile_store import DONE, TileStore
from map_refiner.models.refine.extended import ExtendedRefiner
from map_refiner.models.scene.scene import Scene
from map_refiner.models.session.session import Session
from map_refiner.models.tiling import memory_fallback
from map_refiner.models.weights.checkpoint import ModelCard, save_model

CPU = torch.device("cpu")


def ignore(_):
    return None


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def do(*arguments):
    result = call(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def read(path):
    with rasterio.open(path) as source:
        return source.read()


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != RECORD)


@pytest.fixture(scope="module")
def extended(town, tmp_path_factory):
    torch.manual_seed(5)
    net = ExtendedRefiner(3, 3)
    torch.nn.init.normal_(net.out.weight, 0, 0.3)
    path = tmp_path_factory.mktemp("weights") / "extended.safetensors"
    save_model(path, net.eval(), ModelCard("extended", town.classes, 3, 0.5, 5))
    return str(path)


def refining(town, refiner, out, *options, steps=3):
    return (
        "refine",
        town.image_path,
        "--scores",
        town.scores_path,
        "--refiner",
        refiner,
        "--steps",
        steps,
        "-o",
        out,
        *options,
    )


def in_a_session(town, tmp_path, refiner, steps):
    """Run the steps one by one in a session, as the dock does."""
    (tmp_path / "run").mkdir()
    session = Session(Scene(town.image_path), tmp_path / "run", CPU)
    session.load_scores(town.scores_path, ignore)
    session.load_refiner(refiner)
    made = list(session.step(0, steps, ignore))
    maps = [session.maps(n, Window(0, 0, 96, 120)).probabilities() for n in range(steps + 1)]
    session.close()
    return maps, [step.changed for step in made]


@pytest.mark.parametrize("kind", ["extended", "faithful", "crf"])
@pytest.mark.parametrize("reach", [64, 1])
def test_blocks_and_passes_do_not_change_the_result(town, extended, refiner_path, tmp_path, monkeypatch, kind, reach):
    """Include the case in which the steps do not fit one pass and the state is stored in files."""
    monkeypatch.setattr(scene_run, "MOST_HALO_PX", reach)
    weights = {"extended": extended, "faithful": refiner_path}.get(kind, kind)
    maps, changed = in_a_session(town, tmp_path, weights, 3)
    said = do(*refining(town, weights, tmp_path / "out", "--block", 48)).stdout
    for n, expected in enumerate(maps):
        found = read(tmp_path / "out" / f"step_{n:03d}.tif")
        assert np.abs(found - expected).max() < 4e-5  # files store at least 1e-5
    assert ", ".join(f"{value:.2%}" for value in changed) in said
    assert names(tmp_path / "out") == [f"step_{n:03d}.tif" for n in range(4)]
    do(*refining(town, weights, tmp_path / "last", "--block", 48, "--last-only"))
    assert names(tmp_path / "last") == ["step_003.tif"]
    assert np.array_equal(read(tmp_path / "last" / "step_003.tif"), read(tmp_path / "out" / "step_003.tif"))


def test_classifying_in_blocks_equals_classifying_at_once(town, coarse_path, tmp_path):
    for name, block in (("one.tif", 2048), ("many.tif", 32)):
        do("classify", town.image_path, "--model", coarse_path, "-o", tmp_path / name, "--block", block)
    assert np.abs(read(tmp_path / "one.tif") - read(tmp_path / "many.tif")).max() < 1e-5
    assert names(tmp_path) == ["many.tif", "one.tif"]


@pytest.mark.parametrize("size", [0.5, 0.8])
def test_tiles_can_stay_below_a_vrt_on_the_grid_of_the_image(town, coarse_path, refiner_path, tmp_path, size):
    options = ("--block", 48, "--pixel-size", size)
    for name in ("s.tif", "s.vrt"):
        do("classify", town.image_path, "--model", coarse_path, "-o", tmp_path / name, *options)
    with rasterio.open(tmp_path / "s.tif") as one, rasterio.open(tmp_path / "s.vrt") as view:
        assert (view.shape, view.transform, view.crs) == (one.shape, one.transform, one.crs)
        assert view.descriptions == one.descriptions
        assert view.tags()["WORKING_PIXEL_SIZE_M"] == one.tags()["WORKING_PIXEL_SIZE_M"]
        assert np.abs(view.read() - one.read())[:, 2:-2, 2:-2].max() < (1e-5 if size == 0.5 else 0.02)
    tiles = sorted((tmp_path / "s.tiles" / "step_000").iterdir())
    assert len(tiles) == (6 if size == 0.5 else 4)
    with rasterio.open(tiles[0]) as tile:
        assert tile.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert names(tmp_path) == ["s.tif", "s.tiles", "s.vrt"]
    do(*refining(town, refiner_path, tmp_path / "o", "--vrt", *options, steps=1))
    do(*refining(town, refiner_path, tmp_path / "o", "--vrt", *options, steps=1))  # replaces the first run
    assert names(tmp_path / "o") == ["step_000.vrt", "step_001.vrt", "tiles"]
    assert read(tmp_path / "o" / "step_001.vrt").shape == (3, 96, 120)
    do("vectorize", tmp_path / "o" / "step_001.vrt", "-o", tmp_path / "p.gpkg")


# --- memory ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("work", ["refine", "classify"])
def test_tiles_shrink_with_a_warning_if_memory_runs_out(town, extended, coarse_path, tmp_path, monkeypatch, work):
    monkeypatch.setattr(memory_fallback, "SMALLEST_TILE_PX", 16)
    command = {
        "refine": refining(town, extended, "OUT", steps=2),
        "classify": ("classify", town.image_path, "--model", coarse_path, "-o", "OUT"),
    }[work]
    calm = [tmp_path / "calm" if word == "OUT" else word for word in command]
    hungry = [tmp_path / "hungry" if word == "OUT" else word for word in command]
    if work == "classify":
        calm[-1], hungry[-1] = tmp_path / "calm.tif", tmp_path / "hungry.tif"
    do(*calm)
    for kind in (RefineTask, tile_tasks.ClassifyTask):
        real = kind.compute

        def compute(self, tile, pixels, real=real):
            if max(tile.core.height, tile.core.width) > 40:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return real(self, tile, pixels)

        monkeypatch.setattr(kind, "compute", compute)
    result = do(*hungry)
    assert "continuing with tiles of 16 pixels" in result.stderr
    ends = ["step_001.tif", "step_002.tif"] if work == "refine" else [""]
    for end in ends:
        one, two = (
            read(Path(words[-1] if end == "" else tmp_path / name / end))
            for words, name in ((calm, "calm"), (hungry, "hungry"))
        )
        assert np.abs(one - two).max() < 1e-5


def test_too_little_memory_for_the_smallest_tiles_is_reported(town, coarse_path, tmp_path, monkeypatch):
    def compute(self, tile, pixels):
        raise MemoryError

    monkeypatch.setattr(tile_tasks.ClassifyTask, "compute", compute)
    result = call("classify", town.image_path, "--model", coarse_path, "-o", tmp_path / "s.tif")
    assert result.exit_code == 2
    assert "too little memory even for the smallest tiles" in result.stderr
    assert names(tmp_path) == []


# --- going on -------------------------------------------------------------------------------------------------------


@pytest.fixture
def interrupted(town, tmp_path, extended, monkeypatch):
    """A run interrupted after three of six blocks: its command, and the list of processed blocks."""
    worked = []
    real = block_runner.run_block

    def run_block(job, block):
        worked.append(block)
        if len(worked) == 4:
            raise KeyboardInterrupt
        return real(job, block)

    monkeypatch.setattr(scene_run, "run_block", run_block)
    copies = {}
    for name in ("image", "scores"):
        copies[name] = shutil.copy(getattr(town, f"{name}_path"), tmp_path / f"{name}.tif")
    weights = shutil.copy(extended, tmp_path / "r.safetensors")
    command = (
        "refine",
        copies["image"],
        "--scores",
        copies["scores"],
        "--refiner",
        weights,
        "--steps",
        2,
        "--block",
        48,
        "-o",
        tmp_path / "out",
    )
    assert call(*command).exit_code == 1
    worked[3:] = []
    return command, worked


def test_resuming_reuses_finished_blocks(interrupted, town, extended, tmp_path):
    command, worked = interrupted
    assert names(tmp_path / "out") == [".tiles"]  # no file that looks finished
    worked.append(None)  # so that the next call does not interrupt
    do(*command, "--resume")
    assert len(worked) == 4 + 3
    assert len({block for block in worked if block}) == 6
    do(*refining(town, extended, tmp_path / "whole", "--block", 48, steps=2))
    for name in (f"step_{n:03d}.tif" for n in range(3)):
        assert np.array_equal(read(tmp_path / "out" / name), read(tmp_path / "whole" / name))
    assert names(tmp_path / "out") == ["step_000.tif", "step_001.tif", "step_002.tif"]


@pytest.mark.parametrize("change", ["image.tif", "scores.tif", "r.safetensors", "steps", "block", "no --resume"])
def test_changed_inputs_are_processed_again(interrupted, tmp_path, change):
    command, worked = interrupted
    if (tmp_path / change).exists():
        os.utime(tmp_path / change, (1, 1))
    if change in ("steps", "block"):
        place = command.index(f"--{change}") + 1
        command = (*command[:place], {"steps": 3, "block": 32}[change], *command[place + 1 :])
    worked.append(None)
    do(*command, *(() if change == "no --resume" else ("--resume",)))
    assert len(worked) == 4 + (12 if change == "block" else 6)


def test_a_killed_run_leaves_no_files_that_look_finished(town, extended, tmp_path):
    """Kill a real process while it works, then resume its run."""
    command = [str(word) for word in refining(town, extended, tmp_path / "out", "--block", 16, steps=2)]
    program = [sys.executable, "-m", "map_refiner.models", *command]
    process = subprocess.Popen(program, stderr=subprocess.PIPE)
    done = tmp_path / "out" / ".tiles" / DONE
    limit = time.monotonic() + 120
    while len(list(done.glob("*.json"))) < 3 and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, process.stderr.read()
    assert names(tmp_path / "out") == [".tiles"]
    before = {path.name: path.stat().st_mtime_ns for path in done.glob("*.json")}
    assert 3 <= len(before) < 48
    watched = []
    real = TileStore.finish

    def finish(self, tile, stage, note):
        watched.append(tile)
        real(self, tile, stage, note)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TileStore, "finish", finish)
        do(*command, "--resume")
    assert len(watched) == 48 - len(before)
    do(*refining(town, extended, tmp_path / "whole", "--block", 16, steps=2))
    assert np.array_equal(read(tmp_path / "out" / "step_002.tif"), read(tmp_path / "whole" / "step_002.tif"))


def test_a_damaged_manifest_is_ignored(tmp_path):
    files, tile = TileStore(tmp_path / "f"), Window(0, 32, 16, 16)
    assert files.start({"a": (1, 2)}, resume=True) is False
    files.finish(tile, 0, {"pixels": 3})
    assert files.finished(tile, 0) == {"pixels": 3}
    assert files.finished(tile, 1) is None
    assert files.start({"a": (1, 2)}, resume=True) is True
    for content in ("[1", "[1]"):
        for path in (tmp_path / "f" / DONE).iterdir():
            path.write_text(content)
        assert files.finished(tile, 0) is None
    assert files.start({"a": (1, 3)}, resume=True) is False
    assert not list((tmp_path / "f" / DONE).iterdir())
