"""Help on F1, and files dropped onto the dock.

Modules that this file covers: plugin/dock/dock.py, plugin/help.py.
"""

import re

import pytest
from map_refiner.plugin.help import HELP_FOLDER, page
from map_refiner.plugin.layers.label_layer import new_label_file
from qgis.PyQt.QtCore import QMimeData, QPointF, Qt, QUrl
from qgis.PyQt.QtGui import QDropEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication


def test_f1_opens_the_help_of_the_section(plugin):
    dock, asked = plugin.dock, []
    dock.help_requested.disconnect()
    dock.help_requested.connect(asked.append)
    plugin.iface.window.activateWindow()
    dock.train.kind.setFocus()
    QApplication.processEvents()
    QTest.keyClick(dock.train.kind, Qt.Key.Key_F1)
    dock.scene.pixel_size.setFocus()
    QTest.keyClick(dock.scene.pixel_size, Qt.Key.Key_F1)
    dock.footer.help.click()
    assert asked == ["teach", "scene", "scene"]


def test_every_section_has_an_anchor_in_the_guide(plugin):
    text = (HELP_FOLDER / "guide.html").read_text(encoding="utf-8")
    places = set(re.findall(r'id="(\w+)"', text))
    assert {section.objectName().removeprefix("map_refiner_") for section in plugin.dock.sections} <= places
    assert page("teach").toString().endswith("guide.html#teach")


@pytest.mark.parametrize("name", ["guide.html", "bad_result.html"])
def test_links_and_pictures_of_the_help_exist(name):
    text = (HELP_FOLDER / name).read_text(encoding="utf-8")
    places = set(re.findall(r'id="(\w+)"', text))
    for target in re.findall(r'(?:href|src)="([^"]+)"', text):
        file, _, anchor = target.partition("#")
        assert not file or (HELP_FOLDER / file).is_file(), target
        assert file or anchor in places, target


def drop(dock, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    arguments = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    dock.dropEvent(QDropEvent(QPointF(5, 5), *arguments))


def test_dropped_weights_are_selected_in_their_section(plugin, refiner_file, tmp_path):
    dock, bar = plugin.dock, plugin.iface.bar
    drop(dock, refiner_file)
    assert dock.refine.refiner.choice() == str(refiner_file)
    coarse = next(path for _, path in dock.coarse.source.files())
    dock.coarse.source.choose_key("scores")
    drop(dock, coarse)
    assert dock.coarse.source.choice() == coarse
    (tmp_path / "no.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    drop(dock, tmp_path / "no.safetensors")
    assert "no.safetensors is not a model of Map Refiner" in bar.text()


def test_dropped_labels_are_selected_for_training(plugin, scene, tmp_path):
    dock, bar = plugin.dock, plugin.iface.bar
    place = plugin.controller.scene.extent()
    labels = new_label_file(tmp_path, "here", place)
    others = tmp_path / "others.geojson"
    others.write_text('{"type": "FeatureCollection", "features": []}')
    drop(dock, labels, others)
    assert dock.train.label_layer().name() == labels.stem
    assert f"{labels.name} is selected under Train" in bar.text()
    assert "“others” was added to the map, but cannot be used for training: it has no text field “class”" in bar.text()
    (tmp_path / "no.gpkg").write_bytes(b"nothing")
    drop(dock, tmp_path / "no.gpkg")
    assert "QGIS cannot open no.gpkg as a vector layer" in bar.text()
    assert dock.train.label_layer().name() == labels.stem
