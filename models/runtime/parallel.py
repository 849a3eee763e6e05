"""Parallel work on the parts of a tile or a batch, one part per core.

By default, torch splits each operation among the cores and waits for the slowest core each time. With thousands of
small operations, any other busy program then stalls it many times. Separate parts wait for each other only once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


def run_in_threads(jobs: Sequence[Callable[[], T]]) -> list[T]:
    """Run jobs on all cores, one core per job, and return their results in order."""
    threads = torch.get_num_threads()
    if len(jobs) == 1 or threads == 1:
        return [job() for job in jobs]
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(lambda job: job(), jobs))
    finally:
        torch.set_num_threads(threads)


def in_strips(rows: int, height: int, work: Callable[[slice], None]) -> None:
    """Call `work` in parallel, without gradients, with slices of at most `height` rows that cover `rows`."""

    def job(strip: slice) -> Callable[[], None]:
        def compute() -> None:
            with torch.inference_mode():
                work(strip)

        return compute

    run_in_threads([job(slice(top, min(top + height, rows))) for top in range(0, rows, height)])


def data_parallel_backward(
    weights: Iterable[Tensor], batch: int, loss: Callable[[slice], Tensor], device: torch.device
) -> float:
    """Set the gradients of weights to those of a loss that is a sum over the examples of a batch; return the loss.

    On a CPU each core computes a share of the batch in a thread of this process. `torch.nn.DataParallel` supports only
    GPUs, `DistributedDataParallel` needs one process per share, and the operators' own threads gain little on small
    patches.

    Args:
        weights: the weights, on `device`.
        batch: the number of examples.
        loss: returns the part of the loss for a slice of the examples.
        device: the device of the weights.
    """
    weights = [weight for weight in weights if weight.requires_grad]
    shares = min(batch, torch.get_num_threads()) if device.type == "cpu" else 1
    ends = [batch * share // shares for share in range(shares + 1)]

    def job(part: slice) -> Callable[[], tuple[float, tuple[Tensor, ...]]]:
        def compute() -> tuple[float, tuple[Tensor, ...]]:
            value = loss(part)
            return float(value.detach()), torch.autograd.grad(value, weights)

        return compute

    found = run_in_threads([job(slice(first, last)) for first, last in zip(ends, ends[1:], strict=False)])
    for number, weight in enumerate(weights):
        weight.grad = torch.stack([gradients[number] for _, gradients in found]).sum(dim=0)
    return sum(value for value, _ in found)
