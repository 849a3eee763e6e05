"""Weights, runs, interrupted work, labels, reports and options of version 0.1.0 are usable in this version."""

import json
import zipfile

import numpy as np
import pyogrio
import pytest
import rasterio
from click.testing import CliRunner
from first_release import DATA, options, run_folders, unpack
from map_refiner.models.cli.main import main
from map_refiner.models.shared.events import Evaluated, Exported, Opened, RefinerLoaded, Stepped, TilesKept
from map_refiner.models.shared.requests import Evaluate, ExportPolygons, LoadRefiner, Resume, Step
from safetensors import safe_open

with zipfile.ZipFile(DATA / "files.zip") as archive:
    KINDS = sorted(name[8:-12] for name in archive.namelist() if name.startswith("weights/"))
TOO_LARGE = {"fcn-8s-vgg16", "lrr-vgg16"}  # too large for the archive
NUMBERS = {"--steps", "--seed", "--samples", "--block", "--pixel-size", "--min-area", "--tolerance"}


def do(*arguments):
    """Run a command that must succeed, and return its output."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def read(path):
    with rasterio.open(path) as source:
        return source.read()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The unpacked image, scores, labels and weights, which tests only read."""
    return unpack(tmp_path_factory.mktemp("released"), "image", "scores", "labels", "weights", "expected", "whole")


@pytest.fixture(scope="module")
def expected(files):
    with np.load(files / "expected.npz") as content:
        return dict(content)


# --- weights ---------------------------------------------------------------------------------------------------------


def test_the_archive_has_weights_of_every_kind():
    commands = options()["commands"]
    stored = {*commands["train-coarse"]["options"]["--model"], *commands["train-refiner"]["options"]["--refiner"]}
    assert set(KINDS) == stored - TOO_LARGE


@pytest.mark.parametrize("kind", KINDS)
def test_stored_weights_reproduce_the_stored_scores(files, expected, tmp_path, kind):
    image, weights = files / "image.tif", files / "weights" / f"{kind}.safetensors"
    if kind in options()["commands"]["train-refiner"]["options"]["--refiner"]:
        given = ("--scores", files / "scores.tif", "--refiner", weights, "--steps", 3, "--last-only")
        do("refine", image, *given, "--device", "cpu", "-o", tmp_path)
        made = tmp_path / "step_003.tif"
    else:
        made = tmp_path / "made.tif"
        do("classify", image, "--model", weights, "--device", "cpu", "-o", made)
    with rasterio.open(made) as source:
        assert source.descriptions == ("background", "building", "road")
        assert np.allclose(source.read()[:, 2::5, 2::5], expected[kind], rtol=0, atol=1e-5)


def test_a_pyramid_at_several_scales_reproduces_the_stored_scores(files, expected, tmp_path):
    given = ("--model", files / "weights" / "lrr.safetensors", "--multi-scale", "--device", "cpu")
    do("classify", files / "image.tif", *given, "-o", tmp_path / "made.tif")
    assert np.allclose(read(tmp_path / "made.tif")[:, 2::5, 2::5], expected["lrr at several scales"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["extended", "fcn-8s", "gru-pretanh", "crf"])
def test_model_cards_are_read(files, kind):
    path = files / "weights" / f"{kind}.safetensors"
    with safe_open(path, framework="np") as content:
        card = json.loads(content.metadata()["card"])
    told = do("info", path)
    assert f"{kind}: background, building, road; 3 bands, 0.50 m" in told
    assert all(card[name] in told for name in ("trained_on", "quality", "licence"))


# --- runs ------------------------------------------------------------------------------------------------------------


def of_type(kind, events):
    return [event for event in events if isinstance(event, kind)]


def steps(worker, start, count):
    """Make steps, and return their probabilities and class maps."""
    made = of_type(Stepped, worker.do(Step(start, count)))
    return [(read(each.scores), read(each.classes_raster)) for each in made]


def stored_step(folder, index):
    entry = json.loads((folder / "session.json").read_text("utf-8"))["history"][index]
    return read(folder / entry["scores"]), read(folder / entry["classes_raster"])


def test_a_run_resumes_and_reproduces_its_steps(start_worker, tmp_path):
    files = unpack(tmp_path, "image", "scores", "labels", "weights/extended", "polygons", "work")
    _, folder = run_folders(files)
    record = json.loads((folder / "run.json").read_text("utf-8"))
    stored = [stored_step(folder, index) for index in range(5)]
    worker = start_worker()
    (opened,) = of_type(Opened, worker.do(Resume(str(folder))))
    assert (opened.steps, opened.width, opened.height) == (4, *stored[0][0].shape[:0:-1])

    evaluated = of_type(Evaluated, worker.do(Evaluate(str(files / "labels.gpkg"))))
    for index, accuracy in record["accuracy"].items():  # only of steps before the corrections
        assert [list(row) for row in evaluated[int(index)].confusion] == accuracy["confusion"]
        assert list(evaluated[int(index)].boundary_iou) == pytest.approx(accuracy["boundary_iou"])

    (exported,) = of_type(Exported, worker.do(ExportPolygons(4, str(tmp_path / "again.gpkg"), 2.0, 0.5)))
    old, new = (pyogrio.raw.read(files / name) for name in ("polygons.gpkg", "again.gpkg"))
    assert exported.features == len(old[2])
    assert list(old[0]["fields"]) == list(new[0]["fields"]) == ["class", "confidence", "area_m2"]
    assert sorted(old[3][0]) == sorted(new[3][0])
    assert sorted(old[3][2]) == pytest.approx(sorted(new[3][2]), abs=0.01)

    for start, count in ((3, 1), (2, 2)):  # from a second iteration, and from a corrected step
        for made, before in zip(steps(worker, start, count), stored[start + 1 :], strict=True):
            assert np.allclose(made[0], before[0], rtol=0, atol=1e-5)
            assert np.array_equal(made[1], before[1])

    (loaded,) = of_type(RefinerLoaded, worker.do(LoadRefiner(str(folder / "refiner_1.safetensors"))))
    assert loaded.best_step == record["best_steps"][loaded.path]


def test_a_run_with_a_pyramid_resumes(start_worker, tmp_path):
    files = unpack(tmp_path, "image", "weights/lrr", "weights/faithful", "work")
    folder, _ = run_folders(files)
    before = stored_step(folder, 0)
    worker = start_worker()
    (opened,) = of_type(Opened, worker.do(Resume(str(folder))))
    assert opened.steps == 0
    worker.do(LoadRefiner(str(files / "weights" / "faithful.safetensors")))
    ((made, _),) = steps(worker, 0, 1)
    assert made.shape == before[0].shape
    assert np.isfinite(made).all()


def test_an_interrupted_step_of_a_large_scene_resumes(start_worker, tmp_path):
    files = unpack(tmp_path, "image", "scores", "weights/class-agnostic", "interrupted/large_scene", "whole/large")
    folder = files / "interrupted" / "large_scene"
    worker = start_worker("from map_refiner.models.scene import scene\nscene.KEPT_PIXELS = 1")
    worker.do(Resume(str(folder)))
    events = worker.do(Step(1, 1))
    (kept,) = [event for event in of_type(TilesKept, events) if event.finished]
    assert (kept.step, kept.finished, kept.tiles) == (2, 1, 4)
    (made,) = of_type(Stepped, events)
    (whole,) = (files / "whole" / "large_scene").glob("step_002_*.tif")
    assert np.allclose(read(made.scores), read(whole), rtol=0, atol=1e-5)


# --- interrupted commands --------------------------------------------------------------------------------------------

BLOCK = ("--block", 32, "--pixel-size", 0.5, "--device", "cpu", "--resume")
INTERRUPTED = {
    "scores.tif": (".scores.tif.tiles", "step_000", ("classify", "--model", "random-forest"), "scores.tif"),
    "steps": ("steps/.tiles", "step_002", ("refine", "--refiner", "faithful", "--steps", 2), "steps/step_002.tif"),
    "tiled": (
        "tiled/.tiles",
        "step_004",
        ("refine", "--refiner", "crf", "--steps", 4, "--last-only", "--vrt"),
        "tiled/step_004.vrt",
    ),
}


@pytest.mark.parametrize("name", INTERRUPTED)
def test_an_interrupted_command_resumes(tmp_path, name):
    tiles, step, (command, option, kind, *more), result = INTERRUPTED[name]
    files = unpack(tmp_path, "image", "scores", f"weights/{kind}", f"interrupted/{tiles}", f"whole/{name}")
    folder = files / "interrupted"
    tile = folder / tiles / step / "0000000_0000000.tif"
    with rasterio.open(tile, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as finished:
        finished.write(np.full((3, 1, 1), -9999, np.float32), window=rasterio.windows.Window(5, 7, 1, 1))  # marker
    scores = ("--scores", files / "scores.tif") if command == "refine" else ()
    weights = files / "weights" / f"{kind}.safetensors"
    do(command, files / "image.tif", *scores, option, weights, *more, *BLOCK, "-o", folder / name)
    made, whole = read(folder / result), read(files / "whole" / result)
    assert (made[:, 7, 5] == -9999).all()  # the finished block is not computed again
    made[:, 7, 5] = whole[:, 7, 5]
    assert np.allclose(made, whole, rtol=0, atol=1e-5)
    assert not (folder / tiles).exists()


# --- rasters, labels and reports -------------------------------------------------------------------------------------


def same(stored, found):
    """Check that a new report contains all keys and values of a stored one."""
    if isinstance(stored, dict):
        assert stored.keys() <= found.keys()
        for key, value in stored.items():
            same(value, found[key])
    elif isinstance(stored, list):
        assert len(stored) == len(found)
        for one, other in zip(stored, found, strict=True):
            same(one, other)
    elif isinstance(stored, float):
        assert found == pytest.approx(stored)
    else:
        assert found == stored


@pytest.mark.parametrize(
    ("report", "results"),
    [("report.json", ["scores.tif", "whole/steps/step_002.tif"]), ("report_polygons.json", ["polygons.gpkg"])],
)
def test_an_evaluation_reproduces_a_stored_report(tmp_path, monkeypatch, report, results):
    monkeypatch.chdir(unpack(tmp_path, "scores", "labels", "polygons", "whole"))
    do("evaluate", *results, "--labels", "labels.gpkg", "--report", "again.json")
    again = json.loads((tmp_path / "again.json").read_text("utf-8"))
    same(json.loads((DATA / report).read_text("utf-8")), again)


def test_labels_of_each_form_are_read(files, tmp_path):
    """Read a raster of class indices, and polygons with an `ignore` polygon of 16 pixels."""
    pixels = []
    for labels in ("labels.tif", "labels.gpkg"):
        report = tmp_path / "report.json"
        do("evaluate", files / "scores.tif", "--labels", files / labels, "--report", report)
        (entry,) = json.loads(report.read_text("utf-8"))
        pixels.append(sum(map(sum, entry["confusion"])))
    assert pixels == [4096, 4080]


@pytest.mark.parametrize("labels", ["labels.tif", "classes.tif"])
def test_a_class_raster_provides_its_class_names(tmp_path, labels):
    files = unpack(tmp_path, "image", "labels.tif", "classes.tif")
    model = tmp_path / "model.safetensors"
    given = ("--labels", files / labels, "--model", "random-forest", "--steps", 2, "--samples", 40)
    assert "background, building, road" in do("train-coarse", files / "image.tif", *given, "-o", model)


def test_tiles_of_a_virtual_raster_are_read(files, tmp_path):
    target = tmp_path / "polygons.gpkg"
    do("vectorize", files / "whole" / "tiled" / "step_004.vrt", "--min-area", 2, "-o", target)
    assert set(pyogrio.raw.read(target)[3][0]) == {"building", "road"}


# --- options ---------------------------------------------------------------------------------------------------------


def accepts(name, *arguments):
    """Parse the arguments of a command; click raises an error for unknown ones."""
    main.commands[name].make_context(name, list(arguments))


@pytest.mark.parametrize("name", options()["commands"])
def test_a_command_accepts_its_former_options(name):
    command = options()["commands"][name]
    files = ["x.tif"] * command["arguments"]
    given = []
    for option, values in command["options"].items():
        value = {"flag": []}.get(values, ["1" if option in NUMBERS else "x"]) if isinstance(values, str) else values[:1]
        given += [option, *([64] if option == "--block" else value)]
    given = list(map(str, given))
    accepts(name, *given, *files)
    for option, values in command["options"].items():
        for value in values if isinstance(values, list) else ():
            accepts(name, *given, option, value, *files)
