"""Training of a refiner, from labelled tiles to the weights file; shared by the command and the worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import torch
from torch import nn

from ..arrays.statistics import Statistics
from ..io.files import require_space
from ..refine.refiner import Refiner
from ..refine.registry import REFINER_TRAINERS, make_refiner
from ..refine.training.held_out import best_step, mean_iou_by_step
from ..refine.training.samples import HELD_OUT_STEPS, LabelledTile, split
from ..runtime.progress import CancelCheck, never_cancel
from ..shared.model_kinds import REFINER_KINDS
from ..training.loop import TrainingOutcome, TrainingUpdate, run_training
from ..weights.checkpoint import ModelCard, save_model
from ..weights.pretrained import load_pretrained

MODEL_BYTES = 2_000_000
StopCheck = Callable[[], bool]
TrainingCallback = Callable[[TrainingUpdate, "float | None"], None]  # with the remaining seconds


@dataclass(frozen=True)
class ModelInfo:
    """Content of the model card that is known before the training."""

    classes: tuple[str, ...]
    pixel_size_m: float | None
    trained_on: str
    licence: str = ""
    statistics: Statistics | None = None  # of the bands; a spectral model is applied with them


@dataclass(frozen=True)
class TrainedRefiner:
    """Trained refiner, its training outcome, and its held-out mean IoU (0-1) by step; step 0 is the coarse map."""

    refiner: Refiner
    outcome: TrainingOutcome
    by_step: tuple[float, ...]
    before_miou: float | None = None  # held-out mean IoU of the pretrained refiner at its best step

    @property
    def coarse_miou(self) -> float:
        """Held-out mean IoU of the coarse map."""
        return self.by_step[0]

    @property
    def best_step(self) -> int:
        """First step with nearly all of the held-out gain; 0 if refinement does not help."""
        return best_step(self.by_step)

    @property
    def beats_coarse(self) -> bool:
        """Whether refinement improves the held-out mean IoU."""
        return self.best_step > 0

    @property
    def beats_before(self) -> bool:
        """Whether its held-out mean IoU beats that of the pretrained refiner, if there was one."""
        return self.before_miou is None or self.by_step[self.best_step] > self.before_miou


def train_refiner(
    kind: str,
    tiles: Sequence[LabelledTile],
    info: ModelInfo,
    *,
    updates: int | None,
    seed: int,
    path: str,
    device: torch.device,
    stop: StopCheck,
    report: TrainingCallback,
    check: CancelCheck = never_cancel,
    pretrained: str = "",
) -> TrainedRefiner:
    """Train a refiner and save its best weights; an exception saves nothing.

    Args:
        kind: the refiner kind.
        tiles: labelled tiles, with the coarse map.
        info: the model card's content that is known before the training.
        updates: of the weights, or parameter values to try; None: the default of the kind.
        seed: of the weights, of the held-out blocks and of the patches.
        path: where to save the weights.
        device: where to train.
        stop: returns whether to stop after the current update.
        report: called after each update.
        check: called during evaluation; an exception from it ends the training.
        pretrained: a file of weights of the same kind to start from; empty: random weights.

    Raises:
        LabelError: if the labels cannot be used for training.
        CheckpointError: if the pretrained weights are of another kind, or for other classes or bands.
    """
    require_space(Path(path).parent, MODEL_BYTES)
    torch.manual_seed(seed)
    held_out = split(tiles, seed)[1]

    def evaluate(refiner: Refiner) -> tuple[float, ...]:
        return mean_iou_by_step(refiner, tiles, held_out=held_out, steps=HELD_OUT_STEPS, device=device, check=check)

    if pretrained:
        refiner, earlier_card = load_pretrained(kind, pretrained, info.classes, len(tiles[0].image), device)
        history = f"{earlier_card.trained_on}; {info.trained_on}"
        info = replace(info, trained_on=history, licence=earlier_card.licence)
        earlier = evaluate(refiner)
        before = earlier[best_step(earlier)]
        cast(nn.Module, refiner).train()
    else:
        refiner, before = make_refiner(kind, len(info.classes), len(tiles[0].image)).to(device), None
    count = updates or REFINER_KINDS[kind].updates
    outcome = run_training(
        REFINER_TRAINERS[kind](refiner, tiles, updates=count, seed=seed, device=device, check=check), stop, report
    )
    by_step = evaluate(refiner)
    cast(nn.Module, refiner).eval()
    trained = TrainedRefiner(refiner, outcome, by_step, before)
    quality = (
        f"mean IoU {by_step[trained.best_step]:.3f} at step {trained.best_step} on held-out blocks, "
        f"where the coarse map has {by_step[0]:.3f}"
    )
    save_model(path, cast(nn.Module, refiner), _card(kind, info, refiner.bands, quality, trained.best_step))
    return trained


def _card(kind: str, info: ModelInfo, bands: int, quality: str, step: int) -> ModelCard:
    statistics = info.statistics or Statistics((), ())
    return ModelCard(
        kind=kind,
        classes=info.classes,
        bands=bands,
        pixel_size_m=info.pixel_size_m,
        best_step=step,
        trained_on=info.trained_on,
        quality=quality,
        licence=info.licence,
        mean=statistics.mean,
        std=statistics.std,
    )
