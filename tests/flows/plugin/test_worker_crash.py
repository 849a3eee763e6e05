"""A killed, hung, missing or broken worker: no data is lost, a message names the cause, and Restart resumes."""

import os
import signal
from pathlib import Path

import pytest
from map_refiner.models.shared.events import Progressed, Stepped, TilesKept, TrainingProgressed
from map_refiner.plugin.layers.step_layer import RUN_PROPERTY
from map_refiner.plugin.state import WorkerState
from map_refiner.plugin.worker import process as engine_module
from qgis.core import QgsProject, QgsVectorLayer


@pytest.fixture
def slow(stepper):
    """The stepper on finer pixels, slow enough to interrupt a step."""
    stepper.dock.scene.pixel_size.setValue(0.15)
    stepper.use_scores()
    return stepper


def kill_at(analyst, kind, count=1):
    """Kill the worker after it has sent some events of a kind."""
    seen = []

    def on_event(event):
        if isinstance(event, kind):
            seen.append(event)
            if len(seen) == count:
                os.kill(analyst.context.engine.process_id(), signal.SIGKILL)

    analyst.context.engine.received.connect(on_event)


def check_dead_and_restart(analyst, wait_until, steps):
    wait_until(lambda: analyst.context.engine.state is WorkerState.DEAD, 30, "the worker's death")
    analyst.wait()
    assert "memory" in analyst.bar.text()
    assert analyst.dock.footer.restart.isVisible()
    assert not analyst.dock.refine.step.isEnabled()
    assert analyst.run.last + 1 >= steps
    check_layers(analyst)
    known = analyst.run.last
    analyst.click(analyst.dock.footer.restart)
    analyst.wait()
    assert analyst.context.engine.state is WorkerState.READY
    assert analyst.run.last == known
    assert not analyst.dock.footer.restart.isVisible()
    check_layers(analyst)


def check_layers(analyst):
    layers = [layer for layer in QgsProject.instance().mapLayers().values() if layer.customProperty(RUN_PROPERTY)]
    assert len([layer for layer in layers if layer.customProperty(RUN_PROPERTY) == analyst.run.name]) == 4 * (
        analyst.run.last + 1
    )
    assert all(layer.isValid() for layer in layers)
    assert all(not layer.dataProvider().block(1, layer.extent(), 8, 8).isEmpty() for layer in layers)


def test_a_worker_killed_in_a_step_can_be_restarted(slow, wait_until):
    kill_at(slow, Stepped, 2)
    slow.dock.refine.end.setValue(9)
    slow.click(slow.dock.refine.run)
    check_dead_and_restart(slow, wait_until, 3)
    last = slow.run.last
    slow.step()
    assert slow.run.shown == slow.run.last == last + 1


def test_a_kill_while_replacing_earlier_steps_keeps_all_steps(slow, wait_until):
    slow.run_to(2)
    slow.dock.refine.slider.setValue(0)
    slow.click(slow.dock.refine.step)
    os.kill(slow.context.engine.process_id(), signal.SIGKILL)  # before the new step 1 exists
    check_dead_and_restart(slow, wait_until, 3)
    assert slow.run.last == 2
    slow.dock.refine.slider.setValue(2)
    slow.step()
    assert slow.run.last == 3


def test_a_step_of_a_large_scene_resumes_from_its_finished_tiles(stepper, wait_until):
    """Cancelled, then killed; messages report the kept tiles and the resumed step."""
    stepper.dock.scene.pixel_size.setValue(0.066)  # 1818 x 2273 pixels: processed in tiles
    stepper.click(stepper.dock.coarse.use_scores)
    stepper.wait(200)
    engine, kept, enough = stepper.context.engine, [], [0.1, 0.5]

    def interfere(event):
        if isinstance(event, TilesKept):
            kept.append(event)
        elif isinstance(event, Progressed) and event.text == "Refining" and enough and event.fraction > enough[0]:
            if enough.pop(0) == 0.1:
                stepper.click(stepper.dock.footer.cancel)
            else:
                os.kill(engine.process_id(), signal.SIGKILL)

    engine.received.connect(interfere)
    stepper.click(stepper.dock.refine.step)
    stepper.wait(200)
    assert stepper.run.last == 0
    assert "tiles of step 1 are finished and kept" in stepper.bar.text()
    stepper.click(stepper.dock.refine.step)
    wait_until(lambda: engine.state is WorkerState.DEAD, 200, "the worker's death")
    stepper.click(stepper.dock.footer.restart)
    stepper.wait(200)
    stepper.click(stepper.dock.refine.step)
    stepper.wait(200)
    assert stepper.run.last == 1
    assert [each.is_resumed for each in kept] == [False, True, False, True]
    assert 0 < kept[1].finished < kept[3].finished < kept[3].tiles
    for each in (kept[1], kept[3]):
        assert f"Step 1 resumes: {each.finished} of {each.tiles} tiles" in stepper.bar.text()
    check_layers(stepper)


def test_a_kill_during_training_keeps_labels_and_steps(stepper, label_layer, draw_tile, wait_until):
    stepper.run_to(1)
    draw_tile(label_layer)
    stepper.dock.train.labels.setLayer(label_layer)
    kill_at(stepper, TrainingProgressed)
    stepper.click(stepper.dock.train.train)
    check_dead_and_restart(stepper, wait_until, 2)
    assert label_layer.featureCount() > 5
    stepper.step()
    assert stepper.run.last == 2


def test_a_kill_during_an_export_leaves_no_file(slow, tmp_path, wait_until):
    kill_at(slow, Progressed)
    slow.dock.export.polygons_file.setFilePath(str(tmp_path / "polygons.gpkg"))
    slow.click(slow.dock.export.polygons)
    check_dead_and_restart(slow, wait_until, 1)
    assert not (tmp_path / "polygons.gpkg").exists()
    slow.click(slow.dock.export.polygons)
    slow.wait()
    assert QgsVectorLayer(str(tmp_path / "polygons.gpkg"), "x").featureCount() > 0


def test_an_earlier_export_stays_if_its_replacement_fails(slow, tmp_path, wait_until, monkeypatch):
    from qgis.PyQt.QtWidgets import QMessageBox

    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    path = tmp_path / "polygons.gpkg"
    slow.dock.export.polygons_file.setFilePath(str(path))
    slow.click(slow.dock.export.polygons)
    slow.wait()
    kill_at(slow, Progressed)
    slow.click(slow.dock.export.polygons)
    wait_until(lambda: slow.context.engine.state is WorkerState.DEAD, 30, "the worker's death")
    layers = QgsProject.instance().mapLayersByName("polygons")
    assert len(layers) == 1
    assert layers[0].featureCount() > 0


def test_cancel_keeps_the_finished_steps(slow, wait_until):
    slow.dock.refine.end.setValue(50)
    slow.click(slow.dock.refine.run)
    wait_until(lambda: slow.run.last >= 2, 60, "two steps")
    slow.click(slow.dock.footer.cancel)
    slow.wait(10)
    last = slow.run.last
    assert 2 <= last < 50
    assert slow.context.engine.state is WorkerState.READY
    assert "Cancelled" in slow.bar.text()
    check_layers(slow)
    slow.step()
    assert slow.run.last == last + 1


def test_cancelling_another_scene_keeps_the_current_run(slow):
    slow.run_to(1)
    former = slow.run
    cancel = slow.dock.footer.cancel
    slow.dock.scene.pixel_size.setValue(0.06)  # several tiles, so that the cancel comes in time
    canceller = slow.context.engine.received.connect(
        lambda event: isinstance(event, Progressed) and cancel.isVisible() and cancel.click()
    )
    slow.click(slow.dock.coarse.use_scores)
    slow.wait()
    slow.context.engine.received.disconnect(canceller)
    assert "Cancelled" in slow.bar.text()
    assert slow.run is former
    slow.step()
    assert slow.run.last == 2


def test_cancel_stops_playing(slow, wait_until):
    slow.dock.refine.end.setValue(50)
    slow.click(slow.dock.refine.play)
    wait_until(lambda: slow.run.last >= 1, 60, "a step")
    slow.click(slow.dock.footer.cancel)
    slow.wait(10)
    assert not slow.dock.refine.play.isChecked()
    assert slow.run.last < 50


def test_cancel_replaces_a_hung_worker(slow, wait_until, monkeypatch):
    monkeypatch.setattr(engine_module, "GRACE_MS", 300)
    slow.dock.refine.end.setValue(50)
    slow.click(slow.dock.refine.run)
    wait_until(lambda: slow.run.last >= 1, 60, "a step")
    process = slow.context.engine.process_id()
    os.kill(process, signal.SIGSTOP)
    slow.click(slow.dock.footer.cancel)
    wait_until(lambda: slow.context.engine.process_id() not in (0, process), 10, "another worker")
    slow.wait()
    assert "did not react to Cancel" in slow.bar.text()
    check_layers(slow)
    last = slow.run.last
    slow.step()
    assert slow.run.last == last + 1


def test_an_unresponsive_worker_is_shown_and_can_recover(analyst, wait_until, monkeypatch):
    monkeypatch.setattr(engine_module, "SILENCE_MS", 2500)
    analyst.use_scores()
    wait_until(lambda: analyst.context.engine._silence.interval() == 2500, 5)
    process = analyst.context.engine.process_id()
    os.kill(process, signal.SIGSTOP)
    wait_until(lambda: analyst.context.engine.state is WorkerState.SILENT, 10, "silence")
    assert "not responding" in analyst.dock.footer.status.text()
    assert analyst.dock.footer.restart.isVisible()
    os.kill(process, signal.SIGCONT)
    wait_until(lambda: analyst.context.engine.state is WorkerState.READY, 10, "speech")
    assert not analyst.dock.footer.restart.isVisible()
    os.kill(process, signal.SIGSTOP)
    wait_until(lambda: analyst.context.engine.state is WorkerState.SILENT, 10, "silence")
    analyst.click(analyst.dock.footer.restart)
    analyst.wait()
    assert analyst.context.engine.process_id() != process


def test_a_python_without_torch_is_reported(analyst, wait_until):
    analyst.context.settings.python = "/usr/bin/python3"
    analyst.click(analyst.dock.coarse.use_scores)
    wait_until(lambda: analyst.context.engine.state is WorkerState.DEAD, 30, "the worker's death")
    assert "The Python at /usr/bin/python3 has no module “torch”" in analyst.bar.text()


def test_a_file_that_is_not_a_program_is_reported(analyst, tmp_path, wait_until):
    path = tmp_path / "python"
    path.write_text("no program")
    analyst.context.settings.python = str(path)
    analyst.click(analyst.dock.coarse.use_scores)
    wait_until(lambda: analyst.context.engine.state is WorkerState.DEAD, 30, "the worker's death")
    assert "could not be started" in analyst.bar.text()


def test_a_missing_python_leads_to_the_options(analyst):
    analyst.context.settings.python = "/nowhere/python"
    analyst.plugin.controller.settings_changed()
    assert "The networks need a separate Python" in analyst.dock.footer.status.text()
    assert not analyst.dock.coarse.use_scores.isEnabled()
    analyst.click(analyst.dock.footer.options)
    assert analyst.plugin.iface.pages == ["MapRefinerOptions"]
    analyst.context.settings.python = ""
    analyst.plugin.controller.settings_changed()
    assert analyst.dock.coarse.use_scores.isEnabled()


def test_settings_reach_the_next_worker(analyst):
    analyst.use_scores()
    process = analyst.context.engine.process_id()
    analyst.context.settings.device = "cpu"
    analyst.plugin.controller.settings_changed()
    assert analyst.context.engine.process_id() == 0
    analyst.click(analyst.dock.coarse.use_scores)
    analyst.wait()
    assert analyst.context.engine.process_id() not in (0, process)
    assert analyst.context.engine.launch.device == "cpu"
    assert analyst.run.last == 0


def test_the_worker_runs_in_a_clean_environment(analyst, monkeypatch):
    for name in ("PYTHONHOME", "PYTHONPATH", "GDAL_DATA", "PROJ_LIB"):
        monkeypatch.setenv(name, "/nonsense")
    analyst.use_scores()
    variables = Path(f"/proc/{analyst.context.engine.process_id()}/environ").read_text()
    assert "/nonsense" not in variables
