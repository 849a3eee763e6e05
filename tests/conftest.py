"""The import of the checkout under its QGIS name, and the fixtures of the current environment."""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location(
    "map_refiner", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
)
sys.modules["map_refiner"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["map_refiner"])

# Two environments, as on a user's machine; each collects the tests that it can run.
has_qgis = importlib.util.find_spec("qgis") is not None
has_torch = importlib.util.find_spec("torch") is not None
pytest_plugins = [
    *(["worker_fixtures"] if has_torch else []),
    *(["qgis_fixtures"] if has_qgis else []),
]
collect_ignore = [
    *([] if has_torch else ["models", "flows/models", "benchmarks"]),
    *([] if has_qgis else ["plugin", "flows/plugin"]),
]
