"""What computes here: versions, device, a timed step."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import torch

from .borders import WHOLE
from .device import describe, synchronize
from .refine.rnn import RefinementRNN
from .refine.run import from_prepared

NEEDED = ("torch", "numpy", "rasterio", "shapely", "pyogrio", "pyproj", "scipy", "click", "safetensors")
SIDE = 1000  # px of the scene that is timed


def examine(device: torch.device) -> Iterator[str]:
    """Yield a line for each finding."""
    yield f"Python {platform.python_version()} on {platform.platform()}"
    missing = []
    for name in NEEDED:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            missing.append(name)
    yield f"device {device}: {describe(device)}"
    yield f"one step on {SIDE} x {SIDE} pixels, 3 classes: {1000 * timed_step(device):.0f} ms"
    yield f"missing: {', '.join(missing)}" if missing else "nothing is missing"


def timed_step(device: torch.device) -> float:
    """Return the seconds of one step of a random refiner, after one that warms up."""
    refiner = RefinementRNN(3, 3).to(device)
    maps = torch.randn(3, SIDE, SIDE, device=device)
    with torch.inference_mode():
        prepared = refiner.prepare(maps, maps, WHOLE)
    seconds = 0.0
    for _ in range(2):
        started = time.perf_counter()
        list(from_prepared(refiner, maps, prepared, WHOLE, range(1)))
        synchronize(device)
        seconds = time.perf_counter() - started
    return seconds
