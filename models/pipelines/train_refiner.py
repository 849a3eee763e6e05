"""A training from beginning to end: examples, epochs, and the file of weights. The command and the worker share it."""

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
TrainingCallback = Callable[[TrainingUpdate, "float | None"], None]  # with the seconds left


@dataclass(frozen=True)
class ModelInfo:
    """What a training is for, as its card will say."""

    classes: tuple[str, ...]
    pixel_size_m: float | None
    trained_on: str
    licence: str = ""
    statistics: Statistics | None = None  # of the bands; a spectral model is used with them


@dataclass(frozen=True)
class TrainedRefiner:
    """A refiner, how its training ended, and the mean IoU (0-1) on what was held out: as it came, and by step."""

    refiner: Refiner
    outcome: TrainingOutcome
    by_step: tuple[float, ...]
    before_miou: float | None = None  # there, at its best step, of the refiner that was gone on from

    @property
    def coarse_miou(self) -> float:
        """What refining had to beat."""
        return self.by_step[0]

    @property
    def best_step(self) -> int:
        """The first step that is as good as the best there, or nearly; 0 where refining does not help."""
        return best_step(self.by_step)

    @property
    def beats_coarse(self) -> bool:
        """Whether refining made the held-out pixels better."""
        return self.best_step > 0

    @property
    def beats_before(self) -> bool:
        """Whether it is better there than the refiner that was gone on from, where there was one."""
        return self.before_miou is None or self.by_step[self.best_step] > self.before_miou


def train_refiner(
    kind: str,
    tiles: Sequence[LabelledTile],
    about: ModelInfo,
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
        about: the model card's content that is known before the training.
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
    held = split(tiles, seed)[1]

    def judged(refiner: Refiner) -> tuple[float, ...]:
        return mean_iou_by_step(refiner, tiles, held=held, steps=HELD_OUT_STEPS, device=device, check=check)

    if pretrained:
        refiner, earlier_card = load_pretrained(kind, pretrained, about.classes, len(tiles[0].image), device)
        history = f"{earlier_card.trained_on}; {about.trained_on}"
        about = replace(about, trained_on=history, licence=earlier_card.licence)
        earlier = judged(refiner)
        before = earlier[best_step(earlier)]
        cast(nn.Module, refiner).train()
    else:
        refiner, before = make_refiner(kind, len(about.classes), len(tiles[0].image)).to(device), None
    count = updates or REFINER_KINDS[kind].updates
    outcome = run_training(
        REFINER_TRAINERS[kind](refiner, tiles, updates=count, seed=seed, device=device, check=check), stop, report
    )
    by_step = judged(refiner)
    cast(nn.Module, refiner).eval()
    taught = TrainedRefiner(refiner, outcome, by_step, before)
    quality = (
        f"mean IoU {by_step[taught.best_step]:.3f} at step {taught.best_step} on held-out blocks, "
        f"where the coarse map has {by_step[0]:.3f}"
    )
    save_model(path, cast(nn.Module, refiner), _card(kind, about, refiner.bands, quality, taught.best_step))
    return taught


def _card(kind: str, about: ModelInfo, bands: int, quality: str, step: int) -> ModelCard:
    seen = about.statistics or Statistics((), ())
    return ModelCard(
        kind=kind,
        classes=about.classes,
        bands=bands,
        pixel_size_m=about.pixel_size_m,
        best_step=step,
        trained_on=about.trained_on,
        quality=quality,
        licence=about.licence,
        mean=seen.mean,
        std=seen.std,
    )
