"""A complete session on a small scene, through the dock's real widgets, with the real worker.

Modules that this file covers: plugin/control/coarse.py, plugin/control/context.py, plugin/control/controller.py,
plugin/control/export.py, plugin/control/scene.py, plugin/control/steps.py, plugin/control/training.py,
plugin/layers/exported_layers.py, plugin/layers/score_layers.py, plugin/map_tools/area_tool.py.
"""

import time
from pathlib import Path

import pytest
from map_refiner.plugin.dock.sections.scene import Area
from map_refiner.plugin.layers.step_layer import KIND_PROPERTY, RUN_PROPERTY, STEP_PROPERTY
from osgeo import gdal
from qgis.core import (
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsMapToolPan
from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest

MOST_BLOCKED_S = 0.1


class Pulse:
    """A timer on the GUI thread that stores its longest blockage.

    Time for which the kernel gave the processor to another process is left out: tests may share a machine.
    """

    def __init__(self):
        self.longest = 0.0
        self.schedule = Path("/proc/thread-self/schedstat").open()
        self.timer = QTimer()
        self.timer.timeout.connect(self.beat)
        self.last = self.now()
        self.timer.start(2)

    def now(self):
        self.schedule.seek(0)
        waited = int(self.schedule.read().split()[1]) / 1e9  # time ready to run but without a processor
        return time.perf_counter() - waited

    def beat(self):
        now = self.now()
        self.longest, self.last = max(self.longest, now - self.last), now


def run_layers(kind=None):
    layers = [layer for layer in QgsProject.instance().mapLayers().values() if layer.customProperty(RUN_PROPERTY)]
    return [layer for layer in layers if kind is None or layer.customProperty(KIND_PROPERTY) == kind]


def test_the_whole_workflow_does_not_block_the_gui(
    stepper, label_layer, draw_tile, wait_until, tmp_path, record_property
):
    dock, pulse = stepper.dock, Pulse()

    stepper.run_to(5)
    assert stepper.run.shown == 5
    assert stepper.visible_layers() == ["Step 5 · classes"]
    assert stepper.groups()["Refined: image"] == [f"Step {n}" if n else "Step 0 (Coarse Map)" for n in range(6)]
    assert len(run_layers()) == 6 * 4
    assert all(layer.isValid() for layer in run_layers())
    assert "Step 5 ·" in dock.refine.facts.text()
    assert "% of pixels changed" in dock.refine.facts.text()

    started = time.perf_counter()
    stepper.click(dock.refine.back)
    dock.refine.slider.setValue(2)
    assert time.perf_counter() - started < MOST_BLOCKED_S
    assert stepper.visible_layers() == ["Step 2 · classes"]
    dock.refine.kind.setCurrentIndex(2)  # 0: classes, 1: background
    assert stepper.visible_layers() == ["Step 2 · building"]
    dock.refine.kind.setCurrentIndex(0)

    before = {layer.id() for layer in run_layers()}
    stepper.step()  # from step 2: replaces the later steps
    assert stepper.run.shown == stepper.run.last == 3
    assert len(run_layers()) == 4 * 4
    assert len(before & {layer.id() for layer in run_layers()}) == 3 * 4

    dock.refine.end.setValue(5)
    stepper.click(dock.refine.play)
    assert dock.refine.play.text() == "Pause"
    stepper.wait()
    assert dock.refine.play.text() == "Play"
    assert stepper.run.shown == stepper.run.last == 5

    draw_tile(label_layer, 0, 170)
    dock.train.labels.setLayer(label_layer)
    stepper.click(dock.train.train)
    assert not label_layer.isModified()
    curve = dock.train.curve
    wait_until(lambda: curve.points and curve.points[-1][1] > curve.baseline + 0.05, 240, "a refiner that helps")
    assert "held-out mean IoU" in dock.train.progress.text()
    started = time.perf_counter()
    stepper.click(dock.train.stop)
    stepper.wait()
    stopped_in = time.perf_counter() - started
    assert "Training finished" in dock.train.progress.text()
    assert stepper.run.shown == 0
    assert dock.refine.refiner.currentText() == "Faithful, trained on my labels"
    stepper.run_to(5)
    stepper.click(dock.train.measure)
    stepper.wait()
    accuracy = stepper.run.accuracy
    assert accuracy[5].mean_iou > accuracy[0].mean_iou + 0.1, accuracy
    assert f"{accuracy[5].mean_iou:.3f}" in dock.refine.history.text()

    for ending in ("shp", "gpkg", "geojson"):
        dock.export.polygons_file.setFilePath(str(tmp_path / f"polygons.{ending}"))
        stepper.click(dock.export.polygons)
        stepper.wait()
        layer = QgsVectorLayer(str(tmp_path / f"polygons.{ending}"), ending)
        assert {feature["class"] for feature in layer.getFeatures()} == {"building", "road"}
    dock.export.raster_file.setFilePath(str(tmp_path / "classes.tif"))
    stepper.click(dock.export.raster)
    stepper.wait()
    assert gdal.Open(str(tmp_path / "classes.tif")).RasterXSize == 300
    names = {layer.name() for layer in QgsProject.instance().mapLayers().values()}
    assert {"polygons", "classes"} <= names

    record_property("stop_answered_ms", round(1000 * stopped_in))
    record_property("gui_thread_blocked_ms", round(1000 * pulse.longest))
    assert pulse.longest < MOST_BLOCKED_S, f"the GUI thread was blocked for {1000 * pulse.longest:.0f} ms"


def test_step_is_drawn_quickly(stepper, wait_until, record_property):
    canvas = stepper.plugin.iface.canvas
    drawn = []
    canvas.mapCanvasRefreshed.connect(lambda: drawn.append(time.perf_counter()))
    stepper.step()
    wait_until(lambda: not canvas.isDrawing())
    drawn.clear()
    started = time.perf_counter()
    stepper.click(stepper.dock.refine.step)
    wait_until(lambda: "Step 2 · classes" in [layer.name() for layer in canvas.layers()] and drawn, 10, "drawing")
    seconds = drawn[-1] - started
    record_property("click_to_drawn_ms", round(1000 * seconds))
    assert seconds < 1.5


def test_layers_store_their_step_and_have_a_fixed_style(stepper):
    stepper.run_to(2)
    for layer in run_layers():
        step, kind = layer.customProperty(STEP_PROPERTY), layer.customProperty(KIND_PROPERTY)
        assert layer.name().startswith(f"Step {step} ·")
        renderer = layer.renderer()
        if kind == 0:
            assert [entry.label for entry in renderer.classes()] == ["background", "building", "road"]
            assert renderer.classes()[0].color.alpha() == 0
        else:
            assert renderer.usesBands() == [kind]
            assert (renderer.classificationMin(), renderer.classificationMax()) == (0, 1)
            items = renderer.shader().rasterShaderFunction().colorRampItemList()
            assert (items[0].value, items[-1].value) == (0, 1)


def test_the_layer_tree_changes_the_shown_step(stepper):
    stepper.run_to(3)
    root = QgsProject.instance().layerTreeRoot()
    group = next(group for group in root.findGroups(True) if group.name() == "Step 1")
    group.setItemVisibilityChecked(True)
    assert stepper.run.shown == 1
    assert stepper.dock.refine.slider.value() == 1
    assert stepper.visible_layers() == ["Step 1 · classes"]


def test_another_pixel_size_starts_a_new_run_and_keeps_the_first(stepper):
    stepper.run_to(2)
    folder = stepper.run.folder
    stepper.dock.scene.pixel_size.setValue(1.0)
    stepper.use_scores()
    assert stepper.run.folder != folder
    assert stepper.run.last == 0
    assert stepper.visible_layers() == ["Step 0 · classes"]
    assert len(run_layers()) == 4 * 4
    assert gdal.Open(stepper.run.steps[0].scores).RasterXSize == 150


def test_the_same_scene_keeps_its_run(stepper):
    stepper.run_to(2)
    folder = stepper.run.folder
    stepper.use_scores()
    assert stepper.run.folder == folder
    assert len(run_layers()) == 4


def test_a_coarse_model_is_trained_from_vectors_and_stopped(analyst, project, draw_tile, label_layer, wait_until):
    draw_tile(label_layer)
    label_layer.commitChanges()
    label_layer.setSubsetString("\"class\" = 'building'")
    lines = QgsVectorLayer("LineString?crs=EPSG:32633", "roads", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt("LineString(500000 3999940, 500150 3999940)"))
    lines.dataProvider().addFeature(feature)
    project.addMapLayer(lines)
    dock = analyst.dock
    dock.coarse.source.choose_key("vectors")
    dock.coarse.buildings.setLayer(label_layer)
    dock.coarse.roads.setLayer(lines)
    dock.coarse.road_width.setValue(8)
    analyst.click(dock.coarse.train)
    wait_until(lambda: "Loss" in dock.coarse.progress.text(), 90, "a training step")
    started = time.perf_counter()
    analyst.click(dock.coarse.stop)
    analyst.wait()
    assert time.perf_counter() - started < 10
    assert dock.coarse.source.currentText() == "Trained on image"
    assert Path(dock.coarse.source.path()).is_file()
    analyst.click(dock.coarse.classify)
    analyst.wait()
    assert Path(dock.coarse.source.path()).parent == analyst.run.folder
    assert analyst.run.classes == ("background", "building", "road")
    assert analyst.visible_layers() == ["Step 0 · classes"]


def drag(canvas, start, end):
    """Draw a rectangle with the mouse between two points in map units."""
    places = [canvas.getCoordinateTransform().transform(point) for point in (start, end)]
    first, last = (QPoint(round(place.x()), round(place.y())) for place in places)
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(canvas.viewport(), left, Qt.KeyboardModifier.NoModifier, first)
    QTest.mouseMove(canvas.viewport(), last)
    QTest.mouseRelease(canvas.viewport(), left, Qt.KeyboardModifier.NoModifier, last)


@pytest.mark.parametrize("area", ["view", "drawn"])
def test_a_part_of_the_layer_can_be_chosen(analyst, settle, area):
    scene = analyst.dock.scene
    canvas = analyst.plugin.iface.canvas
    part = QgsRectangle(500_050, 3_999_900, 500_100, 3_999_950)
    if area == "view":
        canvas.setExtent(part)
        part = canvas.extent()
    pan = QgsMapToolPan(canvas)
    canvas.setMapTool(pan)
    scene.area.setCurrentIndex(scene.area.findData(Area(area)))
    if area == "drawn":
        canvas.setExtent(part.buffered(20))  # so that a screen pixel is less than half a metre
        settle()
        assert canvas.mapTool() is analyst.plugin.controller.scene.area_tool.tool
        drag(canvas, QgsPointXY(500_050, 3_999_950), QgsPointXY(500_100, 3_999_900))
        assert canvas.mapTool() is pan
        settle()
    analyst.use_scores()
    extent = QgsRasterLayer(analyst.run.steps[0].classes_raster).extent()
    common = part.intersect(QgsRectangle(500_000, 3_999_880, 500_150, 4_000_000))
    for side in ("xMinimum", "yMinimum", "xMaximum", "yMaximum"):
        assert getattr(extent, side)() == pytest.approx(getattr(common, side)(), abs=0.51)
