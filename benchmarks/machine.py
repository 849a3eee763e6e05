"""The benchmark machine: its description and its peak speed."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import torch
from map_refiner.models.runtime import device as devices
from torch.utils.flop_counter import FlopCounterMode

SQUARE = 3000  # rows and columns of the matrix product; four times as many on a GPU
CPU = torch.device("cpu")


def describe_machine() -> str:
    """Return the processor, its cores and the versions of Python and torch, for the page header."""
    count = len(os.sched_getaffinity(0))
    cores = f"{count} core{'s' * (count > 1)}"
    return f"{devices.processor()}, {cores}, Python {platform.python_version()}, torch {version('torch')}"


def median_seconds(work: Callable[[], object], repeats: int, device: torch.device = CPU) -> float:
    """Return the median time of several runs, after one warm-up run."""
    work()
    seconds = []
    for _ in range(repeats):
        devices.synchronize(device)
        started = time.perf_counter()
        work()
        devices.synchronize(device)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


@cache
def matmul_rate(device: torch.device = CPU, dtype: torch.dtype = torch.float32) -> float:
    """Return the floating-point operations per second of a large matrix product, measured once per process."""
    side = SQUARE if device.type == "cpu" else 4 * SQUARE
    square = torch.randn(side, side, device=device).to(dtype)
    return 2 * side**3 / median_seconds(lambda: square @ square, 5, device)


def count_operations(work: Callable[[], object]) -> int:
    """Count the floating-point operations of the convolutions and matrix products in `work`."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the counter misses work that is split across threads
    try:
        with FlopCounterMode(display=False) as counter:
            work()
    finally:
        torch.set_num_threads(threads)
    return int(counter.get_total_flops())


def peak_memory_gb() -> float:
    """Return the peak memory of this process in GB.

    On Linux, `ru_maxrss` of a new process starts at its parent's peak, so the value is read from the kernel's status
    file instead.
    """
    status = Path("/proc/self/status")
    for line in status.read_text(encoding="ascii").splitlines() if status.exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
