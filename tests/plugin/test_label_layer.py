"""Labels: a tile that is ready to digitize in, kept where nothing is lost."""

from pathlib import Path

from qgis.core import QgsCategorizedSymbolRenderer, QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer


def new_tile(analyst, wait_until):
    analyst.click(analyst.dock.teach.new_tile)
    wait_until(lambda: analyst.dock.teach.label_layer() is not None, 5, "the new layer")
    return analyst.dock.teach.label_layer()


def test_a_new_tile_is_ready_to_digitize_in(analyst, wait_until, work_folder):
    layer = new_tile(analyst, wait_until)
    assert layer.isValid()
    assert layer.isEditable()
    assert analyst.plugin.iface.activeLayer() is layer
    assert analyst.plugin.iface.add_feature.isChecked()
    assert layer.crs().authid() == "EPSG:32633"
    path = Path(layer.source().split("|")[0])
    assert path == work_folder / "labels" / "image_tile_1.gpkg"
    assert path.is_file()
    setup = layer.editorWidgetSetup(layer.fields().indexOf("class"))
    assert setup.type() == "ValueMap"
    offered = [name for entry in setup.config()["map"] for name in entry]
    assert offered == ["building", "road", "tile", "ignore", "background"]
    renderer = layer.renderer()
    assert isinstance(renderer, QgsCategorizedSymbolRenderer)
    assert {category.value() for category in renderer.categories()} == set(offered)
    assert QgsProject.instance().layerTreeRoot().children()[0].layer() is layer


def test_the_map_does_not_cover_what_is_digitized(stepper, wait_until):
    new_tile(stepper, wait_until)
    assert stepper.visible_layers() == []
    stepper.step()
    assert stepper.visible_layers() == ["Step 1 · classes"]


def test_a_second_tile_has_a_file_of_its_own(analyst, wait_until, work_folder):
    first = new_tile(analyst, wait_until)
    analyst.click(analyst.dock.teach.new_tile)
    wait_until(lambda: analyst.dock.teach.label_layer() is not first, 5, "the second layer")
    assert (work_folder / "labels" / "image_tile_2.gpkg").is_file()


def test_a_new_tile_has_the_classes_of_the_map(analyst, wait_until, write_raster, tmp_path, project):
    import numpy as np
    from qgis.core import QgsRasterLayer

    scores = np.random.default_rng(1).dirichlet((1, 1, 1), (240, 300)).transpose(2, 0, 1)
    path = write_raster(tmp_path / "other.tif", scores, names=("rest", "water", "sand"))
    layer = QgsRasterLayer(str(path), "other")
    project.addMapLayer(layer)
    analyst.dock.coarse.scores.setLayer(layer)
    analyst.use_scores()
    setup = new_tile(analyst, wait_until).editorWidgetSetup(1)
    assert [name for entry in setup.config()["map"] for name in entry] == ["water", "sand", "tile", "ignore", "rest"]


def test_outline_is_the_view_within_the_scene_and_can_be_undone(analyst, wait_until):
    layer = new_tile(analyst, wait_until)
    analyst.plugin.iface.canvas.setExtent(QgsRectangle(500_100, 3_999_950, 500_300, 4_000_100))
    view = analyst.plugin.iface.canvas.extent()
    analyst.click(analyst.dock.teach.outline)
    (feature,) = layer.getFeatures()
    assert feature["class"] == "tile"
    expected = view.intersect(QgsRectangle(500_000, 3_999_880, 500_150, 4_000_000))
    assert feature.geometry().boundingBox() == expected
    layer.undoStack().undo()
    assert layer.featureCount() == 0
    analyst.plugin.iface.canvas.setExtent(QgsRectangle(0, 0, 10, 10))
    analyst.click(analyst.dock.teach.outline)
    assert "does not show the scene" in analyst.bar.text()


def test_training_saves_unsaved_labels_first_and_reads_the_file(stepper, wait_until, draw_tile):
    layer = new_tile(stepper, wait_until)
    draw_tile(layer)
    assert layer.isModified()
    stepper.click(stepper.dock.teach.train)
    assert not layer.isModified()
    assert layer.isEditable()
    path = layer.source().split("|")[0]
    assert QgsVectorLayer(f"{path}|layername=labels", "on disk").featureCount() == layer.featureCount() > 5
    feature = QgsFeature(layer.fields())  # going on to digitize does not disturb the training
    feature["class"] = "building"
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(500_000, 3_999_990, 500_005, 3_999_995)))
    assert layer.addFeature(feature)
    wait_until(lambda: stepper.dock.teach.curve.points, 90, "a measurement")
    stepper.click(stepper.dock.teach.stop)
    stepper.wait()
    assert layer.isModified()
    assert stepper.run.refiner == stepper.dock.refine.refiner.path()


def test_a_refiner_is_saved_and_loaded(stepper, tmp_path, refiner_file):
    stepper.dock.teach.save_requested.emit(str(tmp_path / "mine"))
    saved = tmp_path / "mine.safetensors"
    assert saved.read_bytes() == refiner_file.read_bytes()
    stepper.dock.teach.load_requested.emit(str(saved))
    stepper.wait()
    assert stepper.run.refiner == str(saved)
    assert stepper.dock.refine.refiner.currentText() == "Mine 0.5 m"
    stepper.dock.teach.save_requested.emit(str(tmp_path / "no folder" / "mine"))
    assert "cannot be saved" in stepper.bar.text()
    stepper.step()
    assert stepper.run.last == 1


def test_taught_worse_than_the_coarse_map_is_said_plainly(analyst):
    from map_refiner.models.protocol import Trained

    text, _, beats = analyst.plugin.controller.teaching._verdict(Trained("/m", 10, 0.5, 0.6, False, "refiner"))
    assert not beats
    assert "does not beat the coarse map" in text
    assert "0.500" in text
    assert "0.600" in text
