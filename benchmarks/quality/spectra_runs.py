"""Training and evaluation of one spectral model, shared by the spectral benchmarks."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from map_refiner.models.coarse.registry import COARSE_CLASSES, COARSE_TRAINERS
from map_refiner.models.coarse.spectral.samples import SpectralSamples
from map_refiner.models.coarse.train_patches import TrainingOptions
from map_refiner.models.errors import RefinerError
from map_refiner.models.metrics.pixels import ConfusionAccuracy, confusion
from map_refiner.models.shared.model_kinds import COARSE_KINDS

from ..harness import Values
from ..scenes import CPU

LAST = 20  # the final loss is the mean over these last updates
SPECTRAL = tuple(kind for kind, how in COARSE_KINDS.items() if how.is_spectral)
FIXED_UPDATES = {"random-forest": 200, "svm-rbf": 15, "cnn-1d": 1500, "crnn": 200}  # the other kinds use an option


def standardise(training: np.ndarray, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """Standardise spectra with the statistics of the training spectra, as a checkpoint does."""
    mean, std = training.mean(axis=0), training.std(axis=0)
    std = np.where(std > 0, std, 1)
    return tuple(np.clip((each - mean) / std, -5, 5).astype(np.float32) for each in (training, *others))


def train(
    kind: str, classes: int, pixels: SpectralSamples, updates: int, seed: int, dropout: bool
) -> tuple[Any, Values]:
    """Train a model; return it with the seconds, the final loss, and the update at which it diverged."""
    torch.manual_seed(seed)
    net = COARSE_CLASSES[kind](classes, pixels.spectra.shape[1])
    if dropout and hasattr(net, "regularise"):
        net.regularise()
    losses, diverged = [], None
    started = time.perf_counter()
    try:
        for epoch in COARSE_TRAINERS[kind](net, pixels, TrainingOptions(updates, seed), CPU):
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


def evaluate(net: Any, spectra: np.ndarray, labels: np.ndarray, classes: int) -> Values:
    """Return OA, AA, kappa, the accuracy per class, the confusion matrix and the pixels per second of a model."""
    net.eval()
    started = time.perf_counter()
    with torch.inference_mode():
        logits = torch.cat([net(part) for part in torch.split(torch.from_numpy(spectra), 4096)])
    seconds = time.perf_counter() - started
    predicted = logits.argmax(dim=1).numpy().astype(np.uint8)
    counts = confusion(labels.astype(np.uint8), predicted, classes)
    return {**figures(counts), "pixels_a_second": len(labels) / seconds}


def figures(counts: np.ndarray) -> Values:
    """Return the accuracies of a confusion matrix."""
    accuracy = ConfusionAccuracy(tuple(map(str, range(len(counts)))), counts)
    found = counts.sum(axis=1)
    return {
        "oa": accuracy.overall_accuracy,
        "aa": accuracy.average_accuracy,
        "kappa": accuracy.kappa,
        "by_class": [float(counts[k, k] / found[k]) if found[k] else None for k in range(len(counts))],
        "confusion": counts.tolist(),
    }


def spread(values: list[float], scale: float = 100, digits: int = 1) -> str:
    """Return the mean, with the standard deviation if there are several values."""
    mean = f"{scale * float(np.mean(values)):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ± {scale * float(np.std(values, ddof=1)):.{digits}f}"


def summary(values: Values) -> str:
    """Return the overall accuracy and the training seconds."""
    return f"OA {values['oa']:.4f}, trained in {values['seconds']:.0f} s"
