"""Constructors and training functions of the coarse model kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from ..shared.model_kinds import COARSE_KINDS
from ..training.loop import TrainingUpdate
from .fcn import FCN
from .fcn_skips import FCN8s, FCN8sVGG16, FCN16s, FCN32s
from .lenet import LeNet
from .lite_unet import LiteUNet
from .lrr import LRR, LRRVGG16, train_lrr
from .spectral.cnn1d import CNN1D
from .spectral.crnn import CRNN
from .spectral.random_forest import RandomForest, fit_forest
from .spectral.recurrent import LSTM, GRUPRetanh, GRUReLU, GRUSharedPRetanh, GRUTanh
from .spectral.svm import SVM, fit_svm
from .spectral.train_spectra import train_spectra
from .train_patches import TrainingOptions, train_patches

CoarseTrainer = Callable[[Any, Any, TrainingOptions, torch.device], Iterator[TrainingUpdate]]
"""Train a coarse model in place, on `Pixels` for spectral kinds and on `TrainingImage`s for the others.

One `TrainingUpdate` is yielded per update. The best weights are kept, even if the iterator is closed early.
"""

_CLASSES: tuple[Any, ...] = (
    *(LiteUNet, FCN8s, FCN, FCN16s, FCN32s, LRR, FCN8sVGG16, LRRVGG16, LeNet),
    *(GRUPRetanh, GRUSharedPRetanh, GRUTanh, GRUReLU, LSTM, CNN1D, CRNN, RandomForest, SVM),
)
COARSE_CLASSES: dict[str, Callable[[int, int], Any]] = {each.kind: each for each in _CLASSES}  # of classes, bands
COARSE_TRAINERS: dict[str, CoarseTrainer] = {
    **{key: train_spectra if kind.is_spectral else train_patches for key, kind in COARSE_KINDS.items()},
    **{LRR.kind: train_lrr, LRRVGG16.kind: train_lrr, RandomForest.kind: fit_forest, SVM.kind: fit_svm},
}
