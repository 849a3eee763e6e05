"""The time of five steps of the paper's refiners: its form, fused in torch, the product's, and the machine's limit.

    .venv/worker/bin/python benchmarks/step.py [--device cuda] [--side N]

The limit is the floating-point operations of the fused form, with the image's part of the hidden units computed once,
over the rate of a large matrix product in the same run.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from functools import partial

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from limit import median_seconds, rate
from map_refiner.models import device as devices
from map_refiner.models.borders import WHOLE
from map_refiner.models.refine.extended import FEATURES, MEMORY, WIDTH, ExtendedRefiner
from map_refiner.models.refine.fused_cuda import is_there
from map_refiner.models.refine.refiner import Refiner, pad
from map_refiner.models.refine.rnn import FILTERS, REACH, SIZE, ClassAgnosticRNN, RefinementRNN, UnsharedRNN
from map_refiner.models.refine.run import refine
from record import write_page
from torch import Tensor

CLASSES, BANDS, STEPS = 3, 3, 5
ONCE = 2 * FILTERS * BANDS * SIZE**2 + CLASSES * 2 * FILTERS**2  # operations a pixel: the image's part
FUSED = CLASSES * 2 * FILTERS * (SIZE**2 + 1)  # a pixel and step
FIRST = 2 * 9 * FEATURES * (BANDS + CLASSES + 2 * FEATURES) + 2 * WIDTH * (FEATURES + BANDS + CLASSES)
EXTENDED = 2 * WIDTH * (CLASSES + MEMORY) * (9 + 9 + 1)


def in_the_papers_form(refiner: RefinementRNN, scores: Tensor, image: Tensor) -> None:
    """Step as the paper writes it."""
    with torch.inference_mode():
        for _ in range(STEPS):
            scores = refiner.plain_step(scores, image, WHOLE)


def fused_in_torch(refiner: RefinementRNN, scores: Tensor, image: Tensor) -> None:
    """Step with torch's convolutions and the image's part of the hidden units stored."""
    with torch.inference_mode():
        terms = refiner.image_terms(pad(image, REACH, WHOLE)[None])
        for _ in range(STEPS):
            scores = refiner.refine_patches(pad(scores, REACH, WHOLE)[None], terms)[0]


def as_in_the_product(refiner: Refiner, scores: Tensor, image: Tensor) -> None:
    """Step as a session does."""
    for _ in refine(refiner, scores, image, WHOLE, STEPS):
        pass


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--device", default="cpu")
    options.add_argument("--side", type=int, help="in pixels; by default 1500, on a GPU 3000")
    given = options.parse_args()
    devices.use_all_cores()
    device = devices.choose(given.device)
    on_gpu = device.type == "cuda"
    side = given.side or (3000 if on_gpu else 1500)
    torch.manual_seed(0)
    nets = [kind(CLASSES, BANDS).eval().to(device) for kind in (RefinementRNN, ClassAgnosticRNN, UnsharedRNN)]
    faithful, agnostic, unshared = nets
    extended = ExtendedRefiner(CLASSES, BANDS).eval().to(device)
    scores, image = (torch.randn(count, side, side, device=device) for count in (CLASSES, BANDS))
    exact = rate(device, torch.float32)
    runs: list[tuple[str, Callable[..., None], Refiner, float, float]] = [
        ("faithful, the paper's form", in_the_papers_form, faithful, STEPS * FUSED + ONCE, exact),
        ("faithful, fused with torch's convolutions", fused_in_torch, faithful, STEPS * FUSED + ONCE, exact),
        ("faithful, as in the product", as_in_the_product, faithful, STEPS * FUSED + ONCE, exact),
        ("class-agnostic, as in the product", as_in_the_product, agnostic, STEPS * FUSED + ONCE, exact),
        ("unshared, as in the product", as_in_the_product, unshared, STEPS * (FUSED + ONCE), exact),
        ("extended, as in the product", as_in_the_product, extended, STEPS * EXTENDED + FIRST, exact),
    ]
    if on_gpu:
        reduced = RefinementRNN(CLASSES, BANDS).eval().to(device)
        reduced.reduced = True
        halves = rate(device, torch.bfloat16)
        runs.append(("faithful, reduced to bfloat16", as_in_the_product, reduced, STEPS * FUSED + ONCE, halves))
    lines = ["| form | seconds | limit | times the limit |", "|---|---|---|---|"]
    for name, work, net, operations, per_second in runs:
        repeats = 1 if work is in_the_papers_form and not on_gpu else 3
        seconds, limit = (
            median_seconds(partial(work, net, scores, image), repeats, device),
            operations * side**2 / per_second,
        )
        lines.append(f"| {name} | {seconds:.4f} | {limit:.4f} | {seconds / limit:.1f} |")
    kernel = " The product's form is the Triton kernel." if on_gpu and is_there() else ""
    about = (
        f"{devices.describe(device)}: {side} x {side} pixels, {CLASSES} classes, {BANDS} bands, {STEPS} steps from "
        f"scores and image in memory.{kernel} The limit is the operations of the fused form, the image's part once, at "
        f"the rate of a large matrix product, {exact / 1e9:.0f} GFLOP/s. The product computes the image's part of the "
        f"hidden units anew at each step, from {FILTERS} features (on a GPU from the image itself), which is "
        f"{CLASSES * 2 * FILTERS**2 / FUSED:.1f} times the operations of the rest: stored, it takes "
        f"{4 * CLASSES * FILTERS} bytes a pixel."
    )
    name = "step_cuda" if on_gpu else "step"
    write_page(name, "The time of five steps", f"benchmarks/step.py --device {device.type}", about, "\n".join(lines))


if __name__ == "__main__":
    main()
