"""The time of refining 1500 x 1500 pixels, 3 classes, 5 steps: the paper's form, the fused form, the machine's limit.

    .venv/worker/bin/python benchmarks/step.py

The limit is the floating-point operations of the fused form over the rate of a large matrix product in the same run.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from map_refiner.models import device as devices
from map_refiner.models.borders import WHOLE
from map_refiner.models.refine.rnn import FILTERS, SIZE, RefinementRNN
from map_refiner.models.refine.run import refine
from record import write_page

SIDE, CLASSES, BANDS, STEPS = 1500, 3, 3, 5


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median time of some runs after one that warms up."""
    work()
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def main() -> None:
    """Measure and print."""
    devices.use_all_cores()
    torch.manual_seed(0)
    refiner = RefinementRNN(CLASSES, BANDS)
    scores, image = torch.randn(CLASSES, SIDE, SIDE), torch.randn(BANDS, SIDE, SIDE)
    square = torch.randn(3000, 3000)

    def plain() -> None:
        maps = scores
        with torch.inference_mode():
            for _ in range(STEPS):
                maps = refiner.plain_step(maps, image, WHOLE)

    fused = median_seconds(lambda: list(refine(refiner, scores, image, WHOLE, STEPS)), 3)
    slow = median_seconds(plain, 1)
    rate = 2 * 3000**3 / median_seconds(lambda: square @ square, 3)
    operations = SIDE**2 * (STEPS * CLASSES * 2 * FILTERS * (SIZE**2 + FILTERS + 1) + 2 * FILTERS * BANDS * SIZE**2)
    limit = operations / rate
    rows = {"the paper's form": slow, "the fused form, as in the product": fused, "limit": limit}
    lines = ["| form | seconds | times the limit |", "|---|---|---|"]
    lines += [f"| {name} | {seconds:.2f} | {seconds / limit:.1f} |" for name, seconds in rows.items()]
    about = (
        f"{SIDE} x {SIDE} pixels, {CLASSES} classes, {BANDS} bands, {STEPS} steps from scores and image in memory. The "
        f"limit is the fused form's operations at the rate of a 3000 x 3000 matrix product, {rate / 1e9:.0f} GFLOP/s."
    )
    write_page("step", "The time of five steps", "benchmarks/step.py", about, "\n".join(lines))


if __name__ == "__main__":
    main()
