"""One training and one measurement of a spectral model, kept in a file so that a benchmark can go on where it ended."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from map_refiner.models.coarse.kinds import KINDS
from map_refiner.models.coarse.train import Recipe
from map_refiner.models.errors import RefinerError
from map_refiner.models.metrics import Accuracy, confusion
from map_refiner.models.pixels import Pixels

CPU = torch.device("cpu")
LAST = 20  # updates whose mean loss is that at the end
SPECTRAL = tuple(kind for kind, how in KINDS.items() if how.is_spectral)
SHORT = {"random-forest": 200, "svm-rbf": 15, "cnn-1d": 1500, "crnn": 200}  # updates; of the recurrent ones as asked


def kept(path: Path, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what a file holds, or do the work and write it down."""
    if path.is_file():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    found = work()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found), encoding="utf-8")
    print(path.stem, f"OA {found['oa']:.4f}", f"{found['seconds']:.0f} s", flush=True)
    return found


def standardised(learn: np.ndarray, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """Standardise spectra by those that are learnt from, as a file of weights does."""
    mean, std = learn.mean(axis=0), learn.std(axis=0)
    std = np.where(std > 0, std, 1)
    return tuple(np.clip((each - mean) / std, -5, 5).astype(np.float32) for each in (learn, *others))


def train(
    kind: str, classes: int, pixels: Pixels, updates: int, seed: int, dropout: bool
) -> tuple[Any, dict[str, Any]]:
    """Train a model; return it with the seconds, the loss at the end, and the update at which it diverged."""
    torch.manual_seed(seed)
    net = KINDS[kind].make(classes, pixels.spectra.shape[1])
    if dropout and hasattr(net, "regularise"):
        net.regularise()
    losses, diverged = [], None
    started = time.perf_counter()
    try:
        for epoch in KINDS[kind].train(net, pixels, Recipe(updates, seed), CPU):
            losses.append(epoch.loss)
    except RefinerError:
        diverged = len(losses) + 1
    facts = {
        "seconds": time.perf_counter() - started,
        "loss": float(np.mean(losses[-LAST:])) if losses else None,
        "worst_loss": float(np.max(losses)) if losses else None,
        "diverged": diverged,
        "weights": sum(weight.numel() for weight in net.parameters()) or sum(each.numel() for each in net.buffers()),
    }
    return net, facts


def measure(net: Any, spectra: np.ndarray, labels: np.ndarray, classes: int) -> dict[str, Any]:
    """Return OA, AA, kappa, the accuracy of each class, the confusion and the pixels a second of a model."""
    net.eval()
    started = time.perf_counter()
    with torch.inference_mode():
        logits = torch.cat([net(part) for part in torch.from_numpy(spectra).split(4096)])
    seconds = time.perf_counter() - started
    predicted = logits.argmax(dim=1).numpy().astype(np.uint8)
    counts = confusion(labels.astype(np.uint8), predicted, classes)
    return {**figures(counts), "pixels_a_second": len(labels) / seconds}


def figures(counts: np.ndarray) -> dict[str, Any]:
    """Return what a confusion matrix says."""
    accuracy = Accuracy(tuple(map(str, range(len(counts)))), counts)
    found = counts.sum(axis=1)
    return {
        "oa": accuracy.overall_accuracy,
        "aa": accuracy.average_accuracy,
        "kappa": accuracy.kappa,
        "by_class": [float(counts[k, k] / found[k]) if found[k] else None for k in range(len(counts))],
        "confusion": counts.tolist(),
    }


def spread(values: list[float], scale: float = 100, digits: int = 1) -> str:
    """Write a mean, and its standard deviation where there are several."""
    mean = f"{scale * float(np.mean(values)):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ± {scale * float(np.std(values, ddof=1)):.{digits}f}"
