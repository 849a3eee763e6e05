"""A training from beginning to end: examples, epochs, and the file of weights. The command and the worker share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import nn

from .beginning import begun
from .checkpoint import Card, save_model
from .coarse.kinds import DEFAULT
from .coarse.kinds import KINDS as COARSE_KINDS
from .coarse.train import Recipe, TrainingImage
from .coarse.trunk import VGG16, Trunk
from .errors import CheckpointError
from .files import require_space
from .pixels import Pixels
from .progress import Check, Outcome, follow, go_on
from .refine.kinds import LESSONS, make
from .refine.lesson import JUDGED_STEPS, LabelledTile, best_step, mean_iou_by_step, split
from .refine.refiner import Refiner
from .scene import Scene, Statistics
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
    statistics: Statistics | None = None  # of the bands; a spectral model is used with them


def about_coarse(kind: str, classes: tuple[str, ...], scene: Scene, trained_on: str) -> About:
    """Say what a training of a coarse model is for; a spectral one remembers how the bands were standardised."""
    seen = scene.statistics if COARSE_KINDS[kind].is_spectral else None
    return About(classes, scene.pixel_size_m, trained_on, statistics=seen)


@dataclass(frozen=True)
class TaughtRefiner:
    """A refiner, how its training ended, and the mean IoU (0-1) on what was held out: as it came, and by step."""

    refiner: Refiner
    outcome: Outcome
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


def train_coarse(
    examples: Sequence[TrainingImage] | Pixels,
    about: About,
    recipe: Recipe,
    path: str,
    device: torch.device,
    stop: Stop,
    tell: Tell,
    kind: str = DEFAULT,
    trunk: str = "",
) -> Outcome:
    """Train a coarse model and save its best weights; a training that is broken off by an exception saves nothing.

    The examples are pixels for the spectral kinds, and images for the others. `trunk` is a file of VGG-16's weights,
    for the kinds that can begin with them.

    Raises:
        CheckpointError: for weights to begin with that do not fit.
    """
    images = [examples] if isinstance(examples, Pixels) else list(examples)
    check_classes(np.concatenate([image.labels.ravel() for image in images]), about.classes)
    torch.manual_seed(recipe.seed)
    bands = examples.spectra.shape[1] if isinstance(examples, Pixels) else len(examples[0].image)
    net = COARSE_KINDS[kind].make(len(about.classes), bands).to(device)
    weights = 4 * sum(weight.numel() for weight in net.parameters())
    require_space(Path(path).parent, MODEL_BYTES + weights)  # before the minutes that a training takes
    if trunk:
        begin_from(net, kind, trunk)
    for layer in net.modules():
        layer.register_forward_pre_hook(lambda *_: recipe.check())
    outcome = follow(COARSE_KINDS[kind].train(net, examples, recipe, device), stop, tell)
    quality = f"mean IoU {outcome.held_out_miou:.3f} on the held-out quarter of its training labels"
    if recipe.team.is_first:
        save_model(path, net, _card(kind, about, bands, quality, 0))
    return outcome


def begin_from(net: nn.Module, kind: str, path: str) -> None:
    """Let a network begin with VGG-16's weights.

    Raises:
        CheckpointError: for a kind that cannot, or weights that do not fit.
    """
    trunk = getattr(net, "trunk", None)
    if not isinstance(trunk, Trunk) or getattr(net, "size", None) is not VGG16:
        able = ", ".join(name for name in COARSE_KINDS if name.endswith("-vgg16"))
        raise CheckpointError(f"The kind {kind!r} cannot begin with VGG-16's weights; {able} can.")
    trunk.begin_from(path)


def teach_refiner(
    kind: str,
    tiles: Sequence[LabelledTile],
    about: About,
    steps: int | None,
    seed: int,
    path: str,
    device: torch.device,
    stop: Stop,
    tell: Tell,
    check: Check = go_on,
    begin: str = "",
) -> TaughtRefiner:
    """Teach a refiner and save its best weights; a training broken off by an exception saves nothing.

    Args:
        kind: which refiner.
        tiles: what to learn from.
        about: what its card is to say.
        steps: updates of the weights, or parameters to try; None: as many as its kind usually needs.
        seed: of the weights, the patches and what is held out.
        path: where the weights go.
        device: where to compute.
        stop: asked after each update; what is learnt by then is judged and saved.
        tell: told after each update.
        check: called while the refiner is judged; what it raises breaks the training off.
        begin: weights of a learned refiner of that kind to go on from; empty: a fresh one. An extended one may know
            more classes than are wanted.

    Raises:
        CheckpointError: for weights to go on from that are not of that kind, or for other classes or bands.
    """
    require_space(Path(path).parent, MODEL_BYTES)
    torch.manual_seed(seed)
    lesson = LESSONS[kind]
    held = split(tiles, seed)[1]

    def judged(refiner: Refiner) -> tuple[float, ...]:
        return mean_iou_by_step(refiner, tiles, held, JUDGED_STEPS, device, check)

    if begin:
        refiner, earlier_card = begun(kind, begin, about.classes, len(tiles[0].image), device)
        history = f"{earlier_card.trained_on}; {about.trained_on}"
        about = replace(about, trained_on=history, licence=earlier_card.licence)
        earlier = judged(refiner)
        before = earlier[best_step(earlier)]
        cast(nn.Module, refiner).train()
    else:
        refiner, before = make(kind, len(about.classes), len(tiles[0].image)).to(device), None
    outcome = follow(lesson.teach(refiner, tiles, steps or lesson.updates, seed, device, check), stop, tell)
    by_step = judged(refiner)
    cast(nn.Module, refiner).eval()
    taught = TaughtRefiner(refiner, outcome, by_step, before)
    quality = (
        f"mean IoU {by_step[taught.best_step]:.3f} at step {taught.best_step} on held-out blocks, "
        f"where the coarse map has {by_step[0]:.3f}"
    )
    save_model(path, cast(nn.Module, refiner), _card(kind, about, refiner.bands, quality, taught.best_step))
    return taught


def _card(kind: str, about: About, bands: int, quality: str, steps: int) -> Card:
    seen = about.statistics or Statistics((), ())
    return Card(
        kind, about.classes, bands, about.pixel_size_m, steps, about.trained_on, quality, about.licence,
        mean=seen.mean, std=seen.std,
    )  # fmt: skip
