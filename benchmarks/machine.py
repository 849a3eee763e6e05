"""What the machine could do at best: the rate of a large matrix product, and the operations that there are to do."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from map_refiner.models import device as devices
from torch.utils.flop_counter import FlopCounterMode

SQUARE = 3000
CPU = torch.device("cpu")


def median_seconds(work: Callable[[], object], repeats: int, device: torch.device = CPU) -> float:
    """Return the median time of some runs after one that warms up."""
    work()
    seconds = []
    for _ in range(repeats):
        devices.synchronize(device)
        started = time.perf_counter()
        work()
        devices.synchronize(device)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def rate(device: torch.device = CPU, kind: torch.dtype = torch.float32) -> float:
    """Return the floating-point operations a second of a large matrix product."""
    side = SQUARE if device.type == "cpu" else 4 * SQUARE
    square = torch.randn(side, side, device=device).to(kind)
    return 2 * side**3 / median_seconds(lambda: square @ square, 5, device)


def operations(work: Callable[[], object]) -> int:
    """Count the floating-point operations of the convolutions and matrix products in some work of torch."""
    cores = torch.get_num_threads()
    torch.set_num_threads(1)  # what is shared among threads would not be seen
    try:
        with FlopCounterMode(display=False) as counter:
            work()
    finally:
        torch.set_num_threads(cores)
    return int(counter.get_total_flops())
