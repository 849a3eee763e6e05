"""Manual corrections with real mouse and key events, fine-tuning on them, and uncertain places.

Modules that this file covers: plugin/control/correct/correction_tools.py, plugin/control/correct/corrections.py,
plugin/control/correct/uncertain_places.py, plugin/control/fine_tuning.py, plugin/dock/sections/correct.py,
plugin/layers/correction_layer.py, plugin/map_tools/paint_tools.py, plugin/map_tools/shortcuts.py.
"""

from pathlib import Path

import pytest
from map_refiner.plugin.layers.correction_layer import CORRECTIONS
from map_refiner.plugin.map_tools.paint_tools import units_per_metre
from map_refiner.plugin.state import Task
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
)
from qgis.gui import QgsGui, QgsMapToolPan
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
PLAIN = Qt.KeyboardModifier.NoModifier


def pixel_of(canvas, x, y):
    """Return the position on the canvas of map coordinates."""
    place = canvas.getCoordinateTransform().transform(QgsPointXY(x, y))
    return QPoint(round(place.x()), round(place.y()))


def place(column, row):
    """Return the map coordinates of a pixel of the small scene."""
    return 500_000 + 0.5 * column, 4_000_000 - 0.5 * row


def drag(canvas, *places):
    first, *rest = [pixel_of(canvas, *each) for each in places]
    QTest.mousePress(canvas.viewport(), LEFT, PLAIN, first)
    for each in rest:
        QTest.mouseMove(canvas.viewport(), each)
    QTest.mouseRelease(canvas.viewport(), LEFT, PLAIN, [first, *rest][-1])


def press(widget):
    """Click the middle of a widget with the mouse."""
    assert widget.isEnabled(), widget.text()
    QTest.mouseClick(widget, LEFT, PLAIN, widget.rect().center())


def shown_class(analyst, column, row):
    """Read the class of a pixel from the raster that the map shows."""
    dataset = gdal.Open(analyst.run.steps[analyst.run.shown].classes_raster)
    return int(dataset.GetRasterBand(1).ReadAsArray(column, row, 1, 1)[0, 0])


@pytest.fixture
def painter(stepper):
    """An analyst with two steps, the section open, and the brush selected."""
    stepper.run_to(2)
    correct = stepper.dock.correct
    correct.setCollapsed(False)
    correct.brush.setValue(6.0)
    press(correct.tools["paint"])
    return stepper


def layer_of(analyst):
    layers = QgsProject.instance().mapLayers().values()
    return next(layer for layer in layers if layer.customProperty(CORRECTIONS) == analyst.run.name)


def choose(analyst, name):
    box = analyst.dock.correct.class_name
    box.setCurrentIndex(box.findData(name))


def test_the_correction_workflow(painter, label_layer, draw_tile, settle):
    """All parts share one worker, because starting one takes longer than the whole test."""
    canvas = painter.plugin.iface.canvas
    whole = canvas.extent()
    add_more_layers(painter)
    paint_undo_redo_and_unsure(painter, canvas)
    qgis_own_edits_count(painter, settle)
    later_steps_are_bound(painter, canvas)
    draw_a_polygon(painter, canvas)
    click_a_connected_part(painter, canvas, settle)
    outside_the_scene_and_while_busy(painter, canvas)
    canvas.setExtent(whole)
    draw_tile(label_layer, 0, 170)
    painter.dock.train.labels.setLayer(label_layer)
    look_where_to_go(painter, canvas)
    canvas.setExtent(whole)
    learn_and_step_back(painter)
    keys_choose_and_can_be_rebound(painter)


def add_more_layers(painter):
    """Check that uncertainty and change become layers of the run, and that each step has its own day in time."""
    for action in painter.dock.refine.views.menu().actions():
        action.trigger()
        painter.wait()
    layers = QgsProject.instance().mapLayers().values()
    made = {layer.name(): layer for layer in layers if layer.name().startswith("Step 2 · ")}
    unsure = made["Step 2 · uncertainty"].renderer().shader().rasterShaderFunction().colorRampItemList()
    assert [item.color.alpha() for item in unsure] == [0, 90, 170, 255]
    for name in ("changed since the last step", "changed since the coarse map"):
        entries = made[f"Step 2 · {name}"].renderer().classes()
        assert [entry.label for entry in entries] == ["→ background", "→ building", "→ road"]
        assert entries[0].color.alpha() == 255
    times = made["Step 2 · classes"].temporalProperties()
    assert times.isActive()
    assert times.fixedTemporalRange().begin().date().day() == 3
    for name in ("uncertainty", "changed since the last step", "changed since the coarse map"):
        QgsProject.instance().removeMapLayer(made[f"Step 2 · {name}"].id())


def paint_undo_redo_and_unsure(painter, canvas):
    correct = painter.dock.correct
    free = shown_class(painter, 200, 60)
    assert free != 2
    choose(painter, "road")
    drag(canvas, place(190, 60), place(210, 60))
    painter.wait()
    assert shown_class(painter, 200, 60) == 2
    assert shown_class(painter, 190, 57) == 2
    layer = layer_of(painter)
    assert layer.featureCount() == 1
    (feature,) = layer.getFeatures()
    assert feature["class"] == "road"
    assert feature.geometry().area() == pytest.approx(10 * 6 + 3.14 * 9, rel=0.07)  # a stroke of 10 m, 6 m wide
    assert painter.visible_layers() == ["Step 2 · classes"]
    assert QgsProject.instance().layerTreeRoot().findLayer(layer.id()).isVisible()
    press(correct.undo)
    painter.wait()
    assert shown_class(painter, 200, 60) == free
    assert layer.featureCount() == 0
    press(correct.redo)
    painter.wait()
    assert shown_class(painter, 200, 60) == 2
    choose(painter, "unsure")
    drag(canvas, place(190, 60), place(210, 60))
    painter.wait()
    assert shown_class(painter, 200, 60) == free


def qgis_own_edits_count(painter, settle):
    layer = layer_of(painter)
    assert layer.startEditing()
    feature = QgsFeature(layer.fields())
    feature.setAttribute("class", "road")
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(*place(40, 220), *place(60, 200))))
    assert layer.addFeature(feature)
    assert layer.commitChanges()
    settle()
    painter.wait()
    assert shown_class(painter, 50, 210) == 2


def later_steps_are_bound(painter, canvas):
    choose(painter, "building")
    drag(canvas, place(150, 120), place(152, 120))
    painter.wait()
    painter.step()
    assert painter.run.shown == 3
    assert shown_class(painter, 150, 120) == 1
    assert shown_class(painter, 50, 210) == 2
    press(painter.dock.refine.back)
    assert shown_class(painter, 150, 120) == 1


def draw_a_polygon(painter, canvas):
    correct, layer = painter.dock.correct, layer_of(painter)
    before = layer.featureCount()
    press(correct.tools["draw"])
    assert canvas.mapTool() is painter.plugin.controller.correction_tools.tools["draw"]
    assert not correct.tools["paint"].isChecked()
    choose(painter, "road")
    for corner in ((20, 140), (60, 140), (60, 145), (40, 230)):
        QTest.mouseClick(canvas.viewport(), LEFT, PLAIN, pixel_of(canvas, *place(*corner)))
    QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    QTest.mouseClick(canvas.viewport(), LEFT, PLAIN, pixel_of(canvas, *place(20, 145)))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    painter.wait()
    assert shown_class(painter, 40, 142) == 2
    assert layer.featureCount() == before + 1
    for corner in ((20, 160), (60, 160), (60, 170)):
        QTest.mouseClick(canvas.viewport(), LEFT, PLAIN, pixel_of(canvas, *place(*corner)))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseClick(canvas.viewport(), RIGHT, PLAIN, pixel_of(canvas, *place(20, 170)))
    assert layer.featureCount() == before + 1


def click_a_connected_part(painter, canvas, settle):
    painter.dock.refine.slider.setValue(0)  # the random refiner leaves no building intact
    assert shown_class(painter, 140, 50) == 1
    press(painter.dock.correct.tools["click"])
    choose(painter, "background")
    QTest.mouseClick(canvas.viewport(), LEFT, PLAIN, pixel_of(canvas, *place(140, 50)))
    painter.wait()
    settle()
    painter.wait()
    assert shown_class(painter, 140, 50) == 0
    assert shown_class(painter, 90, 50) == 1  # the next building
    QTest.mouseClick(canvas.viewport(), LEFT, PLAIN, pixel_of(canvas, *place(5, 5)))
    painter.wait()
    assert "extends over more than" in painter.bar.text()


def outside_the_scene_and_while_busy(painter, canvas):
    press(painter.dock.correct.tools["paint"])
    canvas.setExtent(QgsRectangle(499_900, 3_999_800, 500_200, 4_000_100))
    drag(canvas, place(-100, -100), place(-90, -100))
    assert "outside the scene" in painter.bar.text()
    choose(painter, "road")
    painter.context.task = Task.MEASURE  # another task is running
    drag(canvas, place(200, 60), place(203, 60))
    painter.context.task = Task.NONE
    assert shown_class(painter, 200, 60) != 2
    painter.plugin.controller.corrections.flush()
    painter.wait()
    assert shown_class(painter, 200, 60) == 2


def look_where_to_go(painter, canvas):
    correct, layer = painter.dock.correct, layer_of(painter)
    press(correct.look)
    painter.wait()
    assert 3 <= correct.places.count() <= 20
    assert "Mean IoU on the labels when the list was made" in correct.gain.text()
    whole, item = canvas.extent(), correct.places.item(1)
    QTest.mouseClick(correct.places.viewport(), LEFT, PLAIN, correct.places.visualItemRect(item).center())
    assert canvas.extent().width() < whole.width() / 2
    centre = canvas.extent().center()
    assert whole.contains(centre)
    assert item.checkState() == Qt.CheckState.Unchecked
    drag(canvas, (centre.x(), centre.y()), (centre.x() + 0.2, centre.y()))
    painter.wait()
    assert item.checkState() == Qt.CheckState.Checked
    assert " places corrected" in correct.gain.text()
    for spot in painter.plugin.controller.uncertain_places._spots:  # all other places
        feature = QgsFeature(layer.fields())
        feature.setAttribute("class", "building")
        feature.setGeometry(QgsGeometry.fromPointXY(spot.point).buffer(2, 4))
        assert layer.dataProvider().addFeatures([feature])[0]
    drag(canvas, (centre.x(), centre.y()), (centre.x() + 0.2, centre.y()))
    painter.wait()
    assert "points)" in correct.gain.text()


def learn_and_step_back(painter):
    correct, refine = painter.dock.correct, painter.dock.refine
    before, path = refine.refiner.currentText(), refine.refiner.path()
    refine.slider.setValue(1)
    press(correct.learn)
    painter.wait(240)
    assert "on the corrected pixels" in correct.progress.text().lower()
    assert "Mean IoU on the labels" in correct.progress.text()
    assert refine.refiner.currentText() == f"{before} + corrections 1"
    assert Path(refine.refiner.path()).is_file()
    assert Path(path).is_file()
    assert painter.run.shown == painter.run.last == 1
    assert shown_class(painter, 200, 60) == 2
    flip_to_before_and_back(painter)
    press(correct.unlearn)
    painter.wait()
    assert refine.refiner.path() == path
    assert painter.run.shown == painter.run.last == 1
    assert not correct.unlearn.isEnabled()


def flip_to_before_and_back(painter):
    canvas, row = painter.plugin.iface.canvas, painter.dock.refine.compare
    assert [row.other.itemText(n) for n in range(row.other.count())] == ["Coarse Map", "Step 1", "Before Fine-Tuning"]
    row.other.setCurrentIndex(2)
    former = canvas.layers()
    shown = painter.run.steps[1].classes_raster
    assert any(layer.source() == shown for layer in former)
    QTest.mousePress(row.hold, LEFT, PLAIN, row.hold.rect().center())
    sources = [layer.source() for layer in canvas.layers()]
    assert shown not in sources
    assert len(sources) == len(former)
    assert any(Path(source).name.endswith("_classes.tif") and Path(source).is_file() for source in sources)
    QTest.mouseRelease(row.hold, LEFT, PLAIN, row.hold.rect().center())
    assert canvas.layers() == former


def keys_choose_and_can_be_rebound(painter):
    manager, window, correct = QgsGui.shortcutsManager(), painter.plugin.iface.window, painter.dock.correct
    control, canvas = painter.plugin.controller.correction_tools, painter.plugin.iface.canvas
    actions = {action.objectName(): action for action in window.actions() if action.objectName().startswith("MapRef")}
    assert actions["MapRefinerDraw"].shortcut().toString() == "Ctrl+Alt+D"
    assert actions["MapRefinerDraw"] in manager.listActions()
    actions["MapRefinerDraw"].trigger()
    assert correct.tools["draw"].isChecked()
    assert canvas.mapTool() is control.tools["draw"]
    actions["MapRefinerClass2"].trigger()
    assert correct.chosen_class() == "road"
    actions["MapRefinerUnsure"].trigger()
    assert correct.chosen_class() == "unsure"
    before = correct.brush.value()
    actions["MapRefinerLarger"].trigger()
    assert correct.brush.value() == pytest.approx(1.5 * before)
    pan = QgsMapToolPan(canvas)
    canvas.setMapTool(pan)
    assert not correct.tools["draw"].isChecked()
    assert control.tools["paint"].band.numberOfVertices() == 0
    painter.plugin.unload()
    assert not [action for action in manager.listActions() if action.objectName().startswith("MapRefiner")]
    assert not [action for action in window.actions() if action.objectName().startswith("MapRefiner")]


def test_metres_are_converted_to_degrees():
    context = QgsCoordinateTransformContext()
    crs = QgsCoordinateReferenceSystem("EPSG:4326")
    x, y = units_per_metre(crs, context, QgsPointXY(15, 60))
    assert y == pytest.approx(1 / 111_400, rel=0.01)
    assert x == pytest.approx(2 * y, rel=0.02)
    assert units_per_metre(QgsCoordinateReferenceSystem(), context, QgsPointXY(0, 0)) == (1.0, 1.0)
