"""The kinds of coarse models by their names, in the order in which they are offered, and how each is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from ..training.loop import Epoch
from .fcn import FCN
from .fcn_skips import FCN8s, FCN8sVGG16, FCN16s, FCN32s
from .lenet import LeNet
from .lrr import LRR, LRRVGG16, train_lrr
from .spectral.cnn1d import CNN1D
from .spectral.crnn import CRNN
from .spectral.random_forest import TREES, RandomForest, grow
from .spectral.recurrent import LSTM, GRUPRetanh, GRUReLU, GRUSharedPRetanh, GRUTanh
from .spectral.svm import PENALTIES, SVM, WIDTHS, fit
from .spectral.train_spectra import train_on_pixels
from .train_patches import Recipe, train

Train = Callable[[Any, Any, Recipe, torch.device], Iterator[Epoch]]
"""Trains a coarse model in place on `Pixels` for spectral kinds, `TrainingImage`s for the others, yielding an `Epoch`
an update; closing the iterator early keeps the best weights too."""


@dataclass(frozen=True)
class Kind:
    """How a kind is made and trained.

    `updates` is how many updates of the weights, trees, or pairs of parameters to try that usually takes; a spectral
    kind looks at single pixels, and is used with the statistics of the bands that it was trained with.
    """

    make: Callable[[int, int], Any]  # of classes and bands
    train: Train
    updates: int
    is_spectral: bool = True


KINDS: dict[str, Kind] = {
    FCN8s.kind: Kind(FCN8s, train, 400, is_spectral=False),
    FCN.kind: Kind(FCN, train, 600, is_spectral=False),
    FCN16s.kind: Kind(FCN16s, train, 400, is_spectral=False),
    FCN32s.kind: Kind(FCN32s, train, 400, is_spectral=False),
    LRR.kind: Kind(LRR, train_lrr, 400, is_spectral=False),
    FCN8sVGG16.kind: Kind(FCN8sVGG16, train, 400, is_spectral=False),
    LRRVGG16.kind: Kind(LRRVGG16, train_lrr, 400, is_spectral=False),
    LeNet.kind: Kind(LeNet, train, 1000, is_spectral=False),
    GRUPRetanh.kind: Kind(GRUPRetanh, train_on_pixels, 600),
    GRUSharedPRetanh.kind: Kind(GRUSharedPRetanh, train_on_pixels, 600),
    GRUTanh.kind: Kind(GRUTanh, train_on_pixels, 600),
    GRUReLU.kind: Kind(GRUReLU, train_on_pixels, 600),
    LSTM.kind: Kind(LSTM, train_on_pixels, 600),
    CNN1D.kind: Kind(CNN1D, train_on_pixels, 3000),
    CRNN.kind: Kind(CRNN, train_on_pixels, 1000),
    RandomForest.kind: Kind(RandomForest, grow, TREES),
    SVM.kind: Kind(SVM, fit, len(PENALTIES) * len(WIDTHS)),
}
DEFAULT = FCN8s.kind  # better than the paper's FCN on the scenes of docs/spatial.md, before refining and after
