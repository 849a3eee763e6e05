"""A training from beginning to end: examples, epochs, and the file of weights. The command and the worker share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .checkpoint import Card, save_model
from .coarse.fcn import FCN
from .coarse.train import Recipe, TrainingImage, train
from .files import require_space
from .progress import Outcome, follow
from .refine.rnn import RefinementRNN
from .refine.teach import UNROLLED, LabelledTile, coarse_miou, teach
from .training import Epoch, check_classes

MODEL_BYTES = 2_000_000
Stop = Callable[[], bool]
Tell = Callable[[Epoch, "float | None"], None]  # with the seconds left


@dataclass(frozen=True)
class About:
    """What a training is for, as its card will say."""

    classes: tuple[str, ...]
    pixel_size_m: float | None
    trained_on: str
    licence: str = ""


@dataclass(frozen=True)
class TaughtRefiner:
    """A refiner, how its training ended, and what it had to beat."""

    refiner: RefinementRNN
    outcome: Outcome
    coarse_miou: float  # of the unrefined scores on the same held-out pixels, 0-1

    @property
    def beats_coarse(self) -> bool:
        """Whether refining made the held-out pixels better."""
        return self.outcome.held_out_miou > self.coarse_miou


def train_coarse(
    images: Sequence[TrainingImage],
    about: About,
    recipe: Recipe,
    path: str,
    device: torch.device,
    stop: Stop,
    tell: Tell,
) -> Outcome:
    """Train a coarse net and save its best weights; a training that is broken off by an exception saves nothing."""
    check_classes(np.concatenate([image.labels.ravel() for image in images]), about.classes)
    require_space(Path(path).parent, MODEL_BYTES)  # before the minutes that a training takes
    torch.manual_seed(recipe.seed)
    net = FCN(len(about.classes), len(images[0].image)).to(device)
    outcome = follow(train(net, images, recipe, device), stop, tell)
    quality = f"mean IoU {outcome.held_out_miou:.3f} on the held-out quarter of its training labels"
    save_model(path, net, _card(FCN.kind, about, net.bands, quality, 0))
    return outcome


def teach_refiner(
    tiles: Sequence[LabelledTile],
    about: About,
    steps: int,
    seed: int,
    path: str,
    device: torch.device,
    stop: Stop,
    tell: Tell,
) -> TaughtRefiner:
    """Teach a fresh refiner and save its best weights; a training broken off by an exception saves nothing."""
    require_space(Path(path).parent, MODEL_BYTES)
    torch.manual_seed(seed)
    refiner = RefinementRNN(len(about.classes), len(tiles[0].image)).to(device)
    coarse = coarse_miou(tiles, seed)
    outcome = follow(teach(refiner, tiles, steps, seed, device), stop, tell)
    quality = f"mean IoU {outcome.held_out_miou:.3f} on held-out blocks, where the coarse map has {coarse:.3f}"
    save_model(path, refiner, _card(RefinementRNN.kind, about, refiner.bands, quality, UNROLLED))
    return TaughtRefiner(refiner.eval(), outcome, coarse)


def _card(kind: str, about: About, bands: int, quality: str, steps: int) -> Card:
    return Card(kind, about.classes, bands, about.pixel_size_m, steps, about.trained_on, quality, about.licence)
