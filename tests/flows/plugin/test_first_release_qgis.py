"""A project, settings, algorithms and Processing models of version 0.1.0 are usable in this version.

Modules that this file covers: plugin/settings.py.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from first_release import DATA, options, run_folders, unpack
from map_refiner.plugin.dock.sections.scene import Area
from map_refiner.plugin.environment.options_page import OptionsPage
from map_refiner.plugin.processing.provider import register, unregister
from map_refiner.plugin.settings import Settings
from osgeo import gdal
from qgis.core import QgsApplication, QgsProcessingModelAlgorithm, QgsProject, QgsSettings
from qgis.PyQt.QtCore import QSettings

CLASSES = ("background", "building", "road")
LEVELS = ("32x", "16x", "8x")  # of the pyramid
SETTINGS = {
    "python": "/opt/map refiner/bin/python",
    "device": "cpu",
    "scheduler": "tcp://cluster:8786",
    "folder": "/data/é work",
    "road_width_m": 4.5,
    "last_step": 9,
}


@pytest.fixture
def opened(analyst, project, settle, tmp_path):
    """The project, opened in another folder than the original one."""
    project.clear()
    folder = unpack(tmp_path / "moved é")
    assert project.read(str(folder / "project.qgz"))
    settle()
    assert analyst.run is not None, analyst.bar.text()
    analyst.files = folder
    return analyst


def marked(name):
    """Return the layers that have a custom property, with its values."""
    layers = QgsProject.instance().mapLayers().values()
    found = {layer: layer.customProperty(f"map_refiner/{name}") for layer in layers}
    return {layer: value for layer, value in found.items() if value is not None}


def read(path):
    return gdal.Open(str(path)).ReadAsArray()


def test_a_project_restores_its_run(opened):
    pyramid, folder = run_folders(opened.files)
    record = json.loads((folder / "run.json").read_text("utf-8"))
    _the_run_equals_its_record(opened.run, folder, record)
    _the_dock_shows_the_stored_choices(opened, record)
    _layers_keep_their_roles(opened, folder)
    _the_next_step_is_made(opened, folder, record)
    _a_layer_restores_the_run_with_a_pyramid(opened, pyramid)


def _the_run_equals_its_record(run, folder, record):
    assert (run.folder, run.last, run.shown, run.classes) == (folder, 4, 3, CLASSES)
    assert [step.index for step in run.steps] == [0, 1, 2, 3, 4]
    assert [step.changed for step in run.steps] == [entry["changed"] for entry in record["steps"]]
    assert (run.refiner, run.coarse, run.made_by) == (record["refiner"], record["coarse"], record["made_by"])
    assert (run.best_steps, set(run.accuracy)) == (record["best_steps"], {0, 1})
    for index, stored in record["accuracy"].items():
        found = run.accuracy[int(index)]
        assert (found.overall, found.mean_iou) == (stored["overall"], stored["mean_iou"])
        assert list(found.iou) == stored["iou"]
        assert list(found.boundary_iou) == stored["boundary_iou"]
        assert [list(row) for row in found.confusion] == stored["confusion"]


def _the_dock_shows_the_stored_choices(opened, record):
    dock, scene, choices = opened.dock, record["scene"], record["choices"]
    assert dock.scene.layer.currentLayer().name() == "image"
    assert dock.scene.area.currentData() is Area.DRAWN
    assert dock.scene.pixel_size.value() == pytest.approx(scene["pixel_size_m"])
    chosen = opened.plugin.controller.scene.choice()
    assert (list(chosen.bands), list(chosen.area), chosen.pixel_size_m) == (
        scene["bands"], scene["area"], scene["pixel_size_m"],
    )  # fmt: skip
    assert dock.coarse.source.choice() == choices["model"] == "scores"
    assert dock.refine.refiner.choice() == choices["refiner"]
    for combo, files in ((dock.coarse.source, choices["models"]), (dock.refine.refiner, choices["refiners"])):
        assert {path for _, path in files} <= {path for _, path in combo.files()}
    assert dock.train.chosen_kind() == choices["kind"] == "faithful"
    assert not dock.train.use_pretrained.isChecked()
    assert dock.train.label_layer().name() == "labels"


def _layers_keep_their_roles(opened, folder):
    context, project = opened.context, QgsProject.instance()
    assert all(layer.isValid() for layer in project.mapLayers().values())
    for step in opened.run.steps:
        sources = context.layers.sources(folder.name, step.index)
        assert {Path(source) for source in sources} == {Path(step.scores), Path(step.classes_raster)}
        assert len(sources) == 4
    assert "Step 3 · classes" in opened.visible_layers()
    assert {layer.name() for layer in marked("export")} == {"polygons", "classes"}
    (corrections,) = marked("corrections")
    assert corrections is opened.dock.correct.correction_layer()
    assert corrections.featureCount() == 2
    assert opened.dock.correct.learn.isEnabled()
    assert set(marked("labels")) == {corrections, *project.mapLayersByName("labels")}
    assert len(marked("filters")) > 3
    groups = [
        group for group in project.layerTreeRoot().findGroups(True) if group.customProperty("map_refiner/filters")
    ]
    assert [group.customProperty("map_refiner/filters") for group in groups] == [folder.name]


def _the_next_step_is_made(opened, folder, record):
    """Check that step 4, made again from step 3, equals the stored one, and make step 5."""
    stored = read(folder / record["steps"][4]["scores"])
    opened.step()
    assert opened.run.shown == 4
    opened.context.show_step(3)
    opened.run_to(5)
    assert [step.index for step in opened.run.steps] == [0, 1, 2, 3, 4, 5], opened.bar.text()
    assert np.allclose(read(opened.run.steps[4].scores), stored, rtol=0, atol=1e-5)
    assert opened.visible_layers()[-1] == "Step 5 · classes"
    assert (folder / "run.json").is_file()


def _a_layer_restores_the_run_with_a_pyramid(opened, pyramid):
    show, _ = opened.plugin.iface.layer_actions
    steps = [layer for layer, run in marked("run").items() if run == pyramid.name]
    opened.plugin.iface.active = next(layer for layer in steps if layer.customProperty("map_refiner/step") == -2)
    show.trigger()
    opened.wait()
    run = opened.run
    assert (run.folder, run.last) == (pyramid, 0), opened.bar.text()
    assert [level.title for level in run.levels] == list(LEVELS)
    assert run.position == -2
    assert any(name.startswith("Coarse 16x") for name in opened.visible_layers())


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.fixture
def profile(work_folder):
    """The work folder, with the stored settings in the settings of QGIS."""
    stored = QSettings(str(DATA / "settings.ini"), QSettings.Format.IniFormat)
    for key in stored.allKeys():
        QgsSettings().setValue(key, stored.value(key))
    assert len(stored.allKeys()) == len(SETTINGS)
    return work_folder  # its teardown removes the settings


def test_stored_settings_are_read(profile):
    settings = Settings()
    assert {name: getattr(settings, name) for name in SETTINGS} == SETTINGS
    assert settings.work_folder() == Path(SETTINGS["folder"])


def test_the_options_page_shows_stored_settings(profile):
    page = OptionsPage()
    shown = page.python.filePath(), page.device.currentData(), page.scheduler.text(), page.folder.filePath()
    assert shown == tuple(SETTINGS[name] for name in ("python", "device", "scheduler", "folder"))
    page.deleteLater()


# --- Processing ------------------------------------------------------------------------------------------------------


@pytest.fixture
def provider(qgis_app, work_folder, project):
    provider = register()
    yield provider
    unregister(provider)


@pytest.mark.parametrize("key", options()["algorithms"])
def test_an_algorithm_keeps_its_parameters_and_outputs(provider, key):
    algorithm = QgsApplication.processingRegistry().algorithmById(key)
    for name, given in options()["algorithms"][key]["parameters"].items():
        definition = algorithm.parameterDefinition(name)
        assert definition is not None, name
        if isinstance(given, list):
            assert set(given) <= set(definition.options())
        else:
            assert definition.type() == given
    assert set(options()["algorithms"][key]["outputs"]) <= {each.name() for each in algorithm.outputDefinitions()}


@pytest.mark.parametrize("name", ["image_to_polygons", "correct_with_a_tile"])
def test_a_stored_processing_model_is_valid(provider, tmp_path, name):
    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(unpack(tmp_path, "models") / "models" / f"{name}.model3"))
    assert model.validate() == (True, [])
    for child in model.childAlgorithms().values():
        assert child.algorithm() is not None
        assert child.parameterSources().keys() <= {each.name() for each in child.algorithm().parameterDefinitions()}
