"""Make the checkout importable under its QGIS name, whatever folder it sits in."""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location(
    "map_refiner", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)]
)
sys.modules["map_refiner"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["map_refiner"])

# Two environments, as on a user's machine: each collects what it can run.
collect_ignore = []
if importlib.util.find_spec("qgis") is None:
    collect_ignore.append("plugin")
if importlib.util.find_spec("torch") is None:
    collect_ignore.append("models")
