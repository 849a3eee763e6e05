"""The zip in a real QGIS with a fresh profile: installed, started, unloaded, reloaded, then QGIS exits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = ("QGIS_", "QT_", "PYTHON", "VIRTUAL_ENV", "GDAL_", "PROJ_")  # set by pytest-qgis and this environment


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    """The report of in_qgis.py on the plugin's life cycle, with the exit status and stderr of QGIS."""
    folder = tmp_path_factory.mktemp("qgis")
    package, report = folder / "map_refiner.zip", folder / "report.json"
    subprocess.run([sys.executable, str(ROOT / "scripts" / "package"), str(package)], check=True, timeout=60)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
    environment |= {
        "HOME": str(folder),
        "MAP_REFINER_ZIP": str(package),
        "MAP_REFINER_REPORT": str(report),
        "QT_QPA_PLATFORM": "xcb",
    }
    command = ["timeout", "-k", "5", "180"]  # ends QGIS and its X server too, unlike Python's timeout
    command += ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", "qgis", "--nologo", "--noversioncheck"]
    command += ["--profiles-path", str(folder), "--code", str(ROOT / "tests" / "support" / "in_qgis.py")]
    qgis = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert report.exists(), f"QGIS ended with {qgis.returncode} before the plugin was examined:\n{qgis.stderr}"
    return json.loads(report.read_text(encoding="utf-8")) | {"status": qgis.returncode, "stderr": qgis.stderr}


def test_no_tracebacks(life):
    assert life["tracebacks"] == []
    assert life["messages"] == []
    assert "Traceback" not in life["stderr"]


def test_the_plugin_installs_and_starts(life):
    assert life["installed"]
    assert life["started"]
    assert any("QDockWidget" in thing for thing in life["added"])
    assert any("menu entry" in thing for thing in life["added"])


def test_unloading_leaves_nothing(life):
    assert life["unloaded"]
    assert life["left"] == []
    assert life["plugin_is_gone"]


def test_reloading_adds_the_same_items(life):
    assert life["loaded_again"]
    assert life["reloaded"]
    assert life["changed_by_reload"] == []


def test_qgis_exits_cleanly(life):
    assert life["status"] == 0, life["stderr"]
