"""The time of one step, to compare devices."""

from __future__ import annotations

import time

import torch

from ..arrays.borders import WHOLE
from ..refine.rnn import RefinementRNN
from ..refine.unroll import from_prepared
from ..runtime.device import synchronize

SIDE_PX = 1000  # px per side of the timed scene


def timed_step(device: torch.device) -> float:
    """Return the seconds of one step of a random refiner, after a warm-up step."""
    refiner = RefinementRNN(3, 3).to(device)
    maps = torch.randn(3, SIDE_PX, SIDE_PX, device=device)
    with torch.inference_mode():
        prepared = refiner.prepare(maps, maps, WHOLE)
    seconds = 0.0
    for _ in range(2):
        started = time.perf_counter()
        list(from_prepared(refiner, maps, prepared, WHOLE, range(1)))
        synchronize(device)
        seconds = time.perf_counter() - started
    return seconds
