"""Random forest of 200 trees, the baseline of Mou et al. (TGRS 2017): fitted by scikit-learn, stored as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...training.loop import TrainingUpdate
from ..train_patches import TrainingOptions
from .samples import SpectralSamples, evaluate_held_out, hold_out_parts
from .sklearn_arrays import SklearnArrays, scikit_learn

TREES = 200
MAX_DEPTH = 64  # splits above a leaf
MIN_LEAF_PROBABILITY = 1e-3  # lower bound of a probability: a forest is never certain
CHUNK_PIXELS = 1024  # pixels per batch, because every pixel descends all trees at once


class RandomForest(SklearnArrays):
    """Mean leaf probabilities of all trees; the logits are their logarithms."""

    kind = "random-forest"
    names = ("roots", "feature", "threshold", "left", "right", "leaf")
    roots: Tensor  # (trees,), the first node of each
    feature: Tensor  # (nodes,), the band compared at a node
    threshold: Tensor  # (nodes,), values up to it go left
    left: Tensor  # (nodes,); a leaf points to itself
    right: Tensor
    leaf: Tensor  # (nodes, classes) probabilities

    def forward(self, spectra: Tensor) -> Tensor:
        """Return (pixels, classes) logits of (pixels, bands)."""
        roots, feature, left, right = (each.long() for each in (self.roots, self.feature, self.left, self.right))
        parts = []
        for part in torch.split(spectra, CHUNK_PIXELS):
            node = roots.repeat(len(part), 1)  # (pixels, trees)
            for _ in range(MAX_DEPTH):
                onward = torch.where(part.gather(1, feature[node]) <= self.threshold[node], left[node], right[node])
                if torch.equal(onward, node):
                    break
                node = onward
            parts.append(self.leaf[node].mean(dim=1))
        return torch.cat(parts).clamp_min(MIN_LEAF_PROBABILITY).log()

    def check(self) -> None:
        """Raise ValueError if the arrays do not form trees."""
        nodes = len(self.leaf)
        flat = (self.feature, self.threshold, self.left, self.right)
        inside = ((self.roots, nodes), (self.left, nodes), (self.right, nodes), (self.feature, self.bands))
        if (
            not nodes
            or self.leaf.shape != (nodes, self.classes)
            or any(each.shape != (nodes,) for each in flat)
            or self.roots.dim() != 1
            or not len(self.roots)
            or any((each < 0).any() or (each >= most).any() for each, most in inside)
        ):
            raise ValueError("the trees do not hang together")

    def adopt(self, forest: Any) -> None:
        """Copy the trees of a fitted scikit-learn forest with class indices as classes."""
        places = forest.classes_.astype(int)
        arrays: dict[str, list[Any]] = {name: [] for name in self.names}
        start = 0
        for tree in (each.tree_ for each in forest.estimators_):
            itself = np.arange(tree.node_count)
            is_leaf = tree.children_left < 0
            values = np.zeros((tree.node_count, self.classes), dtype=np.float32)
            found = tree.value[:, 0, :]
            values[:, places] = found / found.sum(axis=1, keepdims=True)
            arrays["roots"].append([start])
            arrays["feature"].append(np.where(is_leaf, 0, tree.feature))
            arrays["threshold"].append(_rounded_down(tree.threshold))
            arrays["left"].append(start + np.where(is_leaf, itself, tree.children_left))
            arrays["right"].append(start + np.where(is_leaf, itself, tree.children_right))
            arrays["leaf"].append(values)
            start += tree.node_count
        self.take({name: torch.from_numpy(np.concatenate(parts).astype(np.float32)) for name, parts in arrays.items()})


def _rounded_down(thresholds: Any) -> Any:
    """Round down to float32; `x <= threshold` keeps its result for every float32 x."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def fit_forest(
    net: RandomForest, pixels: SpectralSamples, options: TrainingOptions, device: torch.device
) -> Iterator[TrainingUpdate]:
    """Fit a forest of `options.updates` trees; closing the iterator early keeps the finished trees."""
    training, held_out = hold_out_parts(pixels, options.seed)
    forest = scikit_learn("ensemble").RandomForestClassifier(
        n_estimators=0, warm_start=True, max_depth=MAX_DEPTH - 1, random_state=options.seed
    )
    for trees in _counts(options.updates):
        forest.set_params(n_estimators=trees)
        forest.fit(pixels.spectra[training], pixels.labels[training])
        net.adopt(forest)
        net.to(device)
        score = evaluate_held_out(net, pixels, held_out, device)
        yield TrainingUpdate(trees, options.updates, 0.0, score, is_best=True)


def _counts(trees: int) -> list[int]:
    return sorted({*range(20, trees, 20), trees})
