"""Runs that are restored with their project or after a crash, and runs with a missing folder.

Modules that this file covers: plugin/control/layer_menu.py, plugin/control/run_persistence.py,
plugin/run/run_file.py.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from map_refiner.models.shared.events import Stepped
from map_refiner.models.shared.requests import Resume
from map_refiner.plugin.control.run_persistence import LOCK
from map_refiner.plugin.dock.sections.scene import Area
from map_refiner.plugin.layers.correction_layer import Correction, layer_for, open_layer
from map_refiner.plugin.layers.step_layer import RUN_PROPERTY
from map_refiner.plugin.run import run_file
from map_refiner.plugin.state import StepAccuracy
from osgeo import gdal
from qgis.core import QgsGeometry, QgsProject
from qgis.PyQt.QtWidgets import QPushButton

CLASS_MAP = ("background", "building", "road")
_CRASH = """
import os, sys
from qgis.PyQt.QtCore import QLockFile
lock = QLockFile(sys.argv[1])
lock.setStaleLockTime(0)
sys.stdout.write(str(lock.tryLock(0)))
sys.stdout.flush()
os._exit(1)
"""


def crash(folder):
    """Leave a run as after a crash of QGIS, with its lock file."""
    done = subprocess.run([sys.executable, "-c", _CRASH, folder / LOCK], capture_output=True, text=True)
    assert done.stdout == "True"
    assert (folder / LOCK).exists()


class Eyes:
    """The part of the plugin's state that the user sees."""

    def __init__(self, plugin):
        self.plugin, self.context, self.bar = plugin, plugin.controller.context, plugin.iface.bar

    @property
    def run(self):
        return self.context.run

    def layers(self):
        """Return the names of the step layers shown on the map."""
        nodes = QgsProject.instance().layerTreeRoot().findLayers()
        shown = [node.layer() for node in nodes if node.isVisible() and node.layer() is not None]
        return [layer.name() for layer in shown if layer.customProperty(RUN_PROPERTY)]


def offers(analyst):
    items = analyst.bar.findChildren(QPushButton)
    return [button for button in items if button.text() == "Restore Run"]


def test_a_missing_run_folder_is_reported(plugin, project, tmp_path):
    gone = tmp_path / "runs" / "20260101_000000"
    project.writeEntry("map_refiner", "run", str(gone))
    plugin.controller.run_persistence._on_project_read()
    assert f"The folder of the run is missing: {gone}" in plugin.iface.bar.text()
    assert plugin.controller.context.run is None


@pytest.fixture
def kept(plugin, scene, write_raster, tmp_path):
    """A run of three steps as the worker makes it, with a refiner, and the second step shown."""
    dock, context = plugin.dock, plugin.controller.context
    refiner_file = tmp_path / "refiner.safetensors"
    refiner_file.touch()
    dock.scene.set_rectangle(scene.extent().buffered(-5), scene.crs())
    dock.scene.area.setCurrentIndex(dock.scene.area.findData(Area.DRAWN))
    dock.refine.refiner.add_file("mine", str(refiner_file))
    dock.train.use_pretrained.setChecked(False)
    run, _ = plugin.controller.scene.run_for(plugin.controller.scene.choice())
    run.folder.mkdir(parents=True)
    context.run, context.pending_run, run.refiner = run, None, str(refiner_file)
    context.layers.begin(run.name, run.scene.name)
    for index in range(4):
        add_step(context, write_raster, index)
    run.best_steps[run.refiner] = 3
    run.accuracy[1] = StepAccuracy(0.9, 0.5, (0.9, 0.4, None), (0.3, None, None), ((3, 1, 0), (0, 2, 1), (0, 0, 0)))
    run.coarse = "/m.safetensors"
    context.show_step(2)
    plugin.controller.run_persistence.keep()
    return plugin


def add_step(context, write_raster, index):
    stem = context.run.folder / f"step_{index}_{uuid4().hex}"
    write_raster(stem.with_suffix(".tif"), np.full((3, 4, 5), 1 / 3, np.float32), names=CLASS_MAP)
    write_raster(context.run.folder / f"{stem.name}_classes.tif", np.zeros((1, 4, 5), np.uint8), kind=gdal.GDT_Byte)
    step = Stepped(index, f"{stem}.tif", f"{stem}_classes.tif", CLASS_MAP, index / 100 if index else None, 5.0)
    context.layers.truncate(context.run.name, index)
    context.run.add(step)
    context.layers.add(context.run.name, step, 0)


def test_a_run_is_restored_with_its_project(kept, project, settle, wait_until, write_raster, tmp_path):
    dock, context = kept.dock, kept.controller.context
    analyst, first = Eyes(kept), context.run
    wait_until(context.layers.is_settled, 20, "the layers")
    assert (first.folder / LOCK).exists()
    assert project.write(str(first.folder.parent / "project.qgz"))
    add_step(context, write_raster, 3)  # a new third step, after the project was saved
    kept.controller.run_persistence.keep()
    last = first.steps[3]
    project.clear()
    assert context.run is None
    assert not (first.folder / LOCK).exists()

    moved = first.folder.parent.parent / "moved"  # together with the project, which has relative paths
    shutil.move(first.folder.parent, moved)
    dock.refine.refiner.setCurrentIndex(0)
    dock.train.use_pretrained.setChecked(True)
    assert project.read(str(moved / "project.qgz"))
    settle()
    run = context.run
    assert run is not None, analyst.bar.text()
    assert (run.folder, run.shown, run.last, run.classes) == (moved / first.name, 2, 3, CLASS_MAP)
    assert Path(run.steps[3].scores).name == Path(last.scores).name
    assert (run.best_steps, run.accuracy) == (first.best_steps, first.accuracy)
    assert (run.made_by, run.scene, run.coarse) == (first.made_by, first.scene, first.coarse)
    assert kept.controller.scene.choice() == run.scene
    assert dock.refine.refiner.choice() == run.refiner
    assert not dock.train.use_pretrained.isChecked()
    assert analyst.layers() == ["Step 2 · classes"]
    assert context.layers.sources(run.name, 3) == []  # the layers of the former third step are gone
    assert isinstance(context.on_run()[0], Resume)
    _layers_lead_to_their_steps(kept, analyst)


@pytest.mark.parametrize(("choice", "read"), [({}, True), ({"go_on": None}, False), ({"go_on": "yes"}, True)])
def test_records_of_older_versions_or_with_manual_edits_are_read(kept, project, choice, read):
    run = kept.controller.context.run
    project.clear()
    path = run.folder / run_file.RECORD
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["choices"]["go_on"]
    content["choices"].update(choice)
    path.write_text(json.dumps(content), encoding="utf-8")
    _, choices = run_file.read(run.folder, project.transformContext())
    assert choices.go_on is read


def test_a_run_is_offered_after_a_crash(kept, project, settle, wait_until):
    dock, context, analyst, folder = kept.dock, kept.controller.context, Eyes(kept), kept.controller.context.run.folder
    dock.hide()
    dock.show()
    assert not offers(analyst)  # it is already open
    run = context.run
    layer = open_layer(folder, run.name, "image", run.extent, CLASS_MAP)
    Correction(layer, QgsGeometry.fromRect(run.extent.extent), "road").make()
    project.clear()
    crash(folder)
    kept.controller.run_persistence._offered = False  # as in a new QGIS session
    dock.hide()
    dock.show()
    (button,) = offers(analyst)
    assert "the run on “image” of" in button.parent().text()
    button.click()
    wait_until(context.layers.is_settled, 20, "the layers")
    settle()
    assert context.run.last == 3, analyst.bar.text()
    assert [len(context.layers.sources(folder.name, index)) for index in range(4)] == [4] * 4
    assert analyst.layers() == ["Step 2 · classes"]
    assert [layer.name() for layer in project.mapLayers().values() if layer.name() == "image"]
    assert not offers(analyst)
    corrections = layer_for(project, folder.name)  # they apply to the run: shown, and usable for fine-tuning
    assert corrections is not None
    assert dock.correct.correction_layer() is corrections
    assert corrections.featureCount() == 1
    assert dock.correct.learn.isEnabled()


def _layers_lead_to_their_steps(plugin, stepper):
    show, export = plugin.iface.layer_actions
    layers = plugin.iface.layer_actions[show]
    assert {f"Step {k} · {name}" for k in range(4) for name in ("classes", *CLASS_MAP)} == set(layers)
    assert plugin.iface.layer_actions[export] == layers
    name, folder = stepper.run.name, stepper.run.folder
    plugin.iface.active = QgsProject.instance().mapLayersByName("Step 0 · building")[0]
    show.trigger()
    assert stepper.layers() == ["Step 0 · building"]
    stepper.context.run = None  # as in a later session
    plugin.controller.run_persistence.release()
    show.trigger()
    assert stepper.run.name == name, stepper.bar.text()
    assert (stepper.run.folder, stepper.run.shown) == (folder, 0)
    plugin.iface.active = None
    show.trigger()
    assert "Choose a layer of a step first" in stepper.bar.text()
