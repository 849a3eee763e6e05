"""How a worker is started."""

from __future__ import annotations

import os
from dataclasses import dataclass

from qgis.PyQt.QtCore import QProcessEnvironment

from ...models.shared.paths import PACKAGE_ROOT

WORKER, PROBE = "main", "probe"  # modules of models/worker

# The folder itself is registered under the package's name, so that another installed map_refiner is not imported.
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
    """Return the arguments of a Python that runs a module of the worker; -I keeps QGIS's Python paths out."""
    return ["-I", "-u", "-c", BOOT, root, module]


@dataclass(frozen=True)
class Launch:
    """A Python, a device, and the plugin's folder."""

    python: str
    device: str = "auto"
    root: str = str(PACKAGE_ROOT)

    def arguments(self) -> list[str]:
        """Return the arguments of the Python."""
        return [*boot(WORKER, self.root), "--device", self.device]


# Variables by which QGIS, or the shell around it, would lead another Python to the wrong libraries.
FOREIGN = (
    *("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONEXECUTABLE", "PYTHONNOUSERSITE", "__PYVENV_LAUNCHER__"),
    *("PROJ_LIB", "PROJ_DATA", "GDAL_DATA", "GDAL_DRIVER_PATH", "GDAL_PLUGINS_PATH", "GEOTIFF_CSV"),
    *("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES"),
)


def clean_environment() -> QProcessEnvironment:
    """Return the environment of QGIS without what leads another Python to QGIS's libraries."""
    environment = QProcessEnvironment.systemEnvironment()
    for name in FOREIGN:
        environment.remove(name)
    qgis = os.environ.get("OSGEO4W_ROOT")
    if qgis:  # on Windows DLLs are searched along PATH
        kept = [part for part in environment.value("PATH").split(";") if not _is_below(part, qgis)]
        environment.insert("PATH", ";".join(kept))
    return environment


def _is_below(path: str, folder: str) -> bool:
    return os.path.normcase(path).startswith(os.path.normcase(folder))
