"""The zip in a real QGIS, in a fresh profile: installed, started, unloaded, reloaded, and QGIS closed over it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = ("QGIS_", "QT_", "PYTHON", "VIRTUAL_ENV", "GDAL_", "PROJ_")  # what pytest-qgis and this environment set


@pytest.fixture(scope="module")
def life(tmp_path_factory):
    """What in_qgis.py reports of the plugin's life, with QGIS's exit status and what it wrote to stderr."""
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
    command = ["timeout", "-k", "5", "180"]  # which ends QGIS and the screen with it, as a timeout of Python does not
    command += ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", "qgis", "--nologo", "--noversioncheck"]
    command += ["--profiles-path", str(folder), "--code", str(ROOT / "tests" / "support" / "in_qgis.py")]
    qgis = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert report.exists(), f"QGIS ended with {qgis.returncode} before the plugin was examined:\n{qgis.stderr}"
    return json.loads(report.read_text(encoding="utf-8")) | {"status": qgis.returncode, "stderr": qgis.stderr}


def test_no_tracebacks(life):
    assert life["tracebacks"] == []
    assert life["messages"] == []
    assert "Traceback" not in life["stderr"]


def test_installs_and_starts(life):
    assert life["installed"]
    assert life["started"]
    assert any("QDockWidget" in thing for thing in life["added"])
    assert any("menu entry" in thing for thing in life["added"])


def test_unloading_leaves_nothing(life):
    assert life["unloaded"]
    assert life["left"] == []
    assert life["plugin_is_gone"]


def test_reloading_gives_the_same_again(life):
    assert life["loaded_again"]
    assert life["reloaded"]
    assert life["changed_by_reload"] == []


def test_qgis_closes_over_it(life):
    assert life["status"] == 0, life["stderr"]
