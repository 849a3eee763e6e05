"""Training of a coarse model, from examples to the weights file; shared by the command and the worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import nn

from ..coarse.backbone import Backbone
from ..coarse.lite_unet import LiteUNet
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
from ..weights.pretrained import start_coarse
from .train_refiner import MODEL_BYTES, ModelInfo, StopCheck, TrainingCallback, _card


def coarse_model_info(kind: str, classes: tuple[str, ...], scene: Scene, trained_on: str) -> ModelInfo:
    """Return the model card's content for a coarse model; for a spectral kind it includes the band statistics."""
    statistics = scene.statistics if COARSE_KINDS[kind].is_spectral else None
    return ModelInfo(classes, scene.pixel_size_m, trained_on, statistics=statistics)


def train_coarse(
    examples: Sequence[TrainingImage] | SpectralSamples,
    info: ModelInfo,
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
        info: the model card's content that is known before the training.
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
    check_classes(np.concatenate([image.labels.ravel() for image in images]), info.classes)
    torch.manual_seed(options.seed)
    bands = examples.spectra.shape[1] if isinstance(examples, SpectralSamples) else len(examples[0].image)
    net = COARSE_CLASSES[kind](len(info.classes), bands).to(device)
    weights = 4 * sum(weight.numel() for weight in net.parameters())
    require_space(Path(path).parent, MODEL_BYTES + weights)  # before minutes of training
    if backbone:
        load_backbone(net, kind, backbone)
    if isinstance(net, LiteUNet) and (start := start_coarse(net, info.classes, bands)):
        info = replace(info, trained_on=f"{start.trained_on}; {info.trained_on}", licence=start.licence)
    for layer in net.modules():
        layer.register_forward_pre_hook(lambda *_: options.check())
    outcome = run_training(COARSE_TRAINERS[kind](net, examples, options, device), stop, report)
    quality = f"mean IoU {outcome.held_out_miou:.3f} on the held-out quarter of its training labels"
    if options.process_group.is_first:
        save_model(path, net, _card(kind, info, bands, quality, 0))
    return outcome


def load_backbone(net: nn.Module, kind: str, path: str) -> None:
    """Initialise the backbone of a network with VGG-16's weights.

    Raises:
        CheckpointError: if the kind has no backbone, or the weights do not fit.
    """
    if not COARSE_KINDS[kind].has_backbone:
        able = ", ".join(each.key for each in COARSE_KINDS.values() if each.has_backbone)
        raise CheckpointError("The kind {kind!r} has no VGG-16 backbone; {able} have one.", kind=kind, able=able)
    cast(Backbone, net.trunk).begin_from(path)
