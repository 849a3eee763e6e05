"""A project, a run and the settings of version 0.1.0 open in this version.

Modules that this file covers: plugin/settings.py.
"""

from map_refiner.plugin.settings import Settings
from qgis.core import QgsProject, QgsSettings
from released import unpack


def test_a_project_of_the_first_version_brings_its_run_back(plugin, project, tmp_path, wait_until):
    folder = unpack(tmp_path, "project")
    assert project.read(str(folder / "project.qgs"))
    context = plugin.controller.context
    wait_until(lambda: context.run is not None, 20, "the run")
    run = context.run
    assert [step.index for step in run.steps] == [0, 1, 2]
    assert run.shown == 2
    assert run.classes == ("background", "building", "road")
    shown = [
        node.layer().name()
        for node in QgsProject.instance().layerTreeRoot().findLayers()
        if node.isVisible() and node.layer() is not None and node.layer().customProperty("map_refiner/run")
    ]
    assert shown == ["Step 2 · classes"]
    assert plugin.dock.refine.refiner.path() == str(folder / "refiner_random.safetensors")

    plugin.dock.refine.step.click()
    wait_until(lambda: context.run.steps[-1].index == 3, 60, "the next step")


def test_settings_of_the_first_version_are_read(qgis_app, tmp_path):
    stored = {
        "python": "/opt/python",
        "device": "cpu",
        "scheduler": "tcp://host:8786",
        "folder": str(tmp_path),
        "road_width_m": 5.5,
        "last_step": 9,
    }
    for key, value in stored.items():
        QgsSettings().setValue(f"map_refiner/{key}", value)
    try:
        assert {key: getattr(Settings(), key) for key in stored} == stored
    finally:
        for key in stored:
            QgsSettings().remove(f"map_refiner/{key}")
