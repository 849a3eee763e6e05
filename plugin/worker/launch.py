"""Worker start: arguments and environment."""

from __future__ import annotations

import os
from dataclasses import dataclass

from qgis.PyQt.QtCore import QProcessEnvironment

from ...models.shared.paths import PACKAGE_ROOT

WORKER, PROBE = "main", "probe"  # modules of models/worker

# The folder itself is registered under the package's name so that no other installed map_refiner is imported.
BOOT = """
import importlib, importlib.util, os, sys
root, module = sys.argv[1:3]
del sys.argv[1:3]
spec = importlib.util.spec_from_file_location(
    "map_refiner", os.path.join(root, "__init__.py"), submodule_search_locations=[root])
sys.modules["map_refiner"] = importlib.util.module_from_spec(spec)
importlib.import_module("map_refiner.models.worker." + module).main()
"""


def boot(module: str, root: str = str(PACKAGE_ROOT)) -> list[str]:
    """Return the Python arguments that run a worker module; -I keeps QGIS's Python paths out."""
    return ["-I", "-u", "-c", BOOT, root, module]


@dataclass(frozen=True)
class Launch:
    """The Python, the device and the plugin's folder of a worker."""

    python: str
    device: str = "auto"
    root: str = str(PACKAGE_ROOT)

    def arguments(self) -> list[str]:
        """Return the arguments for the Python."""
        return [*boot(WORKER, self.root), "--device", self.device]


# Variables of QGIS or its shell that would make another Python load the wrong libraries.
FOREIGN = (
    *("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONEXECUTABLE", "PYTHONNOUSERSITE", "__PYVENV_LAUNCHER__"),
    *("PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH", "GDAL_PLUGINS_PATH", "GEOTIFF_CSV"),
    *("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES"),
)


def clean_environment() -> QProcessEnvironment:
    """Return QGIS's environment without variables and paths that lead another Python to QGIS's libraries."""
    environment = QProcessEnvironment.systemEnvironment()
    for name in FOREIGN:
        environment.remove(name)
    qgis = os.environ.get("OSGEO4W_ROOT")
    if qgis:  # Windows searches PATH for DLLs
        kept = [part for part in environment.value("PATH").split(";") if not _is_below(part, qgis)]
        environment.insert("PATH", ";".join(kept))
    return environment


def _is_below(path: str, folder: str) -> bool:
    return os.path.normcase(path).startswith(os.path.normcase(folder))
