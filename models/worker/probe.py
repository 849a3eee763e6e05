"""Report on a Python interpreter for the worker: version, modules, device, time of a step, and cluster.

The plugin runs this module with a Python that may lack any library, so the top level imports only the standard
library. The last line on stdout is a JSON object.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
from importlib import metadata

from ..errors import RefinerError
from ..shared.requirements import MODULES

UNUSABLE = (ImportError, OSError, RuntimeError, AttributeError, RefinerError)  # also raised by incompatible libraries


def main() -> None:
    """Write the report; the arguments are a device and the address of a Dask scheduler, or an empty string."""
    wanted, scheduler = sys.argv[1:3]
    found = {name: metadata.version(name) for name in MODULES if importlib.util.find_spec(name)}
    is_complete = len(found) == len(MODULES)
    device, step_ms, problem = _device(wanted, is_complete) if "torch" in found else ("", None, "")
    report = {
        "python": platform.python_version(),
        "versions": found,
        "device": device,
        "step_ms": step_ms,
        "problem": problem,
        "cluster": _cluster(scheduler) if is_complete and scheduler else "",
    }
    sys.stdout.write(os.linesep + json.dumps(report))


def _device(wanted: str, is_complete: bool) -> tuple[str, float | None, str]:
    """Return a device's name, the milliseconds per step (None if not timed), and the reason if it cannot compute."""
    name = ""
    try:
        from ..runtime.device import choose_device, describe_device

        name = describe_device(choose_device("auto"))
        if not is_complete:
            return name, None, ""
        from ..io import raster_reader  # noqa: F401  (loads rasterio and its libraries)
        from ..tiling.timing import timed_step

        device = choose_device(wanted)
        return describe_device(device), 1000 * timed_step(device), ""
    except UNUSABLE as error:
        return name, None, f"{type(error).__name__}: {error}"


def _cluster(scheduler: str) -> str:
    """Return the resources of a cluster, or the reason why it cannot be used."""
    try:
        from ..runtime.dask_cluster import describe_cluster

        return describe_cluster(scheduler)
    except UNUSABLE as error:
        return str(error)
