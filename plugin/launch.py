"""How a worker is started."""

from __future__ import annotations

from dataclasses import dataclass

from .environment import PLUGIN_ROOT

# The folder itself is registered under the package's name, so that no other map_refiner is taken by mistake. The worker
# yields to QGIS: with as many threads as cores it would make the map stutter.
BOOT = """
import importlib.util, os, sys
if hasattr(os, "nice"):
    os.nice(10)
root = sys.argv.pop(1)
spec = importlib.util.spec_from_file_location(
    "map_refiner", os.path.join(root, "__init__.py"), submodule_search_locations=[root])
sys.modules["map_refiner"] = importlib.util.module_from_spec(spec)
from map_refiner.models.worker import main
sys.exit(main())
"""


@dataclass(frozen=True)
class Launch:
    """A Python, a device, and the plugin's folder."""

    python: str
    device: str = "auto"
    root: str = str(PLUGIN_ROOT)

    def arguments(self) -> list[str]:
        """Return what follows the name of the program; -I keeps QGIS's Python paths out."""
        return ["-I", "-u", "-c", BOOT, self.root, "--device", self.device]
