"""Choice and description of the computing device, its threads and its tile size."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import torch

from ..errors import RefinerError

TILE_PX = 512  # px, for scenes that are too large to process whole
LARGEST_TILE_PX = 4096  # px, on a GPU
SMALLEST_TILE_PX = 128  # px, if memory is short
BYTES_PER_PIXEL = 1500  # of a refined tile: twice the measured difference between tiles of 1024 and of 512 px


def choose_device(wanted: str = "auto") -> torch.device:
    """Return the device for `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.

    Raises:
        RefinerError: if the device does not exist.
    """
    if wanted == "auto":
        if torch.cuda.is_available():
            return _exact(torch.device("cuda:0"))
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    kind, _, number = wanted.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not number.isdigit()):
        raise RefinerError("There is no device {wanted!r}; choose auto, cpu, cuda, cuda:N or mps.", wanted=wanted)
    if kind == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if int(number or 0) >= count:
            raise RefinerError(
                "The device {wanted} is not there: PyTorch {torch_version} sees {count} CUDA devices.",
                wanted=wanted,
                torch_version=torch.__version__,
                count=count,
            )
        return _exact(torch.device("cuda", int(number or 0)))
    if kind == "mps" and not torch.backends.mps.is_available():
        raise RefinerError("The device mps is not there: PyTorch sees no Apple GPU.")
    return torch.device(kind)


def _exact(device: torch.device) -> torch.device:
    """Disable TF32: its convolutions keep only ten bits of the mantissa, and tile borders would show."""
    torch.backends.cudnn.allow_tf32 = False
    return device


def describe_device(device: torch.device) -> str:
    """Return a readable name: the GPU's, or the processor's with the number of threads."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    if device.type == "mps":
        return "Apple GPU"
    return f"{processor()}, {torch.get_num_threads()} threads"


def processor() -> str:
    """Return the readable name of the processor."""
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def use_all_cores() -> None:
    """Let torch use all cores that this process may run on."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    torch.set_num_threads(allowed)


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory ran out; on the CPU, torch raises no specific type."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)


def synchronize(device: torch.device) -> None:
    """Wait until the device has finished its queued work, so that timings are correct."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def free_bytes(device: torch.device) -> int | None:
    """Return the free memory of a device in bytes, or None if the system does not report it."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    listing = Path("/proc/meminfo")
    for line in listing.read_text(errors="replace").splitlines() if listing.exists() else ():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def tile_side(device: torch.device) -> int:
    """Return the side of a tile in pixels, so that a tile fits into half of the free memory.

    Larger tiles than usual pay off only on a GPU, where the halo of small tiles costs more than their launch.
    """
    free, most = free_bytes(device), LARGEST_TILE_PX if device.type == "cuda" else TILE_PX
    side = most
    while side > SMALLEST_TILE_PX and free is not None and side * side * BYTES_PER_PIXEL > free / 2:
        side //= 2
    return side
