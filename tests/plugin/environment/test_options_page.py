"""The options page and the search for a Python.

Modules that this file covers: plugin/environment/check.py.
"""

import sys
from pathlib import Path

import pytest
from map_refiner.models.shared.paths import PACKAGE_ROOT
from map_refiner.plugin.environment.check import find_python
from map_refiner.plugin.environment.options_page import PAGE, OptionsFactory, OptionsPage
from map_refiner.plugin.settings import Settings


@pytest.fixture
def page(qgis_app, work_folder):
    page = OptionsPage()
    yield page
    page.deleteLater()


def test_settings_have_types_and_defaults(work_folder):
    settings = Settings()
    assert (settings.python, settings.device, settings.road_width_m) == ("", "auto", 7.0)
    settings.road_width_m = 4.5
    assert Settings().road_width_m == 4.5
    assert settings.work_folder() == work_folder
    settings.folder = ""
    assert settings.work_folder().name == "map_refiner"


def test_python_is_found_in_the_usual_places(work_folder, tmp_path, monkeypatch):
    assert find_python("") == PACKAGE_ROOT / ".venv" / "worker" / "bin" / "python"
    assert find_python("", tmp_path) is None
    monkeypatch.setenv("MAP_REFINER_PYTHON", sys.executable)
    assert find_python("", tmp_path) == Path(sys.executable)
    mine = tmp_path / "mine"
    assert find_python(str(mine)) is None
    mine.touch()
    assert find_python(str(mine)) == mine


def test_the_page_applies_its_fields(page, tmp_path):
    applied = []
    page.applied.connect(lambda: applied.append(True))
    page.python.setFilePath("/some/python")
    page.device.setCurrentIndex(page.device.findData("cpu"))
    page.folder.setFilePath(str(tmp_path))
    page.scheduler.setText(" tcp://host:8786 ")
    page.apply()
    settings = Settings()
    assert settings.scheduler == "tcp://host:8786"
    assert (settings.python, settings.device, settings.folder) == ("/some/python", "cpu", str(tmp_path))
    assert applied


def test_the_factory_creates_the_page_that_the_dock_opens(qgis_app, work_folder):
    factory = OptionsFactory()
    page = factory.createWidget(None)
    assert page.objectName() == PAGE
    assert not factory.icon().isNull()
    page.deleteLater()


def test_a_working_python_is_described(page, wait_until):
    """An unreachable cluster is reported, too."""
    page.scheduler.setText("nonsense://x")
    page.test.click()
    assert not page.test.isEnabled()
    wait_until(page.test.isEnabled, 60, "the answer")
    assert "torch 2" in page.report.text()
    assert "Device: " in page.report.text()
    assert "One step on 1000" in page.report.text()
    assert "Missing" not in page.report.text()
    assert "Cluster: No Dask scheduler answers at nonsense://x" in page.report.text()


def test_missing_modules_are_reported(page, wait_until):
    page.python.setFilePath("/usr/bin/python3")
    page.test.click()
    wait_until(page.test.isEnabled, 60, "the answer")
    assert "Missing: torch" in page.report.text()


@pytest.mark.parametrize("program", ["/bin/false", "/bin/echo", "/nowhere"])
def test_a_program_that_is_not_python_is_reported(page, wait_until, program):
    page.python.setFilePath(program)
    page.test.click()
    wait_until(page.test.isEnabled, 60, "the answer")
    assert "not a working Python" in page.report.text() or "No Python was found" in page.report.text()
