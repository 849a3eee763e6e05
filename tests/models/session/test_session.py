"""One session on a scene: its steps, its files, and resuming after the worker has ended.

Modules that this file covers: models/session/apply_corrections.py, models/session/derived_layers.py,
models/session/resume.py, models/session/step_engine.py, models/session/unfinished_step.py,
models/weights/compatibility.py.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from map_refiner.models.arrays.grid import Window
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.errors import CheckpointError, OutputError, RasterError, RefinerError
from map_refiner.models.io.raster_writer import NODATA
from map_refiner.models.refine.rnn import RefinementRNN
from map_refiner.models.scene import scene as scenes
from map_refiner.models.scene.scene import Scene
from map_refiner.models.session import session as sessions
from map_refiner.models.session import step_engine
from map_refiner.models.session.apply_corrections import apply_corrections
from map_refiner.models.session.resume import resume_session
from map_refiner.models.session.session import Session
from map_refiner.models.tiling import refine_tile as tiling_refine_tile
from map_refiner.models.weights.checkpoint import ModelCard, save_model

CPU = torch.device("cpu")


def ignore(_):
    return None


@pytest.fixture
def begin(town, tmp_path, refiner_path):
    """A function that opens the town with its coarse map and a refiner: begin(tile=None)."""
    opened = []

    def make(tile=None, image=town.image_path, scores=town.scores_path, refiner=refiner_path, **options):
        folder = tmp_path / f"run {len(opened)}"
        folder.mkdir()
        session = Session(Scene(image, **options), folder, CPU)
        opened.append(session)
        if scores:
            session.load_scores(scores, ignore)
        if refiner:
            session.load_refiner(refiner)
        if tile:
            session.engine.memory.side = tile
        return session

    yield make
    for session in opened:
        session.close()


def run(session, start, count):
    return list(session.step(start, count, ignore))


def probabilities(session, index):
    with rasterio.open(session.path(session.history[index].scores)) as source:
        return source.read()


def files(session):
    return {path.name for path in session.run_dir.iterdir()}


def test_step_0_is_the_coarse_map(begin, town):
    session = begin()
    (step,) = session.history
    assert (step.index, step.changed) == (0, None)
    assert np.allclose(probabilities(session, 0), town.scores, atol=1e-4)
    with rasterio.open(session.path(step.classes_raster)) as source:
        assert np.array_equal(source.read(1), town.scores.argmax(axis=0))
    assert session.classes == town.classes


def test_a_coarse_model_makes_step_0(begin, coarse_path):
    session = begin(scores=None, refiner=None)
    step = session.classify(coarse_path, ignore)
    maps = probabilities(session, 0)
    assert maps.shape == (3, 96, 120)
    assert np.allclose(maps.sum(axis=0), 1, atol=1e-5)
    assert maps.std() > 0.01
    assert step.milliseconds > 0


def test_steps_match_the_plain_refiner(begin, refiner_path):
    """Five steps of a session equal five plain steps of the paper's formula on the whole scene."""
    from map_refiner.models.arrays.borders import WHOLE
    from map_refiner.models.weights.checkpoint import load_refiner

    session = begin()
    whole = Window(0, 0, 96, 120)
    scores = torch.from_numpy(session.maps(0, whole).scores)
    image = torch.from_numpy(session.scene.read(whole)[0])
    refiner, _ = load_refiner(refiner_path)
    for step in run(session, 0, 5):
        with torch.no_grad():
            after = refiner.plain_step(scores, image, WHOLE)
        found = session.maps(step.index, whole).scores
        assert np.abs(found - after.numpy()).max() <= 1e-5 * after.abs().max()
        changed = (after.argmax(0) != scores.argmax(0)).float().mean().item()
        assert step.changed == pytest.approx(changed, abs=1e-3)
        scores = after
    assert step.index == 5
    assert changed > 0


@pytest.mark.parametrize("tile", [7, 32, 100])
def test_tiled_steps_match_untiled_steps(begin, tile):
    untiled, tiled = begin(), begin(tile=tile)
    for one, two in zip(run(untiled, 0, 8), run(tiled, 0, 8), strict=True):
        whole = Window(0, 0, 96, 120)
        expected, found = untiled.maps(one.index, whole).scores, tiled.maps(two.index, whole).scores
        assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()
        assert two.changed == pytest.approx(one.changed, abs=1e-3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 41), (37, 1), (5, 3)])
def test_scenes_smaller_than_the_filters_are_refined(begin, raster, shape):
    rng = np.random.default_rng(0)
    image = raster("i.tif", rng.integers(1, 250, (3, *shape)).astype("uint8"))
    maps = rng.dirichlet((1, 1, 1), shape).transpose(2, 0, 1).astype("float32")
    names = ("background", "building", "road")
    session = begin(image=image, scores=raster("s.tif", maps, names=names))
    for step in run(session, 0, 3):
        assert probabilities(session, step.index).shape == (3, *shape)


def test_stepping_from_an_earlier_step_replaces_the_later_steps(begin):
    session = begin()
    run(session, 0, 3)
    old = session.history[:]
    (again,) = run(session, 1, 1)
    assert [step.index for step in session.history] == [0, 1, 2]
    assert session.history[:2] == old[:2]
    assert np.array_equal(probabilities(session, 2), rasterio.open(session.path(old[2].scores)).read())
    assert again.scores != old[2].scores  # QGIS may hold the old file open


def test_file_names_are_never_reused(begin):
    session, seen = begin(), []
    for start in (0, 1, 0, 0, 1, 2):
        seen += [step.scores for step in run(session, start, 1)]
    session.load_scores(session.scene.path.with_name("scores.tif"), ignore)
    seen += [step.scores for step in (*session.history, *run(session, 0, 2))]
    assert len(set(seen)) == len(seen)
    assert set(seen) <= files(session)


def test_a_cancelled_step_keeps_the_existing_steps(begin):
    session = begin(tile=32)
    run(session, 0, 3)
    before, there = session.history[:], files(session)

    def cancel(fraction):
        if fraction > 0.3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        list(session.step(1, 1, cancel))
    assert session.history == before
    assert files(session) == there
    assert run(session, 3, 1)[0].index == 4


def test_finished_steps_of_a_cancelled_run_are_kept(begin):
    session = begin()

    def cancel(fraction):
        if fraction > 0.7:
            raise InterruptedError

    made = []
    with pytest.raises(InterruptedError):
        made.extend(session.step(0, 4, cancel))
    assert [step.index for step in session.history] == [0, 1, 2]
    assert probabilities(session, 2).shape == (3, 96, 120)


def test_nodata_is_kept_through_all_steps(begin, raster, town):
    with rasterio.open(town.image_path) as source:
        image = source.read()
    image[:, 30:50, 40:70] = 0
    maps = town.scores.copy()
    maps[:, 60:70, 10:20] = -9999
    session = begin(
        image=raster("i.tif", image, nodata=0),
        scores=raster("s.tif", maps, nodata=-9999, names=town.classes),
        tile=50,
    )
    hole = np.zeros((96, 120), bool)
    hole[30:50, 40:70] = hole[60:70, 10:20] = True
    for step in run(session, 0, 3):
        assert np.array_equal((probabilities(session, step.index) == NODATA).all(axis=0), hole)
        with rasterio.open(session.path(step.classes_raster)) as source:
            assert np.array_equal(source.read(1) == UNLABELLED, hole)
        assert session.maps(step.index, Window(0, 0, 96, 120)).valid.sum() == (~hole).sum()


def test_an_area_and_a_pixel_size_are_applied(begin):
    session = begin(area=(500_005, 4_649_060, 500_045, 4_649_090), pixel_size=1.0)
    (step,) = run(session, 0, 1)
    with rasterio.open(session.path(step.scores)) as source:
        assert source.shape == (30, 40)
        assert source.bounds == (500_005, 4_649_060, 500_045, 4_649_090)


def test_missing_inputs_and_unknown_steps_are_refused(begin, town, tmp_path):
    session = begin(scores=None, refiner=None)
    with pytest.raises(RefinerError, match="no coarse map yet"):
        run(session, 0, 1)
    session.load_scores(town.scores_path, ignore)
    with pytest.raises(RefinerError, match="no refiner yet"):
        run(session, 0, 1)
    for start in (1, -1, 99):
        with pytest.raises(RefinerError, match=f"no step {start}; the last one is 0"):
            run(session, start, 1)


def test_scores_outside_the_scene_are_refused(begin, raster, town):
    place = rasterio.transform.from_origin(600_000, 4_649_100, 0.5, 0.5)
    session = begin()
    before = files(session)
    with pytest.raises(RefinerError, match="no data within the scene"):
        session.load_scores(raster("s.tif", town.scores, transform=place), ignore)
    assert files(session) == before
    assert len(session.history) == 1


def refiner_of(path, classes=("background", "building", "road"), bands=3):
    save_model(path, RefinementRNN(len(classes), bands), ModelCard("faithful", classes, bands, 0.5))
    return str(path)


def test_incompatible_weights_are_refused(begin, tmp_path, coarse_path):
    session = begin()
    kept = session.refiner
    with pytest.raises(CheckpointError, match=r"expects 4 bands; 3 of image\.tif are chosen"):
        session.load_refiner(refiner_of(tmp_path / "a.safetensors", bands=4))
    with pytest.raises(CheckpointError, match="refines the classes background, water; the coarse map has"):
        session.load_refiner(refiner_of(tmp_path / "b.safetensors", ("background", "water")))
    with pytest.raises(CheckpointError, match="a refiner is needed here"):
        session.load_refiner(coarse_path)
    assert session.refiner is kept


def test_a_refiner_with_other_classes_is_dropped_with_a_notice(begin, tmp_path, town):
    """This also holds if the number of classes is the same, so that only the names differ."""
    other = refiner_of(tmp_path / "w.safetensors", ("background", "water", "ice"))
    session = begin(scores=None, refiner=other)
    session.load_scores(town.scores_path, ignore)
    assert session.refiner is None
    assert "background, water, ice" in str(session.take_notices()[0])


# --- going on after the end of a worker -----------------------------------------------------------------------------


@pytest.fixture
def go_on():
    opened = []

    def make(folder):
        opened.append(resume_session(folder, CPU))
        return opened[-1]

    yield make
    for session in opened:
        session.close()


def test_a_session_resumes_in_the_same_state(begin, go_on):
    session = begin(area=(500_005, 4_649_060, 500_045, 4_649_090), pixel_size=0.8, bands=(3, 2, 1))
    run(session, 0, 2)
    again = go_on(session.run_dir)
    assert again.history == session.history
    assert again.classes == session.classes
    assert again.scene.grid == session.scene.grid
    assert again.scene.bands == (3, 2, 1)
    expected, found = run(session, 2, 1), run(again, 2, 1)
    assert np.array_equal(probabilities(session, 3), probabilities(again, 3))
    assert found[0].index == expected[0].index == 3


def test_resuming_keeps_the_steps_before_the_first_missing_file(begin, go_on):
    session = begin()
    run(session, 0, 4)
    Path(session.path(session.history[3].state)).unlink()
    again = go_on(session.run_dir)
    assert [step.index for step in again.history] == [0, 1, 2]
    assert run(again, 2, 1)[0].scores not in {step.scores for step in session.history}


def test_file_names_are_never_reused_after_resuming(begin, go_on):
    session = begin()
    run(session, 0, 2)
    run(session, 0, 2)
    there = files(session)
    again = go_on(session.run_dir)
    for _ in range(5):
        (step,) = run(again, 0, 1)
        assert step.scores not in there
        there = files(session)


def test_partial_files_are_removed_on_resume(begin, go_on):
    session = begin()
    (session.run_dir / ".step_001_0009.tif.part").write_bytes(b"half")
    go_on(session.run_dir)
    assert not [name for name in files(session) if name.endswith(".part")]


@pytest.mark.parametrize("damage", ["missing", "damaged"])
def test_a_missing_or_damaged_refiner_does_not_prevent_resuming(begin, go_on, tmp_path, damage):
    path = tmp_path / "r.safetensors"
    session = begin(refiner=refiner_of(path))
    run(session, 0, 1)
    path.unlink() if damage == "missing" else path.write_bytes(b"nonsense")
    again = go_on(session.run_dir)
    assert len(again.history) == 2
    assert again.refiner is None
    assert "r.safetensors" in str(again.take_notices()[0])


def test_resuming_without_the_image_is_refused(begin, raster, town, tmp_path):
    with rasterio.open(town.image_path) as source:
        path = raster("gone.tif", source.read())
    session = begin(image=path)
    Path(path).unlink()
    with pytest.raises(RasterError, match="There is no file"):
        resume_session(session.run_dir, CPU)


@pytest.mark.parametrize("content", [None, "", "null", "[]", "{}", '{"image": 3}', "nonsense"])
def test_resuming_an_invalid_run_folder_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / sessions.SESSION_RECORD).write_text(content)
    with pytest.raises(RefinerError):
        resume_session(tmp_path, CPU)


def test_the_manifest_is_plain_json(begin):
    session = begin()
    content = json.loads((session.run_dir / sessions.SESSION_RECORD).read_text(encoding="utf-8"))
    assert content["classes"] == ["background", "building", "road"]
    assert [step["index"] for step in content["history"]] == [0]


def test_a_missing_run_folder_is_reported(begin):
    session = begin()
    for path in session.run_dir.iterdir():
        path.unlink()
    session.run_dir.rmdir()
    with pytest.raises((OutputError, RasterError), match="There is no"):
        run(session, 0, 1)


# --- going on from finished tiles -----------------------------------------------------------------------------------


@pytest.fixture
def large(monkeypatch):
    """Every scene treated as a large one, with tiles of 40 pixels."""
    monkeypatch.setattr(scenes, "KEPT_PIXELS", 1)
    monkeypatch.setattr(sessions, "TILE_PX", 40)


def broken_off(act, after=3):
    """Interrupt a step after about `after` of its nine tiles; up to two that wait to be written are cancelled."""

    def progress(fraction):
        if fraction > (after - 0.5) / 9:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        act(progress)


@pytest.fixture
def computed(monkeypatch):
    """A list that collects the cores of the refined tiles."""
    found, real = [], tiling_refine_tile.refine_tile

    def refine_tile(refiner, tile, *rest, **options):
        found.append(tile.core)
        return real(refiner, tile, *rest, **options)

    monkeypatch.setattr(step_engine, "refine_tile", refine_tile)
    return found


def test_an_interrupted_step_resumes_from_its_finished_tiles(begin, go_on, large, computed):
    """This also holds in a resumed session; the maps equal those of an uninterrupted run."""
    whole, session = begin(tile=40), begin(tile=40)
    expected = run(whole, 0, 2)
    broken_off(lambda progress: list(session.step(0, 1, progress)), after=4)
    assert not [name for name in files(session) if name.startswith("step_001")]  # no file that looks finished
    again = go_on(session.run_dir)
    again.engine.memory.side = 60  # a larger tile than in the interrupted run
    kept, told = again.unfinished(), []
    assert (kept.step, kept.tiles) == (1, 9)
    assert 2 <= kept.finished <= 4
    again.on_resumed(told.append)
    computed.clear()
    (first,) = run(again, 0, 1)
    assert told == [kept]
    assert len(computed) == 9 - kept.finished
    assert again.unfinished() is None
    again.engine.memory.side = 40
    (second,) = run(again, 1, 1)
    everything = Window(0, 0, 96, 120)
    for one, two in zip(expected, (first, second), strict=True):
        assert two.changed == one.changed
        assert np.array_equal(probabilities(again, two.index), probabilities(whole, one.index))
        assert np.array_equal(again.maps(two.index, everything).scores, whole.maps(one.index, everything).scores)


@pytest.mark.parametrize("change", ["refiner", "weights", "start", "coarse map", "corrections", "smaller tiles"])
def test_finished_tiles_with_other_inputs_are_not_reused(
    begin, large, computed, change, refiner_path, tmp_path, town, vectors, pixels
):
    """The step equals that of an uninterrupted session."""
    weights = shutil.copy(refiner_path, tmp_path / "own.safetensors")
    session, calm = begin(tile=40, refiner=weights), begin(tile=40, refiner=weights)
    start = 0 if change in ("refiner", "weights") else 1  # so that only the refiner or its weights differ
    for each in (session, calm):
        run(each, 0, start)
        if change == "corrections":
            earlier = vectors("e.gpkg", [pixels(50, 5, 12, 12)], **{"class": ["road"]})
            list(apply_corrections(each, earlier, 1, ignore))
        if each is session:
            broken_off(lambda progress: list(session.step(start, 1, progress)))
        if change == "refiner":
            each.load_refiner("heat")
        elif change == "weights":
            torch.manual_seed(3)
            each.load_refiner(refiner_of(weights))
        elif change == "start":
            run(each, 0, 1)
        elif change == "coarse map":
            each.load_scores(town.scores_path, ignore)
            run(each, 0, 1)
        elif change == "corrections":
            path = vectors("c.gpkg", [pixels(5, 5, 12, 12)], **{"class": ["road"]})
            list(apply_corrections(each, path, 1, ignore))
        else:
            each.engine.memory.side = 33
        computed.clear()
        (step,) = run(each, start, 1)
        assert len(computed) == (12 if change == "smaller tiles" else 9)
    assert np.array_equal(probabilities(session, step.index), probabilities(calm, step.index))


def test_an_interrupted_coarse_map_resumes(begin, large, town):
    session = begin(scores=None, refiner=None)
    broken_off(lambda progress: session.load_scores(town.scores_path, progress))
    kept, told = session.unfinished(), []
    assert (kept.step, kept.tiles) == (0, 9)
    session.on_resumed(told.append)
    session.load_scores(town.scores_path, ignore)
    assert told == [kept]
    assert np.allclose(probabilities(session, 0), town.scores, atol=1e-4)
    assert session.unfinished() is None


def test_a_tile_with_a_damaged_record_is_recomputed(begin, large, computed):
    session = begin(tile=40)
    broken_off(lambda progress: list(session.step(0, 1, progress)))
    kept = session.unfinished().finished
    (session.run_dir / ".unfinished" / "done").joinpath("0000000_0000000_0.json").write_text('{"fli')
    computed.clear()
    run(session, 0, 1)
    assert len(computed) == 9 - kept + 1


# --- too little memory ----------------------------------------------------------------------------------------------


class Hungry(RefinementRNN):
    """A refiner that runs out of memory on tiles larger than `room`."""

    room = 0
    errors = iter(())

    def prepare(self, image, scores, borders):
        if max(image.shape[-2:]) > self.room + 2 * self.halo:
            raise next(self.errors)
        return super().prepare(image, scores, borders)


def hungry(session, room, make):
    torch.manual_seed(0)
    session.refiner = Hungry(3, 3).eval()
    session.refiner.room, session.refiner.errors = room, iter(make, None)
    return session


@pytest.fixture
def big(raster):
    rng = np.random.default_rng(0)
    maps = rng.dirichlet((1, 1, 1), (30, 700)).transpose(2, 0, 1).astype("float32")
    return {
        "image": raster("i.tif", rng.integers(1, 250, (3, 30, 700)).astype("uint8")),
        "scores": raster("s.tif", maps, names=("background", "building", "road")),
    }


@pytest.mark.parametrize(
    "error",
    [
        lambda: torch.OutOfMemoryError("CUDA out of memory"),
        lambda: MemoryError(),
        lambda: RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
    ids=["CUDA", "Python", "torch on the CPU"],
)
def test_tiles_shrink_when_memory_runs_out(begin, big, error):
    session, calm = begin(**big), begin(**big)
    run(hungry(calm, 10**6, error), 0, 1)
    (step,) = run(hungry(session, 200, error), 0, 1)
    assert step.index == 1
    assert np.allclose(probabilities(session, 1), probabilities(calm, 1), atol=1e-5)
    assert any("tiles of" in str(notice) for notice in session.take_notices())
    run(session, 1, 1)
    assert not session.take_notices()  # the smaller size is kept
    assert not [name for name in files(session) if name.endswith(".part")]


def test_too_little_memory_for_the_smallest_tiles_is_reported(begin, big):
    session = begin(**big)
    with pytest.raises(RefinerError, match="too little memory even for the smallest tiles"):
        run(hungry(session, 0, MemoryError), 0, 1)
    assert len(session.history) == 1


def test_other_errors_are_not_treated_as_out_of_memory(begin, big):
    session = begin(**big)
    with pytest.raises(RuntimeError, match="shapes"):
        run(hungry(session, 0, lambda: RuntimeError("shapes do not fit")), 0, 1)
    assert not session.take_notices()
