"""Support vector machine with a radial kernel, the baseline of Mou et al. (TGRS 2017): fitted by scikit-learn.

A grid search with five-fold cross-validation chooses penalty and width. The paper does not give its grid; this one
covers the usual range, 10^-2 to 10^4 for the penalty and 2^-15 to 2^3 for the width.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...training.loop import TrainingUpdate
from ..train_patches import TrainingOptions
from .samples import SpectralSamples, evaluate_held_out, hold_out_parts
from .sklearn_arrays import SklearnArrays, scikit_learn

PENALTIES = tuple(10.0**n for n in range(-2, 5))
KERNEL_WIDTHS = tuple(2.0**n for n in range(-15, 4, 3))
FOLDS = 5
SHARPNESS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)  # candidate factors from votes to logits


class SVM(SklearnArrays):
    """One machine per pair of classes; the logits are votes, and margins break ties."""

    kind = "svm-rbf"
    names = ("vectors", "weights", "offsets", "width", "sharpness")
    vectors: Tensor  # (support vectors, bands)
    weights: Tensor  # (pairs, support vectors)
    offsets: Tensor  # (pairs,)
    width: Tensor  # gamma
    sharpness: Tensor  # factor of the logits

    def forward(self, spectra: Tensor) -> Tensor:
        """Return (pixels, classes) logits of (pixels, bands)."""
        parts = []
        for part in torch.split(spectra, 2048):
            kernel = torch.exp(-self.width * torch.cdist(part, self.vectors).square())
            margins = torch.addmm(self.offsets, kernel, self.weights.t())  # (pixels, pairs)
            parts.append(self._votes(margins))
        return torch.cat(parts) * self.sharpness

    def _votes(self, margins: Tensor) -> Tensor:
        one, other = torch.triu_indices(self.classes, self.classes, 1, device=margins.device)
        votes = margins.new_zeros(len(margins), self.classes)
        sums = margins.new_zeros(len(margins), self.classes)
        votes.index_add_(1, one, (margins >= 0).to(margins.dtype))
        votes.index_add_(1, other, (margins < 0).to(margins.dtype))
        sums.index_add_(1, one, margins)
        sums.index_add_(1, other, -margins)
        return votes + sums / (3 * (sums.abs() + 1))

    def check(self) -> None:
        """Raise ValueError if the arrays do not fit together."""
        pairs = self.classes * (self.classes - 1) // 2
        count = len(self.vectors)
        fits = self.vectors.shape == (count, self.bands) and self.weights.shape == (pairs, count)
        if not fits or self.offsets.shape != (pairs,) or self.width.numel() != 1 or self.sharpness.numel() != 1:
            raise ValueError("the support vectors do not fit their weights")

    def adopt(self, machine: Any, sharpness: float) -> None:
        """Copy a fitted scikit-learn machine with class indices as classes; untrained classes lose every vote."""
        known = machine.classes_.astype(int)
        ends = np.concatenate([[0], np.cumsum(machine.n_support_)])
        rows = {(i, j): n for n, (i, j) in enumerate(zip(*np.triu_indices(self.classes, 1), strict=True))}
        weights = np.zeros((len(rows), ends[-1]), dtype=np.float32)
        offsets = np.zeros(len(rows), dtype=np.float32)
        for (i, j), row in rows.items():
            if i not in known or j not in known:
                offsets[row] = float(i in known) - float(j in known)
        sign = -1.0 if len(known) == 2 else 1.0  # for two classes, scikit-learn inverts the sign
        pair = 0
        for a in range(len(known)):
            for b in range(a + 1, len(known)):
                row = rows[known[a], known[b]]
                first, second = slice(ends[a], ends[a + 1]), slice(ends[b], ends[b + 1])
                weights[row, first] = sign * machine.dual_coef_[b - 1, first]
                weights[row, second] = sign * machine.dual_coef_[a, second]
                offsets[row] = sign * machine.intercept_[pair]
                pair += 1
        found = machine.support_vectors_, weights, offsets, machine.gamma, sharpness
        arrays = (torch.from_numpy(np.array(each, dtype=np.float32)) for each in found)
        self.take(dict(zip(self.names, arrays, strict=True)))


def fit_svm(
    net: SVM, pixels: SpectralSamples, options: TrainingOptions, device: torch.device
) -> Iterator[TrainingUpdate]:
    """Try up to `options.updates` pairs of penalty and width; closing the iterator early keeps the best pair."""
    training, held_out = hold_out_parts(pixels, options.seed)
    spectra, labels = pixels.spectra[training], pixels.labels[training]
    folds = _folds(labels, pixels.parts[training], options.seed)
    machines = scikit_learn("svm")
    best, tried = -1.0, _grid()[: options.updates]
    for step, (penalty, width) in enumerate(tried, start=1):
        machine = machines.SVC(C=penalty, gamma=width, decision_function_shape="ovr")
        margins = scikit_learn("model_selection").cross_val_predict(
            machine, spectra, labels, cv=folds, method="decision_function"
        )
        right = float((_best(margins, labels) == labels).mean())
        score, is_best = None, right > best
        if is_best:
            best = right
            net.adopt(machine.fit(spectra, labels), _sharpness(margins, labels))
            net.to(device)
            score = evaluate_held_out(net, pixels, held_out, device)
        yield TrainingUpdate(step, len(tried), 1 - right, score, is_best)


def _grid() -> list[tuple[float, float]]:
    """Return pairs of penalty and width, the most usual first."""
    pairs = [(penalty, width) for penalty in PENALTIES for width in KERNEL_WIDTHS]
    return sorted(pairs, key=lambda pair: abs(np.log10(pair[0] / 100)) + abs(np.log2(pair[1]) + 6) / 3)


def _folds(labels: NDArray[Any], parts: NDArray[Any], seed: int) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Split into folds, along regions if every class has enough of them."""
    selection = scikit_learn("model_selection")
    fewest_parts = min(len(np.unique(parts[labels == k])) for k in np.unique(labels))
    fewest = min(int((labels == k).sum()) for k in np.unique(labels))
    if fewest_parts >= FOLDS:
        folds = selection.StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
        return list(folds.split(labels, labels, parts))
    folds = selection.StratifiedKFold(max(2, min(FOLDS, fewest)), shuffle=True, random_state=seed)
    return list(folds.split(labels, labels))


def _best(margins: NDArray[Any], labels: NDArray[Any]) -> NDArray[Any]:
    known = np.unique(labels)
    return np.asarray(known[(margins > 0).astype(int) if margins.ndim == 1 else margins.argmax(axis=1)])


def _sharpness(margins: NDArray[Any], labels: NDArray[Any]) -> float:
    """Return the factor that maximises the likelihood of the cross-validated votes under softmax."""
    if margins.ndim == 1:
        return 2.0
    truth = np.searchsorted(np.unique(labels), labels)

    def surprise(sharpness: float) -> float:
        logits = sharpness * margins
        top = logits.max(axis=1)
        return float(
            (np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top - logits[range(len(truth)), truth]).mean()
        )

    return min(SHARPNESS, key=surprise)
