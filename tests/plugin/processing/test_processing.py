"""The Processing algorithms: run for real one by one, as a model, and by qgis_process.

Modules that this file covers: plugin/processing/algorithm.py, plugin/processing/blocking_worker.py,
plugin/processing/classify.py, plugin/processing/evaluate.py, plugin/processing/output_styles.py,
plugin/processing/parameters.py, plugin/processing/provider.py, plugin/processing/refine.py,
plugin/processing/train_coarse.py, plugin/processing/train_refiner.py, plugin/processing/vectorize.py.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from map_refiner.plugin.errors import UserError
from map_refiner.plugin.processing.provider import register, unregister
from map_refiner.plugin.processing.train_coarse import classes_of
from map_refiner.plugin.settings import Settings
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingUtils,
    QgsProject,
    QgsRasterLayer,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

ROOT = Path(__file__).resolve().parents[3]


class Heard(QgsProcessingFeedback):
    """Feedback that records the messages and the progress of an algorithm."""

    def __init__(self):
        super().__init__(False)
        self.texts = []
        self.fractions = []
        self.progressChanged.connect(self.fractions.append)

    def setProgressText(self, text):
        self.texts.append(text)

    def pushInfo(self, text):
        self.texts.append(text)

    def pushWarning(self, text):
        self.texts.append(text)


@pytest.fixture(scope="module")
def processing(qgis_app):
    """The Processing package of QGIS, even if the checkout lies in a folder of the same name."""
    if Path(getattr(sys.modules.get("processing"), "__file__", None) or "").parent == ROOT:
        del sys.modules["processing"]
    import processing
    from processing.core.Processing import Processing

    Processing.initialize()
    return processing


@pytest.fixture
def provider(processing, work_folder, project):
    provider = register()
    yield provider
    unregister(provider)


@pytest.fixture
def run(processing, provider):
    def run(key, parameters, feedback=None):
        return processing.run(f"map_refiner:{key}", parameters, feedback=feedback or Heard())

    return run


KEYS = ("traincoarse", "classify", "trainrefiner", "refine", "evaluate", "vectorize")
MODELS = ("Correct with a tile", "Image to polygons")


@pytest.fixture
def scores(scene_files):
    return {"IMAGE": str(scene_files / "image.tif"), "SCORES": str(scene_files / "scores.tif")}


def test_every_algorithm_is_described(provider):
    assert {algorithm.name() for algorithm in provider.algorithms()} == {*KEYS, *MODELS}
    for algorithm in provider.algorithms():
        assert algorithm.canExecute() == (True, "")
        assert algorithm.flags() & algorithm.Flag.FlagSupportsBatch
        assert algorithm.flags() & algorithm.Flag.FlagCanCancel
        assert len(algorithm.shortHelpString()) > 100
        assert not [d.name() for d in algorithm.parameterDefinitions() if not d.description()]


@pytest.mark.parametrize("name", MODELS)
def test_the_shipped_models_fit_the_algorithms(provider, name):
    model = provider.algorithm(name)
    assert model.validate() == (True, [])
    assert next(definition.name() for definition in model.parameterDefinitions()) == "IMAGE"  # not alphabetical
    for child in model.childAlgorithms().values():
        known = {definition.name() for definition in child.algorithm().parameterDefinitions()}
        assert child.parameterSources().keys() <= known


@pytest.fixture
def planned(provider, scores, scene_files, tmp_path):
    """A function that prepares an algorithm and returns it, with its requests, and its feedback."""

    def plan(key, **parameters):
        heard, context = Heard(), QgsProcessingContext()
        algorithm = provider.algorithm(key).create()
        files = {"LABELS": str(scene_files / "scores.tif")} if key == "evaluate" else {}
        ending = {"evaluate": "json", "vectorize": "gpkg"}.get(key, "tif")
        inputs = {**scores, "SCORES": [scores["SCORES"]] if key == "evaluate" else scores["SCORES"], **files}
        assert algorithm.prepare({**inputs, "OUTPUT": str(tmp_path / f"o.{ending}"), **parameters}, context, heard)
        return algorithm, heard

    return plan


def test_multi_scale_and_backbone_reach_only_kinds_that_support_them(planned, scene_files, tmp_path):
    algorithm, _ = planned("classify", MULTI_SCALE=True)
    assert [each.multi_scale for each in algorithm._requests if hasattr(each, "multi_scale")] == [True]
    algorithm, _ = planned("classify", MULTI_SCALE=True, SCHEDULER="tcp://theirs:2")
    assert algorithm._requests[0].multi_scale
    weights = tmp_path / "vgg16.safetensors"
    weights.touch()
    files = {"OUTPUT": str(tmp_path / "o.safetensors"), "LABELS": str(scene_files / "scores.tif")}

    def train(kind, backbone):
        return planned("traincoarse", **files, KIND=kind, TRUNK=backbone)[0]

    assert train("lrr-vgg16", str(weights))._requests[1].backbone == str(weights)
    assert "lrr has no VGG-16 backbone; fcn-8s-vgg16, lrr-vgg16" in train("lrr", str(weights))._refusal
    assert "no file of weights /gone" in train("lrr-vgg16", "/gone.safetensors")._refusal


@pytest.mark.parametrize(
    ("key", "request_kind"),
    [
        ("classify", "ClassifyImage"),
        ("refine", "RefineImage"),
        ("evaluate", "EvaluateFiles"),
        ("vectorize", "Vectorize"),
    ],
)
def test_a_named_cluster_is_used(planned, key, request_kind):
    def requests(**parameters):
        algorithm, heard = planned(key, **parameters)
        return algorithm._requests, "".join(heard.texts)

    assert not [each for each in requests()[0] if getattr(each, "scheduler", "")]
    Settings().scheduler = "tcp://ours:1"
    for parameters, address in (({}, "tcp://ours:1"), ({"SCHEDULER": "tcp://theirs:2"}, "tcp://theirs:2")):
        (request,), said = requests(**parameters)
        assert (type(request).__name__, request.scheduler) == (request_kind, address)
        assert f"the cluster at {address}" in said
    if key in ("classify", "refine"):
        area = {"EXTENT": "500010,500050,3999950,3999990 [EPSG:32633]"}
        assert not [each for each in requests(**area)[0] if getattr(each, "scheduler", "")]
        algorithm, _ = planned(key, **area, SCHEDULER="tcp://theirs:2")
        assert "A cluster processes whole images" in algorithm._refusal


def test_an_unreachable_cluster_is_reported(run, scores, tmp_path):
    parameters = {"SCORES": scores["SCORES"], "OUTPUT": str(tmp_path / "p.gpkg"), "SCHEDULER": "nonsense://x"}
    with pytest.raises(QgsProcessingException, match="No Dask scheduler answers at nonsense://x"):
        run("vectorize", parameters)
    assert not list(tmp_path.glob("*.gpkg"))


def test_refine_writes_all_steps_in_a_thread_as_from_the_dialog(provider, scores, project, wait_until, tmp_path):
    heard, context = Heard(), QgsProcessingContext()
    context.setProject(project)
    outputs = {name: str(tmp_path / f"{name}.tif") for name in ("OUTPUT", "CLASSES")}
    loaded = {name: QgsProcessingOutputLayerDefinition(path, project) for name, path in outputs.items()}
    parameters = {**scores, **loaded, "METHOD": "heat", "STEPS": 2, "FOLDER": str(tmp_path / "all steps")}
    task = QgsProcessingAlgRunnerTask(provider.algorithm("refine"), parameters, context, heard)
    done = []
    task.executed.connect(lambda ok, results: done.append((ok, results)))
    QgsApplication.taskManager().addTask(task)
    wait_until(lambda: done, 200, "the end of the task")
    assert done == [(True, {**outputs, "FOLDER": str(tmp_path / "all steps")})], heard.texts
    assert sorted(path.name for path in (tmp_path / "all steps").iterdir()) == [f"step_{k:03d}.tif" for k in range(3)]
    last = gdal.Open(outputs["OUTPUT"])
    assert [last.GetRasterBand(k).GetDescription() for k in (1, 2, 3)] == ["background", "building", "road"]
    assert (last.ReadAsArray() == gdal.Open(str(tmp_path / "all steps" / "step_002.tif")).ReadAsArray()).all()
    assert gdal.Open(outputs["CLASSES"]).ReadAsArray().max() == 2
    assert heard.fractions == sorted(heard.fractions)
    assert heard.fractions[-1] == 100
    assert "Step 2: " in "".join(heard.texts)
    for name, renderer in (("OUTPUT", "singlebandpseudocolor"), ("CLASSES", "paletted")):
        layer = QgsRasterLayer(outputs[name])
        context.layerToLoadOnCompletionDetails(outputs[name]).postProcessor().postProcessLayer(layer, context, heard)
        assert layer.renderer().type() == renderer


def test_cancelling_ends_a_training_within_two_seconds(run, scores, label_layer, draw_tile, tmp_path):
    draw_tile(label_layer)  # in memory, not saved
    target = tmp_path / "refiner.safetensors"
    heard = Heard()
    cancelled = []

    def cancel_when_it_learns(text):
        heard.texts.append(text)
        if "Update " in text and not cancelled:
            cancelled.append(time.monotonic())
            heard.cancel()

    heard.setProgressText = cancel_when_it_learns
    with pytest.raises(QgsProcessingException, match="Cancelled"):
        run("trainrefiner", {**scores, "LABELS": label_layer, "KIND": "faithful", "OUTPUT": str(target)}, heard)
    assert cancelled, heard.texts
    assert time.monotonic() - cancelled[0] < 2 + 1  # plus a moment for other load on the machine
    assert not target.exists()
    assert not list(Path(QgsProcessingUtils.tempFolder()).rglob("session.json"))


@pytest.mark.parametrize(
    ("key", "wrong", "sentence"),
    [
        ("classify", {"MODEL": "/nowhere.safetensors"}, "no file of weights /nowhere.safetensors"),
        ("classify", {"BANDS": [1, 2, 9]}, "no band 9; the image has bands 1 to 3"),
        ("classify", {"EXTENT": "0,1,0,1"}, "does not intersect"),
        ("refine", {"OUTPUT": "/nowhere/out.tif"}, "no folder /nowhere"),
        ("refine", {"OUTPUT": "out.png"}, "must be a file that ends in .tif"),
        ("traincoarse", {}, "Choose buildings, roads, polygons"),
        ("vectorize", {"OUTPUT": "polygons.kml"}, "must be a file that ends in .gpkg or .shp or .geojson"),
    ],
)
def test_bad_input_is_refused_with_a_clear_message(run, scores, tmp_path, key, wrong, sentence):
    good = {**scores, "OUTPUT": str(tmp_path / "out")}
    with pytest.raises(QgsProcessingException, match=re.escape(sentence)):
        run(key, {**good, **wrong})
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        ("/nowhere", "No Python with PyTorch was found"),
        ("/bin/false", "The worker ended unexpectedly (exit code 1)"),
        ("/etc/passwd", "could not be started"),
    ],
)
def test_a_broken_python_is_refused_with_a_clear_message(run, scores, tmp_path, python, sentence):
    Settings().python = python
    with pytest.raises(QgsProcessingException, match=re.escape(sentence)):
        run("refine", {**scores, "OUTPUT": str(tmp_path / "out.tif")})
    assert not list(tmp_path.glob("*.tif"))


def test_classes_are_read_from_a_field(label_layer, draw_tile, tmp_path):
    draw_tile(label_layer)
    path = tmp_path / "classes.gpkg"
    QgsVectorFileWriter.writeAsVectorFormatV3(
        label_layer, str(path), QgsProject.instance().transformContext(), QgsVectorFileWriter.SaveVectorOptions()
    )
    found = {source.name: source.path for source in classes_of(str(path), "class")}
    assert found.keys() == {"building", "road", "tile"}
    assert found["road"] == f"{path}|subset=\"class\" = 'road'"
    with pytest.raises(UserError, match="no field “kind”"):
        classes_of(str(path), "kind")


def test_qgis_process_runs_the_whole_chain(scene_files, label_layer, draw_tile, tmp_path):
    draw_tile(label_layer)
    tile = tmp_path / "tile.gpkg"
    options = QgsVectorFileWriter.SaveVectorOptions()
    context = QgsProject.instance().transformContext()
    QgsVectorFileWriter.writeAsVectorFormatV3(label_layer, str(tile), context, options)
    profile = tmp_path / "profiles" / "default"
    (profile / "python" / "plugins").mkdir(parents=True)
    (profile / "python" / "plugins" / "map_refiner").symlink_to(ROOT)
    (profile / "QGIS").mkdir()
    (profile / "QGIS" / "QGIS3.ini").write_text("[PythonPlugins]\nmap_refiner=true\n")
    outputs = {
        "traincoarse:Coarse model": "coarse.safetensors",
        "classify:Coarse scores": "coarse.tif",
        "trainrefiner:Refiner": "refiner.safetensors",
        "refine:Refined scores": "refined.tif",
        "evaluate:Report": "report.json",
        "vectorize:Polygons": "polygons.gpkg",
    }
    values = {
        "IMAGE": scene_files / "image.tif",
        "BUILDINGS": f"{tile}|subset=\"class\"='building'",
        "ROADS": f"{tile}|subset=\"class\"='road'",
        "LABELS": tile,
        "COARSE_UPDATES": 2,
        "UPDATES": 2,
        "STEPS": 1,
        **{name: tmp_path / file for name, file in outputs.items()},
    }
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("QGIS_", "PYTHON", "QT_"))}
    environment |= {"QGIS_CUSTOM_CONFIG_PATH": str(tmp_path), "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)}
    program = shutil.which("qgis_process.bin") or "qgis_process"  # Debian's script adds an option of qgis
    given = [f"{name}={value}" for name, value in values.items()]
    done = subprocess.run(
        [program, "run", "map_refiner:Image to polygons", "--", *given], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not [name for name in outputs.values() if not (tmp_path / name).is_file()], done.stdout
    assert [entry["path"] for entry in json.loads((tmp_path / "report.json").read_text())] == [
        str(tmp_path / "coarse.tif"),
        str(tmp_path / "refined.tif"),
    ]
    assert QgsVectorLayer(str(tmp_path / "polygons.gpkg")).isValid()
    assert "Traceback" not in done.stderr
