"""The hand-written recurrent cells beside torch's own GRU: forward and backward, 4096 pixels of 144 bands.

    .venv/worker/bin/python benchmarks/cell.py

They take turns, so that the ratio means something on a machine that does other things too. build/spectral/cell.json
keeps it for docs/spectral.md.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import torch
from map_refiner.models.coarse.recurrent import LSTM, UNITS, GRUPRetanh, GRUTanh
from torch import Tensor, nn

KEPT = Path("build/spectral/cell.json")
PIXELS, BANDS, CLASSES = 4096, 144, 15


class Own(nn.Module):
    """torch's GRU of the same size, with the same classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.GRU(1, UNITS, batch_first=True)
        self.out = nn.Linear(UNITS, CLASSES)

    def forward(self, spectra: Tensor) -> Tensor:
        """Return (pixels, classes) logits of (pixels, bands)."""
        return self.out(self.layer(spectra[..., None])[0][:, -1])


def seconds(net: Callable[[Tensor], Tensor], spectra: Tensor, labels: Tensor) -> float:
    """Time one forward and backward pass."""
    started = time.perf_counter()
    nn.functional.cross_entropy(net(spectra), labels).backward()
    return time.perf_counter() - started


def main() -> None:
    """Measure in turns; print and keep the median of the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    spectra, labels = torch.randn(PIXELS, BANDS), torch.randint(0, CLASSES, (PIXELS,))
    nets = {"torch": Own(), **{kind.kind: kind(CLASSES, BANDS) for kind in (GRUPRetanh, GRUTanh, LSTM)}}
    times: dict[str, list[float]] = {name: [] for name in nets}
    for turn in range(given.rounds + 1):
        for name, net in nets.items():
            taken = seconds(net.train(), spectra, labels)
            if turn:  # the first pass fills caches
                times[name].append(taken)
    ratios = {
        name: sorted(own / other for own, other in zip(taken, times["torch"], strict=True))[given.rounds // 2]
        for name, taken in times.items()
        if name != "torch"
    }
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.2f} times the time of torch's GRU ({min(times['torch']):.2f} s at best)")
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps({"threads": given.threads, "ratios": ratios}), encoding="utf-8")


if __name__ == "__main__":
    main()
