"""Hand-written recurrent cells compared with torch's GRU: forward and backward pass, 4096 pixels of 144 bands.

    .venv/worker/bin/python -m benchmarks recurrent_cell

The cells run alternately, so that other load on the machine slows all of them equally. The page of the spectral
benchmark shows the ratios.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from map_refiner.models.coarse.spectral.recurrent import LSTM, UNITS, GRUPRetanh, GRUTanh
from torch import Tensor, nn

from ..harness import Benchmark, Cell, Option, Page, Results, Settings, Values, markdown_table

PIXELS, BANDS, CLASSES = 4096, 144, 15


class TorchGRU(nn.Module):
    """torch's GRU with the same size and classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.GRU(1, UNITS, batch_first=True)
        self.out = nn.Linear(UNITS, CLASSES)

    def forward(self, spectra: Tensor) -> Tensor:
        """Return (pixels, classes) logits for (pixels, bands) spectra."""
        return torch.as_tensor(self.out(self.layer(spectra[..., None])[0][:, -1]))


def seconds(net: Callable[[Tensor], Tensor], spectra: Tensor, labels: Tensor) -> float:
    """Return the seconds of one forward and backward pass."""
    started = time.perf_counter()
    loss = nn.functional.cross_entropy(net(spectra), labels)
    loss.backward()  # type: ignore[no-untyped-call]
    return time.perf_counter() - started


def run(settings: Settings, cell: Cell) -> Values:
    """Time the cells alternately; return the median ratios."""
    rounds = settings.options.rounds
    torch.manual_seed(0)
    spectra, labels = torch.randn(PIXELS, BANDS), torch.randint(0, CLASSES, (PIXELS,))
    nets = {"torch": TorchGRU(), **{kind.kind: kind(CLASSES, BANDS) for kind in (GRUPRetanh, GRUTanh, LSTM)}}
    times: dict[str, list[float]] = {name: [] for name in nets}
    for turn in range(rounds + 1):
        for name, net in nets.items():
            taken = seconds(net.train(), spectra, labels)
            if turn:  # the first pass fills caches
                times[name].append(taken)
    ratios = {
        name: sorted(own / other for own, other in zip(taken, times["torch"], strict=True))[rounds // 2]
        for name, taken in times.items()
        if name != "torch"
    }
    return {"threads": torch.get_num_threads(), "best_torch_seconds": min(times["torch"]), "ratios": ratios}


def table(settings: Settings, results: Results) -> Page:
    """Return a page of the ratio of each cell."""
    (values,) = results.values()
    rows = [[name, f"{ratio:.2f}"] for name, ratio in values["ratios"].items()]
    best = f"times the time of torch's GRU ({values['best_torch_seconds']:.2f} s at best)"
    return Page("", markdown_table(["cell", best], rows))


BENCHMARK = Benchmark(
    name="recurrent_cell",
    title="Hand-written recurrent cells compared with torch's GRU",
    run=run,
    table=table,
    options=(Option("rounds", 5, "turns of each cell", changes_results=False),),
    reads_data=False,
    has_page=False,
    is_timed=True,
    threads=1,
)
