"""The time of five steps of the paper's refiners: in the paper's form, fused in torch, and as in the product.

    .venv/worker/bin/python -m benchmarks step [--device cuda] [--side N]

Each time is compared with the limit of the machine: the floating-point operations of the fused form, with the image
terms of the hidden units computed once, divided by the rate of a large matrix product in the same run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.refine.extended import FEATURES, HIDDEN_CHANNELS, WIDTH, ExtendedRefiner
from map_refiner.models.refine.refiner import Refiner, pad
from map_refiner.models.refine.rnn import FILTER_SIZE, FILTERS, HALO_PX, ClassAgnosticRNN, RefinementRNN, UnsharedRNN
from map_refiner.models.refine.triton_step import is_available
from map_refiner.models.refine.unroll import refine_steps
from map_refiner.models.runtime import device as devices
from torch import Tensor

from ..harness import Benchmark, Cell, Option, Page, Results, Settings, Values, markdown_table
from ..machine import matmul_rate, median_seconds

CLASSES, BANDS, STEPS = 3, 3, 5
ONCE = 2 * FILTERS * BANDS * FILTER_SIZE**2 + CLASSES * 2 * FILTERS**2  # operations per pixel, for the image terms
FUSED = CLASSES * 2 * FILTERS * (FILTER_SIZE**2 + 1)  # operations per pixel and step
FIRST = 2 * 9 * FEATURES * (BANDS + CLASSES + 2 * FEATURES) + 2 * WIDTH * (FEATURES + BANDS + CLASSES)
EXTENDED = 2 * WIDTH * (CLASSES + HIDDEN_CHANNELS) * (9 + 9 + 1)


def paper_form(refiner: RefinementRNN, scores: Tensor, image: Tensor) -> None:
    """Run the steps in the form of the paper."""
    with torch.inference_mode():
        for _ in range(STEPS):
            scores = refiner.plain_step(scores, image, WHOLE)


def fused_form(refiner: RefinementRNN, scores: Tensor, image: Tensor) -> None:
    """Run the steps with torch's convolutions and stored image terms of the hidden units."""
    with torch.inference_mode():
        terms = refiner.image_terms(pad(image, HALO_PX, WHOLE)[None])
        for _ in range(STEPS):
            scores = refiner.refine_patches(pad(scores, HALO_PX, WHOLE)[None], terms)[0]


def product_form(refiner: Refiner, scores: Tensor, image: Tensor) -> None:
    """Run the steps as a refinement session does."""
    for _ in refine_steps(refiner, scores, image, WHOLE, STEPS):
        pass


@dataclass(frozen=True)
class Form:
    """A form of a refiner's steps: the work, the refiner's class, and the operations per pixel of all steps."""

    work: Callable[..., None]
    refiner: Callable[[int, int], Refiner]
    operations: float
    is_reduced: bool = False  # computes in bfloat16


SHARED = STEPS * FUSED + ONCE
REDUCED = "faithful, reduced to bfloat16"
FORMS = {
    "faithful, the paper's form": Form(paper_form, RefinementRNN, SHARED),
    "faithful, fused, with torch's convolutions": Form(fused_form, RefinementRNN, SHARED),
    "faithful, as in the product": Form(product_form, RefinementRNN, SHARED),
    "class-agnostic, as in the product": Form(product_form, ClassAgnosticRNN, SHARED),
    "unshared, as in the product": Form(product_form, UnsharedRNN, STEPS * (FUSED + ONCE)),
    "extended, as in the product": Form(product_form, ExtendedRefiner, STEPS * EXTENDED + FIRST),
    REDUCED: Form(product_form, RefinementRNN, SHARED, is_reduced=True),
}


def side_of(settings: Settings) -> int:
    """Return the side of the scores in pixels."""
    return int(settings.options.side) or (3000 if settings.device.type == "cuda" else 1500)


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the forms that the device supports."""
    for kind in settings.options.kinds:
        if settings.device.type == "cuda" or not FORMS[kind].is_reduced:
            yield Cell(kind=kind)


def run(settings: Settings, cell: Cell) -> Values:
    """Time one form."""
    form, device, side = FORMS[cell.kind], settings.device, side_of(settings)
    rate = matmul_rate(device, torch.bfloat16 if form.is_reduced else torch.float32)
    torch.manual_seed(0)
    net = form.refiner(CLASSES, BANDS).eval().to(device)  # type: ignore[attr-defined]
    if form.is_reduced:
        net.reduced = True
    scores, image = (torch.randn(count, side, side, device=device) for count in (CLASSES, BANDS))
    repeats = 1 if form.work is paper_form and device.type != "cuda" else 3
    seconds = median_seconds(partial(form.work, net, scores, image), repeats, device)
    return {"seconds": seconds, "limit": form.operations * side**2 / rate, "rate": rate}


def summary(values: Values) -> str:
    """Return the seconds and the limit as text."""
    return f"{values['seconds']:.4f} s, limit {values['limit']:.4f} s"


def table(settings: Settings, results: Results) -> Page:
    """Return a page of the seconds and the limit of each form."""
    rows = []
    for cell, values in results.items():
        seconds, limit = values["seconds"], values["limit"]
        rows.append([cell.kind, f"{seconds:.4f}", f"{limit:.4f}", f"{seconds / limit:.1f}"])
    on_gpu, side = settings.device.type == "cuda", side_of(settings)
    exact = next(values["rate"] for cell, values in results.items() if cell.kind != REDUCED)
    kernel = " The product's form is the Triton kernel." if on_gpu and is_available() else ""
    about = (
        f"{devices.describe_device(settings.device)}: {side} x {side} pixels, {CLASSES} classes, {BANDS} bands, "
        f"{STEPS} steps from scores and image in memory.{kernel} The limit is the number of operations of the fused "
        f"form, with the image terms computed once, divided by the rate of a large matrix product, {exact / 1e9:.0f} "
        "GFLOP/s.\n\n"
        f"The product computes the image terms of the hidden units again at each step, from {FILTERS} features (on a "
        f"GPU, from the image). That takes {CLASSES * 2 * FILTERS**2 / FUSED:.1f} times the operations of the rest. "
        f"Storing them would take {4 * CLASSES * FILTERS} bytes per pixel."
    )
    heads = ["form", "seconds", "limit, s", "times the limit"]
    return Page(about, markdown_table(heads, rows), name="step_cuda" if on_gpu else None)


BENCHMARK = Benchmark(
    name="step",
    title="Time of five refinement steps",
    run=run,
    table=table,
    kinds=tuple(FORMS),
    options=(Option("side", 0, "side of the scores in pixels; 0 for 1500, on a GPU 3000"),),
    reads_data=False,
    has_device=True,
    is_timed=True,
    cells=cells,
    summary=summary,
)
