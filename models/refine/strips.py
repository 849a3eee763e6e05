"""Work on the rows of a tile strip by strip, one strip a core.

Torch would rather share each operation among the cores and wait for the slowest after each; with thousands of small
operations a step, any other busy program then stalls it many times over. Strips wait for each other once a step.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch


def in_strips(rows: int, height: int, work: Callable[[slice], None]) -> None:
    """Call `work` with the slices of at most `height` rows that make up `rows`, without gradients, on all cores."""
    strips = [slice(top, min(top + height, rows)) for top in range(0, rows, height)]
    threads = torch.get_num_threads()

    def alone(strip: slice) -> None:
        with torch.inference_mode():
            work(strip)

    if len(strips) == 1:
        alone(strips[0])
        return
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            for _ in pool.map(alone, strips):
                pass
    finally:
        torch.set_num_threads(threads)
