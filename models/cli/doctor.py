"""What computes here: versions, device, a timed step."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import torch

from ..runtime.device import describe_device
from ..tiling.timing import SIDE, timed_step

NEEDED = ("torch", "numpy", "rasterio", "shapely", "pyogrio", "pyproj", "scipy", "click", "safetensors")


def examine(device: torch.device) -> Iterator[str]:
    """Yield a line for each finding."""
    yield f"Python {platform.python_version()} on {platform.platform()}"
    missing = []
    for name in NEEDED:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            missing.append(name)
    yield f"device {device}: {describe_device(device)}"
    yield f"one step on {SIDE} x {SIDE} pixels, 3 classes: {1000 * timed_step(device):.0f} ms"
    yield f"missing: {', '.join(missing)}" if missing else "nothing is missing"
