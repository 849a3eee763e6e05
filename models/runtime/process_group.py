"""Data-parallel training under `torchrun`: each process draws its own patches, and all make the same update."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn

from ..errors import RefinerError


@dataclass(frozen=True)
class ProcessGroup:
    """The rank of this process, and the number of processes; one process without torchrun."""

    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process evaluates, writes and reports."""
        return self.rank == 0

    def seeds(self, seed: int) -> int | list[int]:
        """Return the seed for the random draws of this process."""
        return seed if self.size == 1 else [seed, self.rank]

    def share(self, batch: int) -> int:
        """Return this process's share of a batch."""
        return max(1, batch // self.size)

    def agree(self, net: nn.Module) -> None:
        """Copy the weights of the first process to all others."""
        if self.size > 1:
            for value in net.state_dict().values():
                distributed.broadcast(value, 0)

    def average(self, net: nn.Module) -> None:
        """Replace the gradients by their mean over all processes, in one message."""
        if self.size == 1:
            return
        gradients = [each.grad for each in net.parameters() if each.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        distributed.all_reduce(flat)
        start = 0
        for gradient in gradients:
            gradient.copy_(flat[start : start + gradient.numel()].view_as(gradient) / self.size)
            start += gradient.numel()


@contextmanager
def join_process_group(device: torch.device) -> Iterator[ProcessGroup]:
    """Join the processes that torchrun has started, and leave the group at the end.

    Raises:
        RefinerError: if the processes cannot connect.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ProcessGroup()
        return
    try:
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    except (RuntimeError, ValueError) as error:
        raise RefinerError(
            "The {size} processes of torchrun do not find each other: {error}.", size=size, error=error
        ) from error
    try:
        yield ProcessGroup(distributed.get_rank(), size)
    finally:
        distributed.destroy_process_group()


def own_device(wanted: str) -> str:
    """Return the device of this process; several processes on one machine use different GPUs."""
    local = os.environ.get("LOCAL_RANK")
    if local is None or wanted not in ("auto", "cuda") or torch.cuda.device_count() < 2:
        return wanted
    return f"cuda:{int(local) % torch.cuda.device_count()}"
