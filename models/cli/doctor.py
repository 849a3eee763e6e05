"""The report of `map-refiner doctor`: versions, device and a timed step."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import torch

from ..runtime.device import describe_device
from ..shared.requirements import MODULES
from ..tiling.timing import SIDE_PX, timed_step


def examine(device: torch.device) -> Iterator[str]:
    """Yield the lines of the report."""
    yield f"Python {platform.python_version()} on {platform.platform()}"
    missing = []
    for name in MODULES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            missing.append(name)
    yield f"device {device}: {describe_device(device)}"
    yield f"one step on {SIDE_PX} x {SIDE_PX} pixels, 3 classes: {1000 * timed_step(device):.0f} ms"
    yield f"missing: {', '.join(missing)}" if missing else "nothing is missing"
