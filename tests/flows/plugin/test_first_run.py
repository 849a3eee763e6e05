"""The first start: the search for Python, the demo scene, and the colours of labels.

Modules that this file covers: plugin/control/demo.py, plugin/environment/find_python.py, plugin/layers/styles.py.
"""

import stat
from pathlib import Path

from map_refiner.plugin.environment.find_python import PythonSearch
from map_refiner.plugin.layers.label_layer import LABELS_PROPERTY
from map_refiner.plugin.layers.styles import class_colour
from qgis.core import QgsCategorizedSymbolRenderer, QgsFeature, QgsProject, QgsVectorLayer

WORKER = Path(__file__).resolve().parents[3] / ".venv" / "worker" / "bin" / "python"


def test_broken_python_stubs_are_skipped(qgis_app, tmp_path, wait_until):
    for name, script in (
        ("python3.12", "echo 'python3.12: command not found' >&2; exit 127"),
        ("python3", "exit 1"),
    ):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    found = []
    search = PythonSearch()
    search.found.connect(found.append)
    search.start([str(tmp_path), "/usr/bin"])
    wait_until(lambda: found, 30, "a Python")
    assert found[0].startswith("/usr/bin/python3")
    search.start([str(tmp_path)])
    wait_until(lambda: len(found) == 2, 30, "the end of the search")
    assert found[1] == ""


def test_the_demo_scene_is_ready_to_classify_and_train(plugin, work_folder):
    dock = plugin.dock
    assert "Drag an image" in dock.scene.summary.text()
    assert dock.scene.demo.isVisible()
    dock.scene.demo.click()
    names = {layer.name() for layer in QgsProject.instance().mapLayers().values()}
    assert names == {"Demo scene", "Labelled tile", "Truth"}
    assert dock.scene.layer.currentLayer().name() == "Demo scene"
    assert dock.train.label_layer().name() == "Labelled tile"
    assert dock.coarse.classify.isEnabled()
    assert not dock.scene.demo.isVisible()


def test_chosen_labels_get_the_colours_of_their_classes(plugin, project):
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=class:string(32)", "mine", "memory")
    other = QgsVectorLayer("Polygon?crs=EPSG:32633&field=name:string(32)", "no labels", "memory")
    project.addMapLayers([layer, other])
    plugin.dock.train.labels.setLayer(layer)
    assert isinstance(layer.renderer(), QgsCategorizedSymbolRenderer)
    assert layer.customProperty(LABELS_PROPERTY)
    plugin.dock.train.labels.setLayer(other)
    assert not isinstance(other.renderer(), QgsCategorizedSymbolRenderer)


def test_coarse_model_labels_get_the_colours_of_the_future_map(plugin, project):
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=class:string(32)", "land", "memory")
    for name in ("water", "low vegetation", None, "water"):
        feature = QgsFeature(layer.fields())
        feature.setAttribute("class", name)
        layer.dataProvider().addFeature(feature)
    project.addMapLayer(layer)
    plugin.dock.coarse.labels.setLayer(layer)
    categories = {each.value(): each.symbol().color().name() for each in layer.renderer().categories()}
    assert list(categories)[:3] == ["low vegetation", "water", "background"]
    assert categories["water"] == class_colour("water", 2).name()
