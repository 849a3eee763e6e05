"""The command `map-refiner`: every subcommand, and one-line messages for bad input.

Modules that this file covers: models/cli/doctor.py, models/cli/main.py, models/cli/maps.py, models/cli/options.py,
models/cli/results.py, models/cli/tools.py, models/cli/train.py, models/evaluate/report.py,
models/runtime/omp_threads.py, models/tiling/timing.py.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
import torch
from click.testing import CliRunner
from map_refiner.models.cli.main import main
from map_refiner.models.coarse.fcn import FCN
from map_refiner.models.refine.registry import REFINER_CLASSES, REFINER_TRAINERS
from map_refiner.models.refine.rnn import RefinementRNN
from map_refiner.models.weights.checkpoint import ModelCard, read_card, save_model
from safetensors.torch import load_file

COMMANDS = {"train-coarse", "classify", "train-refiner", "refine", "evaluate", "vectorize", "info", "doctor"} | {
    "import-cube"
}


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def do(*arguments):
    """Run a command that must succeed, and return its stdout."""
    result = call(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def refuse(*arguments):
    """Run a command that must be refused in one line on stderr, and return the line."""
    result = call(*arguments)
    assert result.exit_code == 2, (result.output, result.exception)
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    return line


def read(path):
    with rasterio.open(path) as source:
        return source.read()


@pytest.fixture(scope="module")
def steps(town, refiner_path, tmp_path_factory):
    """A folder with the steps of a refinement."""
    folder = tmp_path_factory.mktemp("steps") / "out"
    do("refine", town.image_path, "--scores", town.scores_path, "--refiner", refiner_path, "--steps", 3, "-o", folder)
    return folder


# --- what works -----------------------------------------------------------------------------------------------------


def test_the_commands_match_the_design():
    assert set(main.commands) == COMMANDS
    listed = call("--help").stdout
    assert all(command in listed for command in COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_a_help_text(command):
    said = do(command, "--help")
    assert f"Usage: main {command} " in said
    assert main.commands[command].help.split("\n")[0].split(",")[0] in " ".join(said.split())


def test_train_coarse_on_vector_layers(town, tmp_path):
    said = do(
        "train-coarse",
        town.image_path,
        "--class",
        f"building={town.houses_path}",
        "--class",
        f"road={town.streets_path}:4",
        "--steps",
        2,
        "--seed",
        3,
        "-o",
        tmp_path / "c.safetensors",
    )
    card = read_card(tmp_path / "c.safetensors")
    assert card.classes == ("background", "building", "road")
    assert card.pixel_size_m == pytest.approx(0.5, rel=0.01)
    assert "background, building, road; mean IoU" in said


def test_train_coarse_on_a_label_raster_at_another_pixel_size(town, tmp_path):
    do(
        "train-coarse",
        town.image_path,
        "--labels",
        town.labels_path,
        "--class",
        "building",
        "--class",
        "road",
        "--pixel-size",
        1.0,
        "--steps",
        1,
        "--device",
        "cpu",
        "--bands",
        "3,1",
        "-o",
        tmp_path / "c.safetensors",
    )
    card = read_card(tmp_path / "c.safetensors")
    assert (card.classes, card.bands) == (("background", "building", "road"), 2)
    assert card.pixel_size_m == pytest.approx(1.0, rel=0.02)


def test_classify_writes_the_grid_of_the_image_at_any_pixel_size(town, coarse_path, tmp_path):
    for name, size in (("a.tif", 0.5), ("b.tif", 1.0), ("c.tif", 0.25)):
        options = () if name == "a.tif" else ("--pixel-size", size)
        do("classify", town.image_path, "--model", coarse_path, *options, "-o", tmp_path / name)
        with rasterio.open(tmp_path / name) as source, rasterio.open(town.image_path) as image:
            assert (source.transform, source.shape, source.crs) == (image.transform, image.shape, image.crs)
            assert source.descriptions == town.classes
            assert np.allclose(source.read().sum(axis=0), 1, atol=1e-5)
            assert float(source.tags()["WORKING_PIXEL_SIZE_M"]) == pytest.approx(size, rel=0.02)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif", "b.tif", "c.tif"]


def test_classify_uses_the_pixel_size_of_the_model(town, tmp_path):
    save_model(tmp_path / "c.safetensors", FCN(3, 3), ModelCard("fcn", town.classes, 3, 1.0))
    do("classify", town.image_path, "--model", tmp_path / "c.safetensors", "-o", tmp_path / "s.tif")
    with rasterio.open(tmp_path / "s.tif") as source:
        assert float(source.tags()["WORKING_PIXEL_SIZE_M"]) == pytest.approx(1.0, rel=0.02)
        assert source.shape == (96, 120)


@pytest.mark.parametrize("labels", ["labels_path", "tile_path"])
def test_train_refiner_writes_a_refiner(town, tmp_path, labels):
    said = do(
        "train-refiner",
        town.image_path,
        "--scores",
        town.scores_path,
        "--labels",
        getattr(town, labels),
        "--refiner",
        "faithful",
        "--steps",
        2,
        "-o",
        tmp_path / "r.safetensors",
    )
    card = read_card(tmp_path / "r.safetensors")
    assert (card.kind, card.classes) == ("faithful", town.classes)
    assert 0 <= card.best_step <= 8
    assert "held-out mean IoU" in said
    assert (f"Step {card.best_step} has nearly all of the gain" if card.best_step else "does not beat") in said


@pytest.mark.parametrize(("begin", "knows"), [((), True), (("--from", "none"), False)])
def test_train_refiner_fine_tunes_the_pretrained_refiner_unless_from_is_none(town, tmp_path, begin, knows):
    said = do(
        "train-refiner",
        town.image_path,
        "--scores",
        town.scores_path,
        "--labels",
        town.labels_path,
        *begin,
        "--steps",
        1,
        "-o",
        tmp_path / "r.safetensors",
    )
    assert ("The pretrained refiner has 0." in said) == knows
    assert ("Banepa" in read_card(tmp_path / "r.safetensors").trained_on) == knows


def test_train_refiner_reports_that_the_coarse_map_is_not_beaten(town, raster, tmp_path):
    perfect = np.stack([town.labels == k for k in range(3)]).astype("float32")
    said = do(
        "train-refiner",
        town.image_path,
        "--scores",
        raster("s.tif", perfect, names=town.classes),
        "--labels",
        town.labels_path,
        "--steps",
        1,
        "-o",
        tmp_path / "r.safetensors",
    )
    assert "does not beat the coarse map" in said


def test_refine_writes_every_step_from_the_input_scores(steps, town):
    assert sorted(path.name for path in steps.glob("step_*")) == [f"step_{n:03d}.tif" for n in range(4)]
    assert np.allclose(read(steps / "step_000.tif"), town.scores, atol=1e-4)
    for path in steps.glob("step_*"):
        with rasterio.open(path) as source, rasterio.open(town.image_path) as image:
            assert (source.transform, source.shape) == (image.transform, image.shape)
            assert source.descriptions == town.classes
    assert not np.allclose(read(steps / "step_003.tif"), read(steps / "step_002.tif"), atol=1e-3)


def test_refining_in_two_runs_equals_refining_in_one(steps, town, refiner_path, tmp_path):
    """A score raster stores enough to resume."""
    do(
        "refine",
        town.image_path,
        "--scores",
        steps / "step_001.tif",
        "--refiner",
        refiner_path,
        "--steps",
        1,
        "-o",
        tmp_path / "more",
    )
    assert np.abs(read(tmp_path / "more" / "step_001.tif") - read(steps / "step_002.tif")).max() < 0.02


def test_refine_at_another_pixel_size_writes_the_grid_of_the_image(town, refiner_path, tmp_path):
    do(
        "refine",
        town.image_path,
        "--scores",
        town.scores_path,
        "--refiner",
        refiner_path,
        "--steps",
        1,
        "--pixel-size",
        1.0,
        "-o",
        tmp_path / "out",
    )
    maps = read(tmp_path / "out" / "step_001.tif")
    assert maps.shape == (3, 96, 120)
    assert np.allclose(maps.sum(axis=0), 1, atol=1e-5)


def test_the_same_seed_gives_the_same_weights(town, tmp_path):
    for name, seed in (("a", 4), ("b", 4), ("c", 5)):
        do(
            "train-refiner",
            town.image_path,
            "--scores",
            town.scores_path,
            "--labels",
            town.labels_path,
            "--steps",
            1,
            "--seed",
            seed,
            "-o",
            tmp_path / f"{name}.safetensors",
        )
    a, b, c = (load_file(tmp_path / f"{name}.safetensors") for name in "abc")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not all(torch.equal(a[name], c[name]) for name in a)


def test_the_report_matches_the_design(steps, town, tmp_path):
    paths = sorted(steps.glob("step_*"))
    do("evaluate", *paths, "--labels", town.labels_path, "--report", tmp_path / "r.json")
    entries = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert [entry["path"] for entry in entries] == [str(path) for path in paths]
    truth = read(town.labels_path)[0]
    for entry in entries:
        assert set(entry) >= {
            "path",
            "overall_accuracy",
            "average_accuracy",
            "kappa",
            "mean_iou",
            "iou",
            "boundary_iou",
            "confusion",
            "trimap_iou",
            "relaxed",
        }
        predicted = read(entry["path"]).argmax(axis=0)
        assert entry["overall_accuracy"] == pytest.approx((predicted == truth).mean())
        assert np.sum(entry["confusion"]) == truth.size
        for k, name in enumerate(town.classes):
            both, either = ((predicted == k) & (truth == k)).sum(), ((predicted == k) | (truth == k)).sum()
            assert entry["iou"][name] == pytest.approx(both / either)
        assert entry["mean_iou"] == pytest.approx(np.mean(list(entry["iou"].values())))
        assert list(entry["boundary_iou"]) == ["1", "2", "3", "5"]
        assert all(0 <= value <= 1 for by_class in entry["boundary_iou"].values() for value in by_class.values())
        assert list(entry["trimap_iou"]) == ["1", "2", "3", "5", "8", "10", "15", "20", "30", "40"]
        assert all(list(by_class) == [*town.classes, "mean"] for by_class in entry["trimap_iou"].values())
        assert entry["trimap_iou"]["1"]["mean"] < entry["trimap_iou"]["40"]["mean"] == entry["mean_iou"]
        assert list(entry["relaxed"]) == ["building", "road"]
        for found in entry["relaxed"].values():
            assert found["tolerance_px"] == 3
            assert 0 < found["precision"] <= 1
            assert 0 < found["recall"] <= 1
        assert -1 <= entry["kappa"] <= 1
        assert 0 < entry["average_accuracy"] <= 1


def test_evaluate_against_a_vector_layer(steps, town, tmp_path):
    for name, labels in (("a.json", town.labels_path), ("b.json", town.tile_path)):
        do("evaluate", steps / "step_000.tif", "--labels", labels, "--report", tmp_path / name)
    one, two = (json.loads((tmp_path / name).read_text())[0] for name in ("a.json", "b.json"))
    assert one["mean_iou"] == pytest.approx(two["mean_iou"], abs=1e-3)


@pytest.mark.parametrize("name", ["p.gpkg", "p.shp", "p.geojson"])
def test_evaluate_polygons_and_scores_together(steps, town, tmp_path, name):
    path, scores = tmp_path / name, steps / "step_000.tif"
    do("vectorize", scores, "-o", path, "--tolerance", 0.5)
    said = do("evaluate", path, scores, "--labels", town.tile_path, "--report", tmp_path / "r.json")
    polygons, raster = json.loads((tmp_path / "r.json").read_text())
    assert polygons["path"] == str(path)
    assert polygons["classes"] == ["building", "road"]
    figures = polygons["polygons"]["building"]
    assert figures["true"] == 7
    assert figures["matched"] + figures["missed"] == 7
    assert figures["iou"] == pytest.approx(raster["iou"]["building"], abs=0.02)  # two ways to evaluate one map
    assert figures["true_vertices"] == 4 <= figures["vertices"]
    assert 0 < figures["c_iou"] < figures["iou"]
    assert 0.1 < figures["polis_m"] < 3
    first, second = said.splitlines()
    assert first.startswith(f"{path}: building {figures['matched']} of 7 found")
    assert second.startswith(f"{scores}: OA ")


@pytest.mark.parametrize("name", ["p.gpkg", "p.shp", "p.geojson"])
def test_vectorize_writes_polygons(steps, tmp_path, name):
    said = do("vectorize", steps / "step_000.tif", "-o", tmp_path / name, "--min-area", 2, "--tolerance", 0.5)
    meta, _, wkb, values = pyogrio.raw.read(tmp_path / name)
    assert f"{len(wkb)} polygons" in said
    assert list(meta["fields"]) == ["class", "confidence", "area_m2"]
    assert set(values[0]) == {"building", "road"}
    assert min(values[2]) >= 1.9


def test_vectorize_includes_the_background_on_request(steps, tmp_path):
    do("vectorize", steps / "step_000.tif", "-o", tmp_path / "p.gpkg", "--background")
    shapes = shapely.from_wkb(pyogrio.raw.read(tmp_path / "p.gpkg")[2])
    assert shapely.union_all(shapes).area == pytest.approx(60 * 48)


def test_vectorize_writes_a_class_raster(steps, tmp_path):
    do("vectorize", steps / "step_000.tif", "-o", tmp_path / "c.tif")
    assert np.array_equal(read(tmp_path / "c.tif")[0], read(steps / "step_000.tif").argmax(axis=0))


def test_info_describes_weights_and_rasters(town, refiner_path, steps):
    said = do("info", refiner_path)
    assert "refiner faithful: background, building, road; 3 bands, 0.50 m" in said
    assert "licence: CC0" in said
    said = do("info", town.image_path)
    assert "120 x 96 pixels of 0.500 m on the ground" in said
    assert "band 3: mean" in said
    do("info", steps / "step_001.tif")


def test_doctor_measures_the_time_per_step():
    said = do("doctor", "--device", "cpu")
    for word in ("Python 3", "torch 2", "rasterio ", "shapely ", "device cpu", "ms", "nothing is missing"):
        assert word in said


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.fixture
def bad(tmp_path, town, raster, vectors, pixels):
    """Files that no command accepts, and a folder that must stay empty."""
    (tmp_path / "text.tif").write_text("no raster")
    (tmp_path / "text.gpkg").write_text("no layer")
    (tmp_path / "text.safetensors").write_text("no weights")
    (tmp_path / "file").write_text("")
    (tmp_path / "cut.tif").write_bytes(Path(town.scores_path).read_bytes()[:30_000])
    (tmp_path / "out").mkdir()
    save_model(tmp_path / "four.safetensors", RefinementRNN(3, 4), ModelCard("faithful", town.classes, 4, None))
    save_model(tmp_path / "water.safetensors", RefinementRNN(2, 3), ModelCard("faithful", ("land", "water"), 3, None))
    with rasterio.open(town.image_path) as source:
        image = source.read()
    raster("nowhere.tif", image, crs=None, transform=rasterio.Affine.identity())
    raster("nothing.tif", 0 * image, nodata=0)
    away = rasterio.transform.from_origin(900_000, 4_649_100, 0.5, 0.5)
    raster("away.tif", town.labels[None], transform=away, nodata=255)
    raster("far.tif", town.scores, transform=away, names=town.classes)
    raster("alone.tif", np.ones((1, 96, 120), "uint8"))
    raster("seven.tif", town.labels[None] + np.uint8(5))
    vectors("tree.gpkg", [pixels(0, 0, 9, 9)], **{"class": ["tree"]})
    vectors("plain.gpkg", [pixels(0, 0, 9, 9)], text=["x"])
    vectors("far.gpkg", [shapely.box(0, 0, 9, 9)], **{"class": ["tile"]})
    vectors("dot.gpkg", [shapely.Point(500_010, 4_649_090)], **{"class": ["building"]})
    return tmp_path


CASES = {
    "image missing": ("train-refiner @missing.tif --scores SCORES --labels LABELS -o OUT.safetensors", "There is no"),
    "image is text": ("classify @text.tif --model COARSE -o OUT.tif", "not a raster that can be read"),
    "image is NoData": ("classify @nothing.tif --model COARSE -o OUT.tif", "NoData everywhere"),
    "bands missing": ("classify IMAGE --model COARSE --bands 1,2,9 -o OUT.tif", "has 3 bands; there is no band 9"),
    "bands nonsense": ("classify IMAGE --model COARSE --bands red -o OUT.tif", "Bands are numbers (1,2,3), ranges"),
    "bands too few": ("classify IMAGE --model COARSE --bands 1 -o OUT.tif", "expects 3 bands; 1 of image.tif"),
    "metres without a CRS": ("classify @nowhere.tif --model COARSE --pixel-size 1 -o OUT.tif", "has no CRS"),
    "pixel size negative": ("classify IMAGE --model COARSE --pixel-size -1 -o OUT.tif", "positive number of metres"),
    "pixel size tiny": ("classify IMAGE --model COARSE --pixel-size 1e-7 -o OUT.tif", "choose a larger one"),
    "model missing": ("classify IMAGE --model @missing.safetensors -o OUT.tif", "There is no file"),
    "model is text": ("classify IMAGE --model @text.safetensors -o OUT.tif", "not a whole file of weights"),
    "model is a refiner": ("classify IMAGE --model REFINER -o OUT.tif", "a coarse model is needed here"),
    "refiner is a model": ("refine IMAGE --scores SCORES --refiner COARSE -o OUT", "a refiner is needed here"),
    "refiner of four bands": ("refine IMAGE --scores SCORES --refiner @four.safetensors -o OUT", "expects 4 bands"),
    "refiner of others": ("refine IMAGE --scores SCORES --refiner @water.safetensors -o OUT", "the classes land"),
    "refiner untaught": ("refine IMAGE --scores SCORES --refiner unshared -o OUT", "No weights for the refiner"),
    "scores missing": ("refine IMAGE --scores @missing.tif --refiner REFINER -o OUT", "There is no file"),
    "scores are a photograph": ("refine IMAGE --scores IMAGE --refiner REFINER -o OUT", "do not add up to 100 or 255"),
    "scores are labels": ("vectorize LABELS -o OUT.gpkg", "class indices"),
    "scores are cut": ("vectorize @cut.tif -o OUT.gpkg", "cut.tif"),
    "scores elsewhere": ("refine IMAGE --scores @far.tif --refiner REFINER -o OUT", "no data within the scene"),
    "labels missing": ("evaluate SCORES --labels @missing.gpkg --report OUT.json", "There is no file"),
    "labels are text": ("evaluate SCORES --labels @text.gpkg --report OUT.json", "cannot be read as vector data"),
    "labels elsewhere": ("evaluate SCORES --labels @away.tif --report OUT.json", "Nothing is labelled within"),
    "labels elsewhere too": ("evaluate SCORES --labels @far.gpkg --report OUT.json", "Nothing is labelled within"),
    "labels of others": ("evaluate SCORES --labels @seven.tif --report OUT.json", "class index 7, but there are 3"),
    "labels of a tree": ("evaluate SCORES --labels @tree.gpkg --report OUT.json", "class 'tree'; the classes here"),
    "labels without a class": ("evaluate SCORES --labels @plain.gpkg --report OUT.json", "no text field 'class'"),
    "polygons against a raster": ("evaluate @far.gpkg --labels LABELS --report OUT.json", "labels.tif is a raster"),
    "polygons of others": ("evaluate @tree.gpkg --labels @dot.gpkg --report OUT.json", "lie apart"),
    "one class alone": ("train-refiner IMAGE --scores SCORES --labels @alone.tif -o OUT.safetensors", "one class"),
    "one class for a coarse net": ("train-coarse IMAGE --labels @alone.tif -o OUT.safetensors", "only one class"),
    "a class of dots": ("train-coarse IMAGE --class a=@dot.gpkg -o OUT.safetensors", "no polygons and no lines"),
    "a class elsewhere": ("train-coarse IMAGE --class a=@far.gpkg -o OUT.safetensors", "No a of the vector layers"),
    "a class without a name": ("train-coarse IMAGE --class =@far.gpkg -o OUT.safetensors", "NAME=FILE"),
    "a width of nothing": ("train-coarse IMAGE --class a=@far.gpkg:0 -o OUT.safetensors", "NAME=FILE"),
    "device": ("classify IMAGE --model COARSE --device cuda:99 -o OUT.tif", "cuda:99 is not there"),
    "device of training": ("train-coarse IMAGE --labels LABELS --device tpu -o OUT.safetensors", "no device 'tpu'"),
    "ending of scores": ("classify IMAGE --model COARSE -o OUT.jpg", "should end in .tif"),
    "ending of polygons": ("vectorize SCORES -o OUT.kml", "should end in .gpkg or .shp or .geojson or .tif"),
    "ending of weights": ("train-coarse IMAGE --labels LABELS -o OUT.pt", "should end in .safetensors"),
    "ending of the report": ("evaluate SCORES --labels LABELS --report OUT.xml", "should end in .json"),
    "folder missing": ("classify IMAGE --model COARSE -o @missing/s.tif", "There is no folder"),
    "folder is a file": ("vectorize SCORES -o @file/p.gpkg", "There is no folder"),
    "report's folder": ("evaluate SCORES --labels LABELS --report @missing/r.json", "There is no folder"),
    "steps to a file": ("refine IMAGE --scores SCORES --refiner REFINER -o @file", "a folder for the steps is needed"),
    "steps below a file": ("refine IMAGE --scores SCORES --refiner REFINER -o @file/out", "cannot be made"),
    "info of nothing": ("info @missing.safetensors", "There is no file"),
    "info of text": ("info @text.tif", "not a raster that can be read"),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_gives_one_line_and_leaves_no_files(bad, town, coarse_path, refiner_path, case):
    command, says = CASES[case]
    names = {
        "IMAGE": town.image_path,
        "SCORES": town.scores_path,
        "LABELS": town.labels_path,
        "COARSE": coarse_path,
        "REFINER": refiner_path,
    }
    words = [names.get(word, word.replace("@", f"{bad}/").replace("OUT", f"{bad}/out/x")) for word in command.split()]
    before = sorted(path.relative_to(bad) for path in bad.rglob("*"))
    assert says in refuse(*words)
    assert sorted(path.relative_to(bad) for path in bad.rglob("*")) == before


def test_wrong_usage_prints_the_usage(town):
    result = call("train-coarse", town.image_path, "-o", "x.safetensors")
    assert result.exit_code == 2
    assert "Give either --class NAME=FILE, once or more, or --labels FILE.tif" in result.stderr
    for arguments in ((), ("classify", town.image_path), ("paint",), ("refine", town.image_path, "--steps", "0")):
        result = call(*arguments)
        assert result.exit_code == 2
        assert "Usage: " in result.output


def test_all_refiner_kinds_of_the_design_are_registered():
    assert (
        set(REFINER_CLASSES)
        == set(REFINER_TRAINERS)
        == {
            "faithful",
            "class-agnostic",
            "unshared",
            "extended",
            "crf",
            "heat",
            "perona-malik",
            "anisotropic",
            "geodesic",
            "opinion-pool",
        }
    )


def test_an_image_without_a_crs_works_in_all_commands(bad, town, raster, refiner_path, tmp_path):
    scores = raster("s.tif", town.scores, crs=None, transform=rasterio.Affine.identity(), names=town.classes)
    do("refine", bad / "nowhere.tif", "--scores", scores, "--refiner", refiner_path, "--steps", 1, "-o", tmp_path / "o")
    result = call("vectorize", tmp_path / "o" / "step_001.tif", "-o", tmp_path / "out" / "p.gpkg")
    assert result.exit_code == 0
    assert "no CRS" in result.stderr
    assert "no CRS" in refuse("vectorize", tmp_path / "o" / "step_001.tif", "--min-area", 3, "-o", tmp_path / "q.gpkg")


PLACES = {
    "degrees": ("EPSG:4326", rasterio.Affine(6e-6, 0, 10.0, 0, -4.5e-6, 48.0)),  # about 0.45 x 0.5 m
    "feet": ("EPSG:2263", rasterio.Affine(1.6, 0, 985_000, 0, -1.6, 200_000)),
    "Mercator": ("EPSG:3857", rasterio.Affine(1.0, 0, 1_000_000, 0, -1.0, 8_400_000)),  # half a true metre
    "turned": ("EPSG:32631", rasterio.Affine(0.4, 0.3, 500_000, 0.3, -0.4, 4_649_100)),
}


@pytest.mark.parametrize("place", PLACES)
def test_any_crs_works_in_all_commands(town, raster, refiner_path, tmp_path, place):
    crs, transform = PLACES[place]
    with rasterio.open(town.image_path) as source:
        image = raster("i.tif", source.read(), crs=crs, transform=transform)
    scores = raster("s.tif", town.scores, crs=crs, transform=transform, names=town.classes)
    out = tmp_path / "out"
    do("refine", image, "--scores", scores, "--refiner", refiner_path, "--steps", 1, "--pixel-size", 0.8, "-o", out)
    with rasterio.open(out / "step_001.tif") as source:
        assert source.transform.almost_equals(transform, 1e-9)
        assert source.shape == (96, 120)
        assert source.dataset_mask().all()
    do(
        "vectorize",
        out / "step_001.tif",
        "-o",
        tmp_path / "p.gpkg",
        "--min-area",
        3,
        "--tolerance",
        0.5,
        "--background",
    )
    areas = pyogrio.raw.read(tmp_path / "p.gpkg", columns=["area_m2"])[3][0]
    said = do("info", image)
    size = float(said.split(" m on the ground")[0].split()[-1])
    assert 0.4 < size < 0.6
    assert areas.sum() == pytest.approx(96 * 120 * size**2, rel=0.01)
    assert areas.min() > 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (7, 5)])
def test_the_smallest_scenes_work_in_all_commands(town, raster, coarse_path, refiner_path, tmp_path, shape):
    rng = np.random.default_rng(0)
    image = raster("i.tif", rng.integers(1, 250, (3, *shape)).astype("uint8"))
    do("classify", image, "--model", coarse_path, "-o", tmp_path / "s.tif")
    do("refine", image, "--scores", tmp_path / "s.tif", "--refiner", refiner_path, "-o", tmp_path / "out")
    do("vectorize", tmp_path / "out" / "step_005.tif", "-o", tmp_path / "p.gpkg", "--background", "--tolerance", 1)
    assert read(tmp_path / "out" / "step_005.tif").shape == (3, *shape)
    shapes = shapely.from_wkb(pyogrio.raw.read(tmp_path / "p.gpkg")[2])
    assert shapely.union_all(shapes).area == pytest.approx(0.25 * shape[0] * shape[1])


def test_a_failed_run_leaves_no_partial_files(town, refiner_path, tmp_path):
    """A folder already has the name of the file of step 2."""
    out = tmp_path / "out"
    (out / "step_002.tif").mkdir(parents=True)
    assert "step_002.tif cannot be written" in refuse(
        "refine", town.image_path, "--scores", town.scores_path, "--refiner", refiner_path, "--steps", 3, "-o", out
    )
    assert sorted(path.name for path in out.glob("step_*")) == ["step_000.tif", "step_001.tif", "step_002.tif"]
    assert read(out / "step_001.tif").shape == (3, 96, 120)


# --- as a program ---------------------------------------------------------------------------------------------------


def program():
    path = Path(sys.executable).with_name("map-refiner")
    if not path.exists():
        pytest.skip(f"{path} is not installed")
    return str(path)


def test_the_installed_program_runs(town, coarse_path, tmp_path):
    done = subprocess.run(
        [program(), "classify", town.image_path, "--model", coarse_path, "-o", str(tmp_path / "s.tif")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout == f"{tmp_path / 's.tif'}: background, building, road\n"
    assert [path.name for path in tmp_path.iterdir()] == ["s.tif"]
    done = subprocess.run(
        [program(), "vectorize", town.image_path, "-o", str(tmp_path / "p.gpkg")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: image.tif holds whole numbers")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["classify", "refine", "vectorize", "evaluate"])
def test_an_output_that_is_an_input_is_refused(town, coarse_path, refiner_path, tmp_path, command):
    """The link leads to the input, so that the real path counts."""
    image, maps = tmp_path / "image.tif", tmp_path / "step_000.tif"
    shutil.copyfile(town.image_path, image)
    shutil.copyfile(town.scores_path, maps)
    labels = tmp_path / "labels.json"
    labels.write_text("{}")
    (tmp_path / "link.tif").symlink_to(image)
    arguments = {
        "classify": ("classify", image, "--model", coarse_path, "-o", tmp_path / "link.tif"),
        "refine": ("refine", image, "--scores", maps, "--refiner", refiner_path, "-o", tmp_path),
        "vectorize": ("vectorize", maps, "-o", maps),
        "evaluate": ("evaluate", maps, "--labels", labels, "--report", labels),
    }[command]
    before = {path: path.read_bytes() for path in (image, maps, labels)}
    result = call(*arguments)
    assert result.exit_code == 2
    assert "is an input; choose another output file" in result.stderr
    assert {path: path.read_bytes() for path in before} == before


def test_steps_of_an_earlier_run_are_removed_with_a_notice(town, refiner_path, tmp_path):
    out = tmp_path / "steps"
    command = ("refine", town.image_path, "--scores", town.scores_path, "--refiner", refiner_path, "-o", out)
    assert call(*command, "--steps", 3).exit_code == 0
    result = call(*command, "--steps", 1)
    assert "step_002.tif, step_003.tif of the earlier run were removed" in result.stderr
    assert sorted(path.name for path in out.glob("step_*")) == ["step_000.tif", "step_001.tif"]
    (out / ".steps.json").unlink()
    assert "holds step_000.tif of another run" in call(*command, "--steps", 1, "--vrt").stderr
