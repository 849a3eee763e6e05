"""Bad input: a message in the message bar, and no lost data.

Modules that this file covers: plugin/dock/sections/scene.py, plugin/errors.py, plugin/layers/vector_source.py,
plugin/messages.py.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from map_refiner.plugin.dock.sections.scene import Area
from map_refiner.plugin.state import Task
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtWidgets import QMessageBox


def choose(analyst, layer):
    QgsProject.instance().addMapLayer(layer)
    analyst.dock.scene.layer.setLayer(layer)


def try_scores(analyst):
    analyst.click(analyst.dock.coarse.use_scores)
    analyst.wait()
    return analyst.bar.said[-1][1] if analyst.bar.said else ""


# --- scenes ----------------------------------------------------------------------------------------------------------


def test_a_web_layer_is_refused(analyst):
    choose(analyst, QgsRasterLayer("type=xyz&url=https://nowhere.invalid/{z}/{x}/{y}.png", "web map", "wms"))
    assert "is a web service or lies in memory" in analyst.dock.scene.summary.text()
    assert "“web map” is a web service or lies in memory" in try_scores(analyst)
    assert analyst.context.task is Task.NONE


def test_a_raster_in_memory_is_refused(analyst, write_raster):
    write_raster("/vsimem/memory.tif", np.ones((3, 20, 20)))
    choose(analyst, QgsRasterLayer("/vsimem/memory.tif", "in memory"))
    assert "“in memory” is a web service or lies in memory" in try_scores(analyst)
    gdal.Unlink("/vsimem/memory.tif")


def test_a_deleted_file_is_named_in_the_message(analyst, scene_files, tmp_path):
    path = Path(shutil.copy(scene_files / "image.tif", tmp_path / "gone.tif"))
    choose(analyst, QgsRasterLayer(str(path), "gone"))
    path.unlink()
    assert "“gone”" in try_scores(analyst)
    assert "gone.tif" in analyst.bar.text()


def test_a_raster_without_a_crs_opens_with_a_warning(analyst, write_raster, tmp_path, scene_files, project):
    for name in ("image", "scores"):
        values = gdal.Open(str(scene_files / f"{name}.tif")).ReadAsArray()
        write_raster(tmp_path / f"{name}.tif", values, epsg=None, names=("background", "building", "road"))
    layer = QgsRasterLayer(str(tmp_path / "image.tif"), "bare")
    layer.setCrs(QgsCoordinateReferenceSystem())
    scores = QgsRasterLayer(str(tmp_path / "scores.tif"), "bare scores")
    project.addMapLayer(scores)
    choose(analyst, layer)
    analyst.dock.coarse.scores.setLayer(scores)
    assert not analyst.dock.scene.pixel_size.isEnabled()
    assert "has no CRS" in analyst.dock.scene.summary.text()
    try_scores(analyst)
    assert analyst.run.last == 0
    assert "no CRS" in analyst.bar.text()


@pytest.mark.parametrize("epsg", [4326, 2263])  # degrees; feet
def test_pixel_sizes_in_degrees_and_feet_are_converted_to_metres(analyst, write_raster, tmp_path, epsg):
    step = {4326: 4.5e-6, 2263: 0.5 / 0.3048}[epsg]  # about half a metre of latitude; half a metre
    origin = {4326: (10.0, 0.001), 2263: (980_000.0, 200_000.0)}[epsg]
    path = write_raster(
        tmp_path / "image.tif", np.ones((3, 50, 80)), epsg, transform=(origin[0], step, 0, origin[1], 0, -step)
    )
    choose(analyst, QgsRasterLayer(str(path), "other unit"))
    assert analyst.dock.scene.pixel_size.value() == pytest.approx(0.5, abs=0.005)
    analyst.dock.scene.pixel_size.setValue(1.0)
    assert analyst.dock.scene.summary.text().startswith("40 × 25 pixels")


def test_fine_pixels_default_to_half_a_metre(analyst, write_raster, tmp_path):
    path = write_raster(tmp_path / "fine.tif", np.ones((3, 100, 100)), transform=(500_000, 0.1, 0, 4_000_000, 0, -0.1))
    choose(analyst, QgsRasterLayer(str(path), "fine"))
    assert analyst.dock.scene.pixel_size.value() == pytest.approx(0.5)
    path = write_raster(tmp_path / "rough.tif", np.ones((3, 100, 100)), transform=(500_000, 2, 0, 4_000_000, 0, -2))
    choose(analyst, QgsRasterLayer(str(path), "rough"))
    assert analyst.dock.scene.pixel_size.value() == pytest.approx(2.0, abs=0.01)


def test_a_raster_of_only_nodata_is_refused(analyst, write_raster, tmp_path):
    path = write_raster(tmp_path / "empty.tif", np.zeros((3, 40, 40)), nodata=0)
    choose(analyst, QgsRasterLayer(str(path), "empty"))
    assert "NoData" in try_scores(analyst)


def test_thin_rasters_can_be_opened(analyst, write_raster, tmp_path):
    for shape in ((1, 40), (40, 1), (1, 1)):
        path = tmp_path / f"thin_{shape[0]}_{shape[1]}.tif"
        write_raster(path, np.random.default_rng(1).random((3, *shape)))
        choose(analyst, QgsRasterLayer(str(path), path.stem))
        try_scores(analyst)
        assert analyst.run is not None, analyst.bar.text()
        assert analyst.run.scene.name == path.stem
        assert analyst.run.last == 0


def test_invalid_band_lists_are_refused(analyst):
    for text, sentence in (
        ("1, 2, 9", "There is no band 9"),
        ("red", "is not a band number"),
        ("1, 1, 2", "occurs twice"),
        ("3-1", "no band"),
    ):
        analyst.dock.scene.bands.line.setText(text)
        analyst.dock.scene.bands.line.editingFinished.emit()
        assert sentence in analyst.dock.scene.summary.text()
        assert sentence in try_scores(analyst)


def test_a_refiner_for_another_number_of_bands_is_refused(stepper):
    """A fitting refiner is offered; choosing one that does not fit gives a message."""
    chosen = stepper.dock.refine.refiner.choice()
    stepper.dock.scene.bands.line.setText("1, 2")
    stepper.use_scores()
    stepper.dock.refine.refiner.choose(chosen)
    stepper.step()
    assert "expects 3 bands" in stepper.bar.text()
    assert stepper.run.last == 0


def test_a_missing_or_outside_area_is_refused(analyst):
    scene = analyst.dock.scene
    scene.area.setCurrentIndex(scene.area.findData(Area.DRAWN))
    assert "Draw the rectangle" in try_scores(analyst)
    scene.set_rectangle(QgsRectangle(0, 0, 10, 10), QgsCoordinateReferenceSystem("EPSG:32633"))
    assert "does not intersect" in try_scores(analyst)


def test_an_image_is_refused_as_a_score_raster(analyst):
    analyst.dock.coarse.scores.setLayer(analyst.dock.scene.layer.currentLayer())
    assert "image.tif" in try_scores(analyst)
    assert analyst.run is None or analyst.run.last < 0


def test_a_failed_scene_keeps_the_former_run(stepper, write_raster, tmp_path):
    stepper.run_to(2)
    former = stepper.run
    path = write_raster(tmp_path / "empty.tif", np.zeros((3, 40, 40)), nodata=0)
    choose(stepper, QgsRasterLayer(str(path), "empty"))
    assert "NoData" in try_scores(stepper)
    assert stepper.run is former
    stepper.step()
    assert stepper.run.last == 3


# --- models ----------------------------------------------------------------------------------------------------------


def test_damaged_or_hostile_refiner_files_are_refused(stepper, tmp_path, refiner_file):
    for number, content in enumerate((b"", b"\x10\0\0\0\0\0\0\0{", b"\xff" * 400, b"cos\nsystem\n(S'x'\ntR.")):
        path = tmp_path / f"bad_{number}.safetensors"
        path.write_bytes(content)
        stepper.dock.train.load_requested.emit(str(path))
        stepper.wait()
        assert path.name in stepper.bar.said[-1][1]
        stepper.step()
        assert path.name in stepper.bar.said[-1][1]
        assert stepper.run.last == 0
    stepper.choose_refiner(refiner_file)
    stepper.step()
    assert stepper.run.last == 1


def test_a_refiner_is_refused_as_a_coarse_model(analyst, refiner_file):
    analyst.dock.coarse.source.add_file("wrong", str(refiner_file))
    analyst.click(analyst.dock.coarse.classify)
    analyst.wait()
    assert "holds a refiner" in analyst.bar.text()


# --- labels ----------------------------------------------------------------------------------------------------------


def add(layer, name, wkt):
    feature = QgsFeature(layer.fields())
    feature.setAttribute("class", name)
    feature.setGeometry(QgsGeometry.fromWkt(wkt))
    layer.addFeature(feature)


TILE = "POLYGON((500000 3999900, 500150 3999900, 500150 4000000, 500000 4000000, 500000 3999900))"
HOUSE = "POLYGON((500010 3999950, 500030 3999950, 500030 3999970, 500010 3999970, 500010 3999950))"
BOW_TIE = "POLYGON((500010 3999950, 500030 3999970, 500030 3999950, 500010 3999970, 500010 3999950))"
FAR = "POLYGON((0 0, 10 0, 10 10, 0 10, 0 0))"


CANNOT_TEACH = (
    ([], "has no polygons yet"),
    ([("building", HOUSE)], "has no “tile” polygon"),
    ([("tile", TILE)], "only one class"),
    ([("tile", FAR), ("building", FAR)], "lie outside the scene"),
    ([("tile", TILE), ("building", BOW_TIE)], "feature 2"),
    ([("tile", TILE), ("castle", HOUSE)], "has features without a class of the map: feature 2"),
    ([("tile", TILE), (None, HOUSE)], "has features without a class of the map: feature 2"),
)


def test_unusable_labels_are_refused(stepper, project):
    for shapes, sentence in CANNOT_TEACH:
        layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=class:string(32)", "poor labels", "memory")
        project.addMapLayer(layer)
        layer.startEditing()
        for name, wkt in shapes:
            add(layer, name, wkt)
        stepper.dock.train.labels.setLayer(layer)
        stepper.click(stepper.dock.train.train)
        stepper.wait()
        assert sentence in stepper.bar.said[-1][1]
        assert layer.featureCount() == len(shapes)
        assert stepper.run.last == 0


def test_labels_without_a_class_field_are_refused(stepper, project):
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633", "plain", "memory")
    project.addMapLayer(layer)
    stepper.dock.train.labels.setLayer(layer)
    stepper.click(stepper.dock.train.train)
    assert "has no text field “class”" in stepper.bar.text()


def test_labels_in_another_crs_are_used_for_training(stepper, label_layer, draw_tile, project, wait_until):
    draw_tile(label_layer)
    degrees = QgsVectorLayer("Polygon?crs=EPSG:4326&field=class:string(32)", "in degrees", "memory")
    project.addMapLayer(degrees)
    transform = QgsCoordinateTransform(label_layer.crs(), degrees.crs(), project)
    degrees.startEditing()
    for feature in label_layer.getFeatures():
        geometry = feature.geometry()
        geometry.transform(transform)
        add(degrees, feature["class"], geometry.asWkt(12))
    stepper.dock.train.labels.setLayer(degrees)
    stepper.click(stepper.dock.train.train)
    wait_until(lambda: stepper.dock.train.curve.points, 60, "a measurement")
    stepper.click(stepper.dock.train.stop)
    stepper.wait()
    assert stepper.dock.refine.refiner.findText("Faithful, trained on in degrees") >= 0


def test_training_from_empty_vectors_is_refused(analyst, label_layer):
    label_layer.commitChanges()
    analyst.dock.coarse.source.choose_key("vectors")
    analyst.dock.coarse.buildings.setLayer(label_layer)
    analyst.click(analyst.dock.coarse.train)
    assert "is empty" in analyst.bar.text()


# --- exports ---------------------------------------------------------------------------------------------------------


def test_unwritable_export_paths_are_refused(analyst, tmp_path):
    analyst.use_scores()
    for name, sentence in (("map.dxf", "must end in .gpkg or .shp"), ("no/folder/map.gpkg", "There is no folder")):
        analyst.dock.export.polygons_file.setFilePath(str(tmp_path / name))
        analyst.click(analyst.dock.export.polygons)
        assert sentence in analyst.bar.said[-1][1]


def test_an_existing_file_is_replaced_only_after_confirmation(analyst, tmp_path, monkeypatch):
    analyst.use_scores()
    path = tmp_path / "map.gpkg"
    path.write_text("precious")
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    analyst.dock.export.polygons_file.setFilePath(str(path))
    analyst.click(analyst.dock.export.polygons)
    assert path.read_text() == "precious"
    analyst.click(analyst.dock.export.polygons)
    analyst.wait()
    assert QgsVectorLayer(str(path), "x").featureCount() > 0


def test_a_file_used_by_another_layer_is_not_overwritten(analyst, tmp_path, monkeypatch, project):
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    analyst.use_scores()
    path = tmp_path / "mine.geojson"
    path.write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"a": 1}, '
        '"geometry": {"type": "Point", "coordinates": [0, 0]}}]}'
    )
    project.addMapLayer(QgsVectorLayer(str(path), "my points"))
    analyst.dock.export.polygons_file.setFilePath(str(path))
    analyst.click(analyst.dock.export.polygons)
    assert "in use by the layer “my points”" in analyst.bar.text()
    assert "Point" in path.read_text()


# --- projects --------------------------------------------------------------------------------------------------------


def test_closing_the_project_during_a_run_ends_the_run(stepper, project, wait_until):
    stepper.dock.refine.end.setValue(60)
    stepper.click(stepper.dock.refine.run)
    wait_until(lambda: stepper.run.last >= 1, 60, "a step")
    project.clear()
    stepper.wait()
    assert stepper.run is None
    assert not project.mapLayers()
    assert not stepper.dock.refine.step.isEnabled()


def test_layers_and_groups_can_be_removed_moved_and_renamed_during_a_run(stepper, project, wait_until):
    stepper.run_to(2)
    root = project.layerTreeRoot()
    group = next(group for group in root.findGroups() if group.name() == "Refined: image")
    group.setName("my own name")
    other = root.addGroup("elsewhere")
    other.addChildNode(group.clone())
    root.removeChildNode(group)
    stepper.step()
    assert [child.name() for child in other.children()[0].children()][-1] == "Step 3"
    project.removeMapLayer(next(iter(project.mapLayersByName("Step 2 · classes"))))
    stepper.click(stepper.dock.refine.back)  # shows step 2 and restores its class map
    stepper.wait()
    assert stepper.visible_layers() == ["Step 2 · classes"]
    root.removeChildNode(other)
    project.removeMapLayer(stepper.dock.scene.layer.currentLayer())
    stepper.step()
    assert stepper.run.shown == 3
    assert stepper.visible_layers() == ["Step 3 · classes"]
