"""The kinds of coarse models by their names, in the order in which they are offered, and how each is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from ..training.loop import TrainingUpdate
from .fcn import FCN
from .fcn_skips import FCN8s, FCN8sVGG16, FCN16s, FCN32s
from .lenet import LeNet
from .lrr import LRR, LRRVGG16, train_lrr
from .spectral.cnn1d import CNN1D
from .spectral.crnn import CRNN
from .spectral.random_forest import TREES, RandomForest, fit_forest
from .spectral.recurrent import LSTM, GRUPRetanh, GRUReLU, GRUSharedPRetanh, GRUTanh
from .spectral.svm import PENALTIES, SVM, WIDTHS, fit_svm
from .spectral.train_spectra import train_spectra
from .train_patches import TrainingOptions, train_patches

TrainFunction = Callable[[Any, Any, TrainingOptions, torch.device], Iterator[TrainingUpdate]]
"""Trains a coarse model in place on `Pixels` for spectral kinds, `TrainingImage`s for the others, yielding an `Epoch`
an update; closing the iterator early keeps the best weights too."""


@dataclass(frozen=True)
class CoarseKind:
    """How a kind is made and trained.

    `updates` is how many updates of the weights, trees, or pairs of parameters to try that usually takes; a spectral
    kind looks at single pixels, and is used with the statistics of the bands that it was trained with.
    """

    make: Callable[[int, int], Any]  # of classes and bands
    train: TrainFunction
    updates: int
    is_spectral: bool = True


COARSE_KINDS: dict[str, CoarseKind] = {
    FCN8s.kind: CoarseKind(FCN8s, train_patches, 400, is_spectral=False),
    FCN.kind: CoarseKind(FCN, train_patches, 600, is_spectral=False),
    FCN16s.kind: CoarseKind(FCN16s, train_patches, 400, is_spectral=False),
    FCN32s.kind: CoarseKind(FCN32s, train_patches, 400, is_spectral=False),
    LRR.kind: CoarseKind(LRR, train_lrr, 400, is_spectral=False),
    FCN8sVGG16.kind: CoarseKind(FCN8sVGG16, train_patches, 400, is_spectral=False),
    LRRVGG16.kind: CoarseKind(LRRVGG16, train_lrr, 400, is_spectral=False),
    LeNet.kind: CoarseKind(LeNet, train_patches, 1000, is_spectral=False),
    GRUPRetanh.kind: CoarseKind(GRUPRetanh, train_spectra, 600),
    GRUSharedPRetanh.kind: CoarseKind(GRUSharedPRetanh, train_spectra, 600),
    GRUTanh.kind: CoarseKind(GRUTanh, train_spectra, 600),
    GRUReLU.kind: CoarseKind(GRUReLU, train_spectra, 600),
    LSTM.kind: CoarseKind(LSTM, train_spectra, 600),
    CNN1D.kind: CoarseKind(CNN1D, train_spectra, 3000),
    CRNN.kind: CoarseKind(CRNN, train_spectra, 1000),
    RandomForest.kind: CoarseKind(RandomForest, fit_forest, TREES),
    SVM.kind: CoarseKind(SVM, fit_svm, len(PENALTIES) * len(WIDTHS)),
}
DEFAULT_COARSE_KIND = (
    FCN8s.kind
)  # better than the paper's FCN on the scenes of docs/spatial.md, before refining and after
