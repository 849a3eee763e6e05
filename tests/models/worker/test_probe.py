"""The report on a Python, from a process that is started as the plugin starts it."""

import json
import subprocess
import sys

import pytest
from map_refiner.models.shared.paths import PACKAGE_ROOT
from map_refiner.models.shared.requirements import MODULES
from worker_fixtures import BOOT

WITHOUT = """
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError("No module named " + name, name=name)
sys.meta_path.insert(0, Missing())
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in {names} else find_spec(name, package)
"""


def probe(device="cpu", scheduler="", prelude="", isolated="-I"):
    """Run the probe, and return its report."""
    command = [
        sys.executable,
        isolated,
        "-c",
        BOOT.format(prelude=prelude, module="probe"),
        str(PACKAGE_ROOT),
        device,
        scheduler,
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(result.stdout.splitlines()[-1])


def test_a_complete_python_is_timed():
    report = probe()
    assert set(report["versions"]) == set(MODULES)
    assert report["python"] == ".".join(map(str, sys.version_info[:3]))
    assert report["step_ms"] > 0
    assert "threads" in report["device"]
    assert report["problem"] == report["cluster"] == ""


def test_a_python_without_libraries_is_described():
    report = probe(prelude=WITHOUT.format(names=set(MODULES)))
    assert report["versions"] == {}
    assert (report["device"], report["step_ms"], report["problem"]) == ("", None, "")


def test_the_device_is_named_even_if_another_module_is_missing():
    report = probe(prelude=WITHOUT.format(names={"rasterio"}), scheduler="nonsense://x")
    assert set(report["versions"]) == set(MODULES) - {"rasterio"}
    assert "threads" in report["device"]
    assert (report["step_ms"], report["problem"], report["cluster"]) == (None, "", "")


@pytest.mark.parametrize("device", ["cuda:99", "abacus"])
def test_an_unusable_device_is_a_problem_and_not_a_crash(device):
    report = probe(device)
    assert report["step_ms"] is None
    assert "device" in report["problem"]


def test_a_library_that_cannot_be_loaded_is_a_problem():
    report = probe(prelude="sys.modules['rasterio._base'] = None")
    assert "rasterio" in report["problem"]


def test_an_unusable_cluster_is_described():
    assert "No Dask scheduler answers at nonsense://x" in probe(scheduler="nonsense://x")["cluster"]
