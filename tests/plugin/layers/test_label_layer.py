"""The label layer: a tile that is ready to digitize in, and training on its saved labels."""

from pathlib import Path

from map_refiner.models.shared.events import Trained, TrainingProgressed
from map_refiner.models.shared.requests import LoadRefiner, Step
from map_refiner.plugin.catalogue.refiner_kinds import TRAINING_FREE_TEXTS
from map_refiner.plugin.state import Task
from osgeo import gdal
from qgis.core import QgsCategorizedSymbolRenderer, QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer


def new_tile(analyst, wait_until):
    analyst.click(analyst.dock.train.new_tile)
    wait_until(lambda: analyst.dock.train.label_layer() is not None, 5, "the new layer")
    return analyst.dock.train.label_layer()


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


def test_steps_are_hidden_when_a_new_tile_is_digitized(stepper, wait_until):
    new_tile(stepper, wait_until)
    assert stepper.visible_layers() == []
    stepper.step()
    assert stepper.visible_layers() == ["Step 1 · classes"]


def test_a_second_tile_has_a_file_of_its_own(analyst, wait_until, work_folder):
    first = new_tile(analyst, wait_until)
    analyst.click(analyst.dock.train.new_tile)
    wait_until(lambda: analyst.dock.train.label_layer() is not first, 5, "the second layer")
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


def test_the_outline_is_the_view_within_the_scene_and_can_be_undone(analyst, wait_until):
    layer = new_tile(analyst, wait_until)
    analyst.plugin.iface.canvas.setExtent(QgsRectangle(500_100, 3_999_950, 500_300, 4_000_100))
    view = analyst.plugin.iface.canvas.extent()
    analyst.click(analyst.dock.train.outline)
    (feature,) = layer.getFeatures()
    assert feature["class"] == "tile"
    expected = view.intersect(QgsRectangle(500_000, 3_999_880, 500_150, 4_000_000))
    assert feature.geometry().boundingBox() == expected
    layer.undoStack().undo()
    assert layer.featureCount() == 0
    analyst.plugin.iface.canvas.setExtent(QgsRectangle(0, 0, 10, 10))
    analyst.click(analyst.dock.train.outline)
    assert "does not show the scene" in analyst.bar.text()


def test_training_saves_unsaved_labels_first_and_reads_the_file(stepper, wait_until, draw_tile):
    layer = new_tile(stepper, wait_until)
    draw_tile(layer)
    assert layer.isModified()
    stepper.click(stepper.dock.train.train)
    assert not layer.isModified()
    assert layer.isEditable()
    path = layer.source().split("|")[0]
    assert QgsVectorLayer(f"{path}|layername=labels", "on disk").featureCount() == layer.featureCount() > 5
    feature = QgsFeature(layer.fields())  # further digitizing does not disturb the training
    feature["class"] = "building"
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(500_000, 3_999_990, 500_005, 3_999_995)))
    assert layer.addFeature(feature)
    wait_until(lambda: stepper.dock.train.curve.points, 90, "a measurement")
    stepper.click(stepper.dock.train.stop)
    stepper.wait()
    assert layer.isModified()
    assert Path(stepper.run.refiner).name == "refiner_1.safetensors"


def test_a_refiner_is_saved_and_loaded(stepper, tmp_path, refiner_file):
    stepper.dock.train.save_requested.emit(str(tmp_path / "mine"))
    saved = tmp_path / "mine.safetensors"
    assert saved.read_bytes() == refiner_file.read_bytes()
    stepper.dock.train.load_requested.emit(str(saved))
    stepper.wait()
    assert stepper.run.refiner == str(saved)
    assert stepper.dock.refine.refiner.currentText() == "Mine 0.5 m"
    stepper.dock.train.save_requested.emit(str(tmp_path / "no folder" / "mine"))
    assert "cannot be saved" in stepper.bar.text()
    stepper.step()
    assert stepper.run.last == 1


def trained(stepper, path, *by_step, before=None):
    """Deliver the worker's answer to a training."""
    best = max(range(len(by_step)), key=lambda step: by_step[step])
    event = Trained(str(path), 10, max(by_step), by_step[0], False, "refiner", by_step, best, before)
    stepper.plugin.controller.training.handlers[Trained](event)


def test_a_refiner_worse_than_the_coarse_map_is_reported_and_not_selected(stepper):
    stepper.run_to(2)
    before = stepper.dock.refine.refiner.path()
    stepper.dock.refine.end_is_chosen = False
    trained(stepper, "/worse.safetensors", 0.6, 0.5, 0.4)
    text = stepper.dock.train.progress.text()
    assert "does not beat the coarse map on held-out blocks" in text
    assert "0.500" in text
    assert "0.600" in text
    assert "export the coarse map" in text
    assert "does not beat the coarse map (held-out mean IoU 0.500, coarse map 0.600)" in stepper.bar.text()
    assert stepper.run.shown == 0
    assert stepper.visible_layers() == ["Step 0 · classes"]
    assert stepper.dock.refine.refiner.path() == before
    assert stepper.dock.refine.refiner.findData("/worse.safetensors") >= 0
    assert stepper.dock.refine.end.value() == 2
    stepper.step()  # with the previous refiner, which the worker has to load again
    assert stepper.run.refiner == before


def test_keeping_the_previous_refiner_keeps_its_steps_and_the_shown_step(stepper):
    stepper.run_to(3)
    former, steps = stepper.dock.refine.refiner.path(), list(stepper.run.steps)
    last = gdal.Open(steps[3].scores).ReadAsArray()
    stepper.context.show_step(2)
    stepper.plugin.controller.training._begin = former
    trained(stepper, "/worse.safetensors", 0.6, 0.65, before=0.7)
    assert "no better than its pretrained start" in stepper.dock.train.progress.text()
    assert (stepper.run.shown, stepper.run.steps) == (2, steps)
    assert stepper.visible_layers() == ["Step 2 · classes"]
    assert stepper.dock.refine.slider.value() == 2
    stepper.step()  # from the shown step, with the previous refiner, which the worker has to load again
    assert (stepper.run.shown, stepper.run.last, stepper.run.refiner) == (3, 3, former)
    assert stepper.run.made_by == [None, former, former, former]
    assert (gdal.Open(stepper.run.steps[3].scores).ReadAsArray() == last).all()


def test_a_better_refiner_runs_to_its_best_step_and_warns_beyond_it(stepper, refiner_file, tmp_path):
    better = tmp_path / "better.safetensors"
    better.write_bytes(refiner_file.read_bytes())
    trained(stepper, better, 0.6, 0.65, 0.66, 0.67, 0.68, 0.7, 0.69)  # best at step 5, as in its model card
    refine = stepper.dock.refine
    assert (
        "Best result at step 5: mean IoU 0.700 on held-out blocks (coarse map: 0.600)"
        in stepper.dock.train.progress.text()
    )
    assert refine.end.value() == 5
    assert refine.refiner.path() == str(better)
    stepper.run.refiner = None  # the worker has not really trained it
    stepper.click(refine.run)
    stepper.wait()
    assert stepper.run.shown == 5
    assert "gains little after" not in refine.facts.text()
    stepper.step()
    assert "Further steps no longer help" in refine.facts.text()
    assert "gains little after step 5" in refine.facts.text()
    stepper.choose_refiner(refiner_file)
    stepper.step()  # made by two refiners, so the held-out figures do not apply
    assert "gains little after" not in refine.facts.text()


def test_an_end_step_set_by_the_analyst_is_kept(stepper):
    stepper.dock.refine.end.setValue(7)
    trained(stepper, "/better.safetensors", 0.6, 0.65)
    assert stepper.dock.refine.end.value() == 7


def test_the_chosen_kind_is_trained(stepper, label_layer, draw_tile):
    draw_tile(label_layer)
    stepper.dock.train.labels.setLayer(label_layer)
    asked = []
    stepper.context.engine.send = lambda *requests: asked.extend(requests)
    stepper.dock.train.kind.setCurrentIndex(stepper.dock.train.kind.findData("crf"))
    stepper.dock.train.train.click()
    assert asked[-1].kind == "crf"
    assert asked[-1].updates is None
    told = TrainingProgressed(12, 60, 0.0, 0.7, 0.6, None)
    stepper.plugin.controller.training.handlers[TrainingProgressed](told)
    assert stepper.dock.train.progress.text().startswith("Trying parameter values 12 of 60 · ")
    assert stepper.dock.footer.text.text() == "Trying parameter values 12 of 60"
    stepper.context.task = Task.NONE


def test_a_training_free_kind_is_loaded_by_its_name(stepper):
    refine = stepper.dock.refine
    asked = []
    stepper.context.engine.send = lambda *requests: asked.extend(requests)
    assert refine.about.text().startswith("Faithful: ")
    refine.refiner.choose_key("heat")
    assert refine.about.text().startswith("Smooths scores by heat flow")
    stepper.click(refine.step)
    load, step = asked
    assert load == LoadRefiner("heat")
    assert isinstance(step, Step)
    assert (step.start, step.count) == (0, 1)
    stepper.context.task = Task.NONE


def test_training_free_kinds_make_steps(stepper):
    for number, kind in enumerate(TRAINING_FREE_TEXTS, start=1):
        stepper.dock.refine.refiner.choose_key(kind.key)
        stepper.step()
        assert stepper.run.last == number, stepper.bar.text()
        assert stepper.run.refiner == kind.key


def test_parameters_are_searched_and_the_best_are_kept(stepper, label_layer, draw_tile):
    draw_tile(label_layer)
    stepper.dock.train.labels.setLayer(label_layer)
    stepper.choose_kind("heat")
    said = []
    set_progress = stepper.dock.train.set_progress
    stepper.dock.train.set_progress = lambda text: (said.append(text), set_progress(text))
    stepper.click(stepper.dock.train.train)
    stepper.wait()
    tried = [text for text in said if text.startswith("Trying parameter values ")]
    assert tried
    assert all("best held-out mean IoU" in text for text in tried)
    assert not any("Loss" in text for text in said)
    refiner = stepper.dock.refine.refiner
    index = refiner.findText("Heat flow, trained on my labels")
    assert Path(refiner.itemData(index)).is_file()
    assert stepper.run.refiner == refiner.itemData(index)
    assert "coarse map" in said[-1]
    stepper.click(stepper.dock.train.train)
    stepper.wait()
    assert refiner.findText("Heat flow, trained on my labels (2)") >= 0
    refiner.setCurrentIndex(index)
    assert stepper.dock.refine.about.text().startswith("Smooths scores by heat flow")
    assert stepper.dock.train.save.isEnabled()
    stepper.step()
    assert stepper.run.last == 1
