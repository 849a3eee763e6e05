"""A training from beginning to end: examples, epochs, and the file of weights. The command and the worker share it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import nn

from ..coarse.backbone import Backbone
from ..coarse.registry import COARSE_CLASSES, COARSE_TRAINERS
from ..coarse.spectral.samples import SpectralSamples
from ..coarse.train_patches import TrainingImage, TrainingOptions
from ..errors import CheckpointError
from ..io.files import require_space
from ..scene.scene import Scene
from ..shared.model_kinds import COARSE_KINDS, DEFAULT_COARSE_KIND
from ..training.holdout import check_classes
from ..training.loop import TrainingOutcome, run_training
from ..weights.checkpoint import save_model
from .train_refiner import MODEL_BYTES, ModelInfo, StopCheck, TrainingCallback, _card


def coarse_model_info(kind: str, classes: tuple[str, ...], scene: Scene, trained_on: str) -> ModelInfo:
    """Say what a training of a coarse model is for; a spectral one remembers how the bands were standardised."""
    seen = scene.statistics if COARSE_KINDS[kind].is_spectral else None
    return ModelInfo(classes, scene.pixel_size_m, trained_on, statistics=seen)


def train_coarse(
    examples: Sequence[TrainingImage] | SpectralSamples,
    about: ModelInfo,
    options: TrainingOptions,
    *,
    path: str,
    device: torch.device,
    stop: StopCheck,
    report: TrainingCallback,
    kind: str = DEFAULT_COARSE_KIND,
    backbone: str = "",
) -> TrainingOutcome:
    """Train a coarse model and save its best weights; an exception saves nothing.

    Args:
        examples: spectra for the spectral kinds, images for the others.
        about: the model card's content that is known before the training.
        options: of the training.
        path: where to save the weights.
        device: where to train.
        stop: returns whether to stop after the current update.
        report: called after each update.
        kind: the model kind.
        backbone: a file of pretrained VGG-16 weights, for the kinds that use them.

    Raises:
        CheckpointError: if the pretrained weights do not fit.
    """
    images = [examples] if isinstance(examples, SpectralSamples) else list(examples)
    check_classes(np.concatenate([image.labels.ravel() for image in images]), about.classes)
    torch.manual_seed(options.seed)
    bands = examples.spectra.shape[1] if isinstance(examples, SpectralSamples) else len(examples[0].image)
    net = COARSE_CLASSES[kind](len(about.classes), bands).to(device)
    weights = 4 * sum(weight.numel() for weight in net.parameters())
    require_space(Path(path).parent, MODEL_BYTES + weights)  # before the minutes that a training takes
    if backbone:
        load_backbone(net, kind, backbone)
    for layer in net.modules():
        layer.register_forward_pre_hook(lambda *_: options.check())
    outcome = run_training(COARSE_TRAINERS[kind](net, examples, options, device), stop, report)
    quality = f"mean IoU {outcome.held_out_miou:.3f} on the held-out quarter of its training labels"
    if options.process_group.is_first:
        save_model(path, net, _card(kind, about, bands, quality, 0))
    return outcome


def load_backbone(net: nn.Module, kind: str, path: str) -> None:
    """Let a network begin with VGG-16's weights.

    Raises:
        CheckpointError: for a kind that cannot, or weights that do not fit.
    """
    if not COARSE_KINDS[kind].has_backbone:
        able = ", ".join(each.key for each in COARSE_KINDS.values() if each.has_backbone)
        raise CheckpointError("The kind {kind!r} has no VGG-16 backbone; {able} have one.", kind=kind, able=able)
    cast(Backbone, net.trunk).begin_from(path)
