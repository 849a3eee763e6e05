"""The real worker process over real pipes: a full workflow, bad input, and all kinds of interruption.

Modules that this file covers: models/pipelines/fine_tune_refiner.py, models/scene/class_spectra.py,
models/shared/events.py, models/worker/connection.py, models/worker/context.py,
models/worker/handlers/corrections.py, models/worker/handlers/evaluation.py, models/worker/handlers/export.py,
models/worker/handlers/inspection.py, models/worker/handlers/scenes.py, models/worker/handlers/steps.py,
models/worker/handlers/training.py, models/worker/main.py.
"""

import json
import queue
import re
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from map_refiner.models.refine.training.held_out import best_step
from map_refiner.models.shared import codec
from map_refiner.models.shared.class_source import ClassSource
from map_refiner.models.shared.events import (
    Alive,
    Cancelled,
    Corrected,
    Evaluated,
    Exported,
    Failed,
    FiltersShown,
    FineTuned,
    Finished,
    Noticed,
    Opened,
    Previewed,
    Ready,
    RegionFound,
    SpectraShown,
    Stepped,
    Trained,
    TrainingProgressed,
    UncertainPlacesFound,
)
from map_refiner.models.shared.requests import (
    Cancel,
    Classify,
    Correct,
    Evaluate,
    ExportPolygons,
    ExportRaster,
    ExportScores,
    FindRegion,
    FindUncertainPlaces,
    FineTune,
    LoadRefiner,
    LoadScores,
    Open,
    Resume,
    ShowFilters,
    ShowSpectra,
    Step,
    Stop,
    TrainCoarse,
    TrainRefiner,
    Vectorize,
    WriteDerivedLayer,
)
from map_refiner.models.weights.checkpoint import load_refiner
from scipy import ndimage

SOON_S = 2.0  # time limit for the answer to Cancel and Stop

# Prints to stdout from Python, from C and as raw bytes while the worker runs, as libraries do.
CHATTER = """
import ctypes, threading, time
def chatter():
    c = ctypes.CDLL(None)
    while sys.stdout is not sys.stderr:  # stdout belongs to the worker once it says so
        time.sleep(0.01)
    while True:
        print("stray from Python")
        c.puts(b"stray from C")
        c.fflush(None)
        os.write(1, b"stray bytes")
        time.sleep(0.02)
threading.Thread(target=chatter, daemon=True).start()
"""


@pytest.fixture(scope="module")
def worker(start_worker):
    """A worker shared by many tests in turn; libraries print to its stdout all the time."""
    return start_worker(CHATTER if sys.platform == "linux" else "")


@pytest.fixture
def opened(worker, town, tmp_path):
    """The worker with the town open, and its coarse map and a refiner loaded."""
    worker.do(Open(town.image_path, str(tmp_path / "run")))
    worker.do(LoadScores(town.scores_path))
    return worker


@pytest.fixture
def ready(opened, refiner_path):
    opened.do(LoadRefiner(refiner_path))
    return opened


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def read(path, band=None):
    with rasterio.open(path) as source:
        return source.read(band)


# --- a day ----------------------------------------------------------------------------------------------------------


def test_ready_is_the_first_event(start_worker):
    """`Ready` names the device in use, and why the requested device is not used."""
    worker = start_worker(ready=False, device="cuda:99")
    _, first = worker.timed_event(with_beats=True)
    assert isinstance(first, Ready)
    assert first.version == codec.VERSION
    assert first.device == "cpu"
    assert "threads" in first.device_name
    assert "cuda:99 is not there" in first.device_name
    assert first.python.startswith("3.")
    _, second = worker.timed_event(timeout=30, with_beats=True)
    assert isinstance(second, Alive)
    assert worker.end() == 0


def test_the_whole_workflow(worker, town, tmp_path, refiner_path):
    run, out = tmp_path / "runs" / "first", tmp_path
    events = worker.do(Open(town.image_path, str(run)))
    assert events == [Opened(120, 96, pytest.approx(0.5, rel=0.01), -1)]

    (step,) = of(Stepped, worker.do(LoadScores(town.scores_path)))
    assert (step.index, step.changed, step.classes) == (0, None, town.classes)
    assert np.allclose(read(step.scores), town.scores, atol=1e-4)

    (loaded,) = worker.do(LoadRefiner(refiner_path))
    assert loaded.path == refiner_path
    assert "faithful" in loaded.summary

    steps = of(Stepped, worker.do(Step(0, 3)))
    assert [step.index for step in steps] == [1, 2, 3]
    assert all(0 <= step.changed <= 1 and step.milliseconds > 0 for step in steps)
    for step in steps:
        assert Path(step.scores).is_absolute()
        assert np.array_equal(read(step.scores).argmax(axis=0), read(step.classes_raster, 1))

    model = str(out / "trained.safetensors")
    events = worker.do(TrainRefiner(town.tile_path, model, "faithful", updates=4))
    (trained,) = of(Trained, events)
    told = of(TrainingProgressed, events)
    assert (trained.model, trained.updates, trained.stopped, trained.role) == (model, 4, False, "refiner")
    assert trained.by_step[5] == max(event.held_out_miou for event in told if event.held_out_miou is not None)
    assert trained.held_out_miou == trained.by_step[trained.best_step]
    assert trained.best_step == best_step(trained.by_step)
    assert trained.coarse_miou == trained.by_step[0]
    assert {event.coarse_miou for event in told} == {trained.coarse_miou}
    assert load_refiner(model)[1].classes == town.classes

    steps = of(Stepped, worker.do(Step(0, 2)))
    assert [step.index for step in steps] == [1, 2]

    for name in ("p.gpkg", "p.shp", "p.geojson"):
        (exported,) = of(Exported, worker.do(ExportPolygons(2, str(out / name), 2.0, 0.5)))
        meta, _, wkb, values = pyogrio.raw.read(out / name)
        assert exported == Exported(str(out / name), len(wkb))
        fields = dict(zip(meta["fields"], values, strict=True))
        assert set(fields["class"]) <= {"building", "road"}
        assert fields["area_m2"].sum() == pytest.approx((read(steps[1].classes_raster) > 0).sum() / 4, rel=0.2)

    (exported,) = of(Exported, worker.do(ExportRaster(2, str(out / "classes.tif"))))
    assert np.array_equal(read(exported.path), read(steps[1].classes_raster))

    found = of(Evaluated, worker.do(Evaluate(town.tile_path)))
    assert [event.index for event in found] == [0, 1, 2]
    truth = read(town.labels_path, 1)
    for event, step in zip(found[1:], steps, strict=True):
        assert event.overall_accuracy == pytest.approx((read(step.classes_raster, 1) == truth).mean(), abs=1e-3)
        assert event.mean_iou == pytest.approx(np.mean(event.iou))
        assert event.boundary_iou == tuple(boundary_iou(read(step.classes_raster, 1), truth, k) for k in range(3))
    assert found[2].mean_iou > found[0].mean_iou  # a few updates already improve the map


def boundary_iou(predicted, truth, k):
    """Return the boundary IoU of a class, from the pixels that two erosions by a 3 x 3 square remove."""
    square = np.ones((3, 3), bool)
    found, wanted = ((labels == k) & ~ndimage.binary_erosion(labels == k, square, 2) for labels in (predicted, truth))
    return pytest.approx((found & wanted).sum() / (found | wanted).sum(), abs=0.01)


def test_a_coarse_model_is_trained_from_vector_layers(worker, town, tmp_path):
    worker.do(Open(town.image_path, str(tmp_path / "run")))
    sources = (ClassSource("building", town.houses_path), ClassSource("road", town.streets_path, 4.0))
    model = str(tmp_path / "c.safetensors")
    events = worker.do(TrainCoarse(sources, model, updates=2))
    (trained,) = of(Trained, events)
    assert (trained.role, trained.updates, trained.coarse_miou) == ("coarse", 2, None)
    assert len(of(TrainingProgressed, events)) >= 1
    (step,) = of(Stepped, worker.do(Classify(model)))
    assert step.classes == town.classes
    assert np.allclose(read(step.scores).sum(axis=0), 1, atol=1e-5)


def test_spectra_are_shown_and_used_for_training_and_classification(worker, raster, vectors, pixels, tmp_path):
    random = np.random.default_rng(0)
    classes = np.kron(random.integers(0, 3, (4, 5)), np.ones((12, 12), dtype=int))
    cube = 500 * random.random((3, 224))[classes].transpose(2, 0, 1) + random.normal(0, 20, (224, 48, 60))
    cube[130:135] = -32768
    names = ("grass", "soil", "water")
    places = [(r, c) for r in range(4) for c in range(5)]
    labels = vectors(
        "labels.gpkg",
        [pixels(12 * c + 3, 12 * r + 3, 6, 6) for r, c in places],
        **{"class": [names[classes[12 * r, 12 * c]] for r, c in places]},
    )
    image = raster("cube.tif", cube.astype("float32"), nodata=-32768)
    (noticed,) = of(Noticed, worker.do(Open(image, str(tmp_path / "run"))))
    assert "no data in band 131-135" in str(noticed.texts[0])
    (shown,) = of(SpectraShown, worker.do(ShowSpectra(labels)))
    assert shown.classes == names
    assert sum(shown.pixels) == 36 * len(places)
    assert np.shape(shown.mean) == np.shape(shown.std) == (3, 224)
    inside = cube[:, classes == 1]
    assert np.allclose(np.array(shown.mean)[1, :130], inside[:130].mean(axis=1), atol=12)
    model = str(tmp_path / "c.safetensors")
    events = worker.do(TrainCoarse((), model, 60, kind="cnn-1d", labels=labels, samples=50))
    assert of(Trained, events)[0].updates == 60
    (step,) = of(Stepped, worker.do(Classify(model)))
    assert step.classes == ("background", *names)
    found = read(step.scores)[1:].argmax(axis=0)
    assert (found == classes).mean() > 0.8
    worker.do(LoadRefiner("opinion-pool"))
    worker.do(Step(0))
    worker.do(ExportPolygons(1, str(tmp_path / "p.gpkg")))
    assert "none of unet-lite0, fcn-8s, " in worker.refuse(TrainCoarse((), model, kind="oracle", labels=labels))
    assert "There is no file" in worker.refuse(TrainCoarse((), model, kind="lstm", labels=labels + "x"))


def test_an_area_at_another_pixel_size_is_exported_on_the_image_grid(worker, town, tmp_path, refiner_path):
    area = (500_010.0, 4_649_060.0, 500_050.0, 4_649_090.0)
    (opened,) = worker.do(Open(town.image_path, str(tmp_path / "run"), (), area, 1.0))
    assert (opened.width, opened.height) == (40, 30)
    worker.do(LoadScores(town.scores_path))
    worker.do(LoadRefiner(refiner_path))
    worker.do(Step(0))
    worker.do(ExportRaster(1, str(tmp_path / "c.tif")))
    with rasterio.open(tmp_path / "c.tif") as source:
        assert source.shape == (60, 80)
        assert source.bounds == area
    worker.do(ExportPolygons(1, str(tmp_path / "p.gpkg"), background=True))
    shapes = shapely.from_wkb(pyogrio.raw.read(tmp_path / "p.gpkg")[2])
    assert shapely.union_all(shapes).symmetric_difference(shapely.box(*area)).area < 1e-6


def test_filters_are_shown(ready, tmp_path):
    ready.do(Step(0, 1))
    path = str(tmp_path / "f.tif")
    (event,) = of(FiltersShown, ready.do(ShowFilters(1, 1, path, (0, 31), None)))
    assert (event.path, event.step, event.class_index) == (path, 1, 1)
    assert event.names[:2] == ("M 1 on building", "M 32 on building")
    assert len(event.names) == len(event.limits) == len(read(path)) == 6
    assert [len(kernel) for kernel in event.score_kernels] == [25] * 32
    assert [len(kernel) for kernel in event.image_kernels] == [75] * 32
    for request, says in (
        (ShowFilters(7, 1, path), "no step 7"),
        (ShowFilters(1, 7, path), "no class 7"),
        (ShowFilters(1, 1, path, (99,)), "no filter M 100"),
        (ShowFilters(1, 1, str(tmp_path / "missing" / "f.tif")), "There is no folder"),
    ):
        assert_says(ready.refuse(request), says)


def test_the_visible_area_is_previewed_before_each_step(ready, pixels):
    events = ready.do(Step(0, 2, pixels(40, 24, 50, 40).bounds, (800, 600), 2))
    told = [event for event in events if isinstance(event, (Previewed, Stepped))]
    assert [(type(event).__name__, event.index) for event in told] == [
        (name, index) for index in (1, 2) for name in ("Previewed", "Stepped")
    ]
    assert np.allclose(read(told[2].path, 1), read(told[3].scores, 2)[24:64, 40:90], atol=1e-5)
    assert not of(Previewed, ready.do(Step(2)))


def test_a_run_resumes_from_its_folder(ready, tmp_path):
    ready.do(Step(0, 2))
    (opened,) = ready.do(Resume(str(tmp_path / "run")))
    assert (opened.width, opened.height, opened.steps) == (120, 96, 2)
    (step,) = of(Stepped, ready.do(Step(2)))
    assert step.index == 3


def test_an_image_without_a_crs_works_with_a_warning(worker, raster, town, tmp_path, refiner_path):
    with rasterio.open(town.image_path) as source:
        image = raster("i.tif", source.read(), crs=None, transform=rasterio.Affine.identity())
    scores = raster("s.tif", town.scores, crs=None, transform=rasterio.Affine.identity(), names=town.classes)
    opened, noticed = worker.do(Open(image, str(tmp_path / "run")))
    assert opened.pixel_size_m is None
    assert "no CRS" in str(noticed.texts[0])
    worker.do(LoadScores(scores))
    worker.do(LoadRefiner(refiner_path))
    worker.do(Step(0))
    *_, exported, noticed = worker.do(ExportPolygons(1, str(tmp_path / "p.gpkg")))
    assert exported.features > 0
    assert "no CRS" in str(noticed.texts[0])
    assert "no CRS" in worker.refuse(ExportPolygons(1, str(tmp_path / "q.gpkg"), min_area_m2=1.0))


def test_a_refiner_of_other_classes_is_dropped_with_a_notice(worker, town, raster, tmp_path, refiner_path):
    worker.do(Open(town.image_path, str(tmp_path / "run")))
    worker.do(LoadRefiner(refiner_path))
    events = worker.do(LoadScores(raster("s.tif", town.scores, names=("background", "water", "ice"))))
    (noticed,) = of(Noticed, events)
    assert "background, building, road" in str(noticed.texts[0])
    assert "no refiner yet" in worker.refuse(Step(0))


# --- bad input ------------------------------------------------------------------------------------------------------


def test_every_request_ends_exactly_once_and_in_order(worker, town, tmp_path, refiner_path):
    requests = [
        Open(town.image_path, str(tmp_path / "run")),
        Step(0),  # before a coarse map is loaded
        LoadScores(town.scores_path),
        LoadRefiner(str(tmp_path / "missing.safetensors")),
        LoadRefiner(refiner_path),
        Step(0, 2),
        Evaluate(town.labels_path),
    ]
    worker.send(*requests)
    ends = []
    while len(ends) < len(requests):
        event = worker.event()
        if isinstance(event, (Finished, Failed, Cancelled)):
            ends.append(event)
    kinds = [Finished, Failed, Finished, Failed, Finished, Finished, Finished]
    assert [type(end) for end in ends] == kinds
    assert [end.request for end in ends] == [type(request).__name__ for request in requests]


def test_invalid_messages_fail_with_a_reason(worker):
    lines = [
        b"nonsense\n",
        b"\n",
        b'{"type": ["Step"]}\n',
        b'{"type": "Step", "start": 0, "colour": 1}\n',
        b'{"type": "Open"}\n',
        b"[" * 5000 + b"\n",
        b"\xff\xfe\x00\x80\n",
        b'{"type": "Step", "start": 0, "count": \xff}\n',
    ]
    for line in lines:
        worker.send_bytes(line)
        event = worker.event()
        assert isinstance(event, Failed)
        assert "unknown message" in event.message
    worker.send(Alive())
    assert "does not know the request Alive" in worker.event().message


def test_an_unexpected_error_is_reported_with_its_traceback(opened):
    failed = opened.ask(Step("zero"))[-1]
    assert isinstance(failed, Failed)
    assert "TypeError" in failed.message
    assert "Traceback" in failed.detail
    assert "no refiner yet" in opened.refuse(Step(0))


def test_requests_without_a_scene_are_refused(worker, tmp_path):
    worker.refuse(Open(str(tmp_path / "missing.tif"), str(tmp_path / "run")))
    for request in (
        Classify("c.safetensors"),
        LoadScores("s.tif"),
        TrainCoarse((), "c.safetensors"),
        LoadRefiner("r.safetensors"),
        Step(0),
        TrainRefiner("l.tif", "r.safetensors"),
        ExportPolygons(0, "p.gpkg"),
        ExportRaster(0, "c.tif"),
        Evaluate("l.tif"),
        ShowSpectra("l.gpkg"),
    ):
        assert worker.refuse(request) == "No scene is open."


def test_scenes_that_cannot_be_opened_are_refused(worker, town, tmp_path, raster):
    (tmp_path / "text.tif").write_text("no raster")
    (tmp_path / "file").write_text("")
    run = str(tmp_path / "run")
    nothing = raster("nothing.tif", np.zeros((3, 9, 9), "uint8"), nodata=0)
    for request, says in (
        (Open(str(tmp_path / "missing.tif"), run), "There is no file"),
        (Open(str(tmp_path / "text.tif"), run), "not a raster that can be read"),
        (Open(town.tile_path, run), "not a raster|holds no band"),
        (Open(nothing, run), "NoData everywhere"),
        (Open(town.image_path, run, (1, 2, 7)), "has 3 bands; there is no band 7"),
        (Open(town.image_path, run, (), (0.0, 0.0, 1.0, 1.0)), "outside the raster"),
        (Open(town.image_path, run, (), None, -1.0), "positive number of metres"),
        (Open(town.image_path, str(tmp_path / "file" / "run")), "cannot be made"),
        (Resume(str(tmp_path / "missing")), "not the folder of a run"),
    ):
        assert_says(worker.refuse(request), says)


def assert_says(message, pattern):
    assert re.search(pattern, message), message


def test_failed_requests_leave_the_run_unchanged(ready, town, tmp_path, vectors, pixels, coarse_path):
    worker = ready
    worker.do(Step(0, 2))
    (tmp_path / "file").write_text("")
    (tmp_path / "bad.safetensors").write_bytes(b"nonsense")
    away = shapely.box(600_000, 4_000_000, 600_050, 4_000_050)
    one = vectors("one.gpkg", [pixels(8, 8, 10, 10)], **{"class": ["building"]})
    far = vectors("far.gpkg", [away], **{"class": ["tile"]})
    tree = vectors("tree.gpkg", [pixels(0, 0, 9, 9)], **{"class": ["tree"]})
    plain = vectors("plain.gpkg", [pixels(0, 0, 9, 9)], text=["x"])
    house = ClassSource("building", far)
    before = sorted((tmp_path / "run").iterdir())
    model, out = str(tmp_path / "m.safetensors"), str(tmp_path / "p.gpkg")
    for request, says in (
        (LoadScores(town.image_path), "do not add up to 100 or 255"),
        (LoadScores(town.labels_path), "class indices"),
        (LoadScores(str(tmp_path / "missing.tif")), "There is no file"),
        (Classify(str(tmp_path / "bad.safetensors")), "not a whole file of weights"),
        (LoadRefiner(coarse_path), "a refiner is needed here"),
        (Step(7), "no step 7; the last one is 2"),
        (TrainRefiner(one, model, "faithful"), "only one class, 'building'"),
        (TrainRefiner(far, model, "faithful"), "Nothing is labelled within the scene"),
        (TrainRefiner(tree, model, "faithful"), "class 'tree'; the classes here are background, building, road"),
        (TrainRefiner(plain, model, "faithful"), "no text field 'class'"),
        (TrainRefiner(town.tile_path, str(tmp_path / "missing" / "m.safetensors"), "faithful"), "There is no folder"),
        (TrainCoarse((), model), "No class is given"),
        (TrainCoarse((house,), model), "No building of the vector layers lies within the scene"),
        (ExportPolygons(9, out), "no step 9; the last one is 2"),
        (ExportPolygons(2, str(tmp_path / "p.kml")), "should end in one of"),
        (ExportPolygons(2, str(tmp_path / "file" / "p.gpkg")), "There is no folder"),
        (ExportRaster(2, str(tmp_path / "missing" / "c.tif")), "There is no folder"),
        (Evaluate(far), "Nothing is labelled within the scene"),
        (Evaluate(tree), "class 'tree'"),
    ):
        assert_says(worker.refuse(request), says)
    assert sorted((tmp_path / "run").iterdir()) == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(("m.", ".m", "p.", ".p", ".map"))]
    assert of(Stepped, worker.do(Step(2)))[0].index == 3


def test_exporting_a_map_of_background_gives_no_features_and_a_notice(worker, town, raster, tmp_path):
    maps = np.zeros((3, 96, 120), "float32")
    maps[0] = 1
    worker.do(Open(town.image_path, str(tmp_path / "run")))
    worker.do(LoadScores(raster("s.tif", maps, names=town.classes)))
    *_, exported, noticed = worker.do(ExportPolygons(0, str(tmp_path / "p.gpkg")))
    assert exported.features == 0
    assert "background everywhere" in str(noticed.texts[0])


def test_a_deleted_step_file_is_reported(ready, tmp_path):
    ready.do(Step(0, 1))
    for path in (tmp_path / "run").glob("step_001_*_state.tif"):
        path.unlink()
    assert "There is no file" in ready.refuse(Step(1))
    assert of(Stepped, ready.do(Step(0)))[0].index == 1


def test_printed_text_stays_out_of_the_event_stream(ready):
    ready.do(Step(0))
    assert not ready.strays
    if sys.platform == "linux":
        said = b"".join(ready.stderr)
        assert all(word in said for word in (b"stray from Python", b"stray from C", b"stray bytes"))


# --- being interrupted ----------------------------------------------------------------------------------------------


def wait_for(worker, kind):
    return worker.until(kind)[-1]


def assert_whole(folder):
    """Read every file below a folder to its end, except hidden ones."""
    for path in folder.rglob("*"):
        if path.name.startswith(".") or path.parent.name.startswith("."):
            continue  # still being written
        if path.suffix == ".tif":
            read(path)
        elif path.suffix == ".gpkg":
            assert pyogrio.raw.read(path)[2].size > 0
        elif path.suffix == ".safetensors":
            load_refiner(path)
        elif path.suffix == ".json":
            json.loads(path.read_text())


def no_remains(folder):
    return not [path for path in folder.rglob(".*")]


def answered_within(worker, request, kind):
    asked = time.monotonic()
    worker.send(request)
    while True:
        when, event = worker.timed_event()
        if isinstance(event, kind):
            return when - asked, event


def test_cancel_stops_a_run_of_steps_and_keeps_finished_steps(ready, tmp_path):
    ready.send(Step(0, 100_000))
    first = wait_for(ready, Stepped)
    took, end = answered_within(ready, Cancel(), (Finished, Failed, Cancelled))
    assert end == Cancelled("Step")
    assert took < SOON_S
    assert no_remains(tmp_path)
    assert_whole(tmp_path)
    (again,) = of(Stepped, ready.do(Step(first.index)))
    assert again.index == first.index + 1


def test_training_sends_heartbeats_and_writes_no_file_when_cancelled(ready, town, tmp_path):
    model = tmp_path / "m.safetensors"
    ready.send(TrainRefiner(town.tile_path, str(model), "faithful", updates=100_000))
    wait_for(ready, TrainingProgressed)
    beats, progress = 0, 0
    while beats < 2 or progress < 1:
        _, event = ready.timed_event(timeout=30, with_beats=True)
        beats += isinstance(event, Alive)
        progress += isinstance(event, TrainingProgressed)
    took, end = answered_within(ready, Cancel(), (Finished, Failed, Cancelled))
    assert end == Cancelled("TrainRefiner")
    assert took < SOON_S
    assert not model.exists()
    assert no_remains(tmp_path)
    ready.do(Step(0))  # with the earlier refiner


def test_stop_ends_training_and_keeps_the_best_weights(ready, town, tmp_path):
    model = str(tmp_path / "m.safetensors")
    ready.send(TrainRefiner(town.tile_path, model, "faithful", updates=100_000))
    wait_for(ready, TrainingProgressed)
    took, trained = answered_within(ready, Stop(), Trained)
    assert took < SOON_S
    assert trained.stopped
    assert trained.updates < 100_000
    assert trained.held_out_miou > 0
    assert ready.event() == Finished("TrainRefiner")
    assert f"{trained.held_out_miou:.3f}" in load_refiner(model)[1].quality
    ready.do(Step(0))


def test_cancel_and_stop_when_idle_do_not_affect_the_next_request(ready):
    ready.send(Cancel(), Stop())
    assert len(of(Stepped, ready.do(Step(0, 2)))) == 2


def test_the_first_training_cancels_quickly_and_ends_when_stdin_closes(start_worker, town, tmp_path):
    worker = start_worker()
    worker.do(Open(town.image_path, str(tmp_path / "run")))
    worker.do(LoadScores(town.scores_path))
    worker.send(TrainRefiner(town.tile_path, str(tmp_path / "m.safetensors"), "extended", updates=100_000))
    took, end = answered_within(worker, Cancel(), (Finished, Failed, Cancelled))
    assert end == Cancelled("TrainRefiner")
    assert took < SOON_S  # although optimizers take seconds to load
    worker.send(TrainRefiner(town.tile_path, str(tmp_path / "m.safetensors"), "faithful", updates=100_000))
    wait_for(worker, TrainingProgressed)
    closed = time.monotonic()
    assert worker.end() == 0
    assert time.monotonic() - closed < 3 * SOON_S
    assert not (tmp_path / "m.safetensors").exists()
    assert no_remains(tmp_path)


@pytest.fixture
def quarter(raster, town):
    """The image and scores of many copies of the town, so that each request takes a while."""
    with rasterio.open(town.image_path) as source:
        image = np.tile(source.read(), (1, 6, 6))
    scores = np.tile(town.scores, (1, 6, 6))
    return raster("i.tif", image), raster("s.tif", scores, nodata=-9999, names=town.classes)


def test_a_killed_worker_resumes_where_it_was(start_worker, quarter, town, tmp_path, refiner_path):
    """Whatever the worker was doing, no named file is half-written and no finished step is lost."""
    image, scores = quarter
    run, out = tmp_path / "run", tmp_path / "out"
    out.mkdir()
    worker = start_worker()
    worker.do(Open(image, str(run)))
    worker.do(LoadScores(scores))
    worker.do(LoadRefiner(refiner_path))
    worker.do(Step(0, 2))
    last, generator = 2, np.random.default_rng(5)
    for request, longest in (
        (Step(1, 50), 1.5),
        (ExportPolygons(0, str(out / "p.gpkg"), 1.0, 0.5), 1.0),
        (TrainRefiner(town.tile_path, str(out / "m.safetensors"), "faithful", updates=10), 3.0),
        (Step(0, 50), 1.0),
    ):
        worker.send(request)
        made = steps_until(worker, time.monotonic() + generator.uniform(0, longest))
        worker.kill()
        assert_whole(tmp_path)
        worker = start_worker()
        (opened,) = worker.do(Resume(str(run)))
        if not made and not isinstance(request, Step):
            assert opened.steps == last
        assert opened.steps >= max(made, default=1)
        last = opened.steps
    (step,) = of(Stepped, worker.do(Step(last)))
    assert step.index == last + 1
    worker.do(ExportPolygons(last + 1, str(out / "p.gpkg"), 1.0, 0.5))
    assert_whole(tmp_path)


def steps_until(worker, limit):
    """Return the steps that the worker reports before a time limit."""
    found = []
    try:
        while True:
            event = worker.event(timeout=max(0.01, limit - time.monotonic()))
            if isinstance(event, Stepped):
                found.append(event.index)
    except queue.Empty:
        return found


def test_cancel_is_answered_during_the_evaluation_after_training(
    start_worker, quarter, town, vectors, pixels, tmp_path
):
    """The cancel comes after the last update, when no more progress is reported."""
    image, scores = quarter
    model, run = tmp_path / "m.safetensors", tmp_path / "run"
    drawn = [pixels(column, row, 60, 50) for row in (0, 300) for column in (0, 400)]
    whole = vectors("all.gpkg", [pixels(0, 0, 720, 576), *drawn], **{"class": ["tile", *["building", "road"] * 2]})
    worker = start_worker()
    worker.do(Open(image, str(run)))
    worker.do(LoadScores(scores))
    worker.do(TrainRefiner(town.tile_path, str(tmp_path / "first.safetensors"), "extended", 1))
    worker.do(Correct(vectors("c.gpkg", drawn[:1], **{"class": ["road"]}), 0))
    for request in (TrainRefiner(whole, str(model), "extended", 1), FineTune(str(model), whole, 1)):
        worker.send(request)
        assert wait_for(worker, TrainingProgressed).update == 1
        took, end = answered_within(worker, Cancel(), (Finished, Failed, Cancelled))
        assert end == Cancelled(type(request).__name__)
        assert took < SOON_S
        assert not model.exists()


# --- correcting -----------------------------------------------------------------------------------------------------


@pytest.fixture
def painted(ready, vectors, pixels):
    """The worker with one step and a layer of corrections applied to it."""
    ready.do(Step(0, 1))
    boxes = [pixels(70, 60, 12, 12), pixels(10, 10, 8, 8), pixels(30, 70, 8, 8)]
    path = vectors("corrections.gpkg", boxes, **{"class": ["road", "building", "background"]})
    ready.corrected = ready.do(Correct(path, 1))
    return ready


def test_corrections_rewrite_the_maps_of_the_step(painted):
    (event,) = of(Corrected, painted.corrected)
    assert event.index == 1
    assert (read(event.classes_raster, 1)[60:72, 70:82] == 2).all()
    assert read(event.scores)[2, 60:72, 70:82].min() > 0.999


def test_fine_tuning_keeps_the_earlier_weights(painted, town, tmp_path, refiner_path):
    earlier = Path(refiner_path).read_bytes()
    events = painted.do(FineTune(str(tmp_path / "on.safetensors"), town.tile_path, 3))
    (learnt,) = of(FineTuned, events)
    assert learnt.updates == 3
    assert len(of(TrainingProgressed, events)) >= 1
    assert all(0 <= value <= 1 for value in (*learnt.corrected, *learnt.tile))
    assert Path(refiner_path).read_bytes() == earlier
    card = load_refiner(learnt.model)[1]
    assert card.classes == town.classes
    assert "corrected pixels" in card.trained_on
    painted.do(Step(0, 1))
    assert (read(of(Stepped, painted.do(Step(1, 1)))[0].classes_raster, 1)[60:72, 70:82] == 2).all()


def test_fine_tuning_requires_a_trainable_refiner_and_corrections(ready, tmp_path):
    target = str(tmp_path / "on.safetensors")
    assert "Nothing is corrected" in ready.refuse(FineTune(target))
    ready.do(LoadRefiner("heat"))
    assert "follows a formula" in ready.refuse(FineTune(target))
    assert not Path(target).exists()


def test_uncertain_places_lie_in_the_scene_and_outside_corrections(painted, pixels):
    (found,) = of(UncertainPlacesFound, painted.do(FindUncertainPlaces(1, 10)))
    assert 1 <= len(found.places) <= 10
    scene, corrected = pixels(0, 0, 120, 96), pixels(70, 60, 12, 12)
    for x, y, worth, first, second in found.places:
        assert scene.covers(shapely.Point(x, y))
        assert not corrected.buffer(-2).covers(shapely.Point(x, y))
        assert 0 < worth <= 1
        assert first != second
    assert found.radius == 4.0


def test_a_region_is_found_and_derived_layers_are_written(painted, pixels, tmp_path):
    x, y = pixels(72, 62, 1, 1).centroid.coords[0]
    (region,) = of(RegionFound, painted.do(FindRegion(1, x, y)))
    assert region.class_index == 2
    assert shapely.from_wkt(region.wkt).covers(pixels(70, 60, 12, 12))
    path = str(tmp_path / "view.tif")
    painted.do(WriteDerivedLayer(1, "uncertainty", path))
    unsure = read(path, 1)
    assert unsure[62:70, 72:80].max() < 0.01
    assert 0.1 < unsure.max() <= 1
    painted.do(WriteDerivedLayer(1, "change since coarse", path))
    changed = read(path, 1)
    assert 0 < (changed != 255).sum() < changed.size / 2
    assert "nothing has changed yet" in painted.refuse(WriteDerivedLayer(0, "change", path))
    assert "There is no view 'x'" in painted.refuse(WriteDerivedLayer(1, "x", path))


def test_an_export_never_replaces_an_input(worker, town, tmp_path, refiner_path):
    image, maps = tmp_path / "image.tif", tmp_path / "scores.tif"
    shutil.copyfile(town.image_path, image)
    shutil.copyfile(town.scores_path, maps)
    worker.do(Open(str(image), str(tmp_path / "run")))
    worker.do(LoadScores(str(maps)))
    before = image.read_bytes(), maps.read_bytes()
    for request in (ExportRaster(0, str(image)), ExportScores(0, str(maps)), Vectorize(str(maps), str(maps))):
        assert "is an input" in worker.refuse(request)
    assert (image.read_bytes(), maps.read_bytes()) == before
