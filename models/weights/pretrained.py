"""Pretrained weights: selection, and loading for the classes and bands of a scene."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import torch

from ..coarse.lite_unet import LiteUNet
from ..errors import CheckpointError
from ..refine.extended import ExtendedRefiner
from ..refine.refiner import Refiner
from ..shared.conventions import WEIGHTS_FOLDER, WEIGHTS_PATTERN
from ..shared.model_kinds import TRAINING_FREE
from .checkpoint import ModelCard, Role, load_coarse, load_refiner, read_card


def shipped(role: Role) -> list[Path]:
    """Return the paths of the shipped weights of a role."""
    return sorted(WEIGHTS_FOLDER.glob(WEIGHTS_PATTERN.format(role=role)))


def pretrained_for(kind: str, classes: tuple[str, ...], bands: int) -> str:
    """Return the path of a shipped refiner that can be fine-tuned, or "" if none fits."""
    return next((str(path) for path in shipped("refiner") if fits(read_card(path), kind, classes, bands)), "")


def fits(card: ModelCard, kind: str, classes: tuple[str, ...], bands: int) -> bool:
    """Return whether weights can be fine-tuned; an extended refiner may have more classes than needed."""
    knows = classes == card.classes or (kind == ExtendedRefiner.kind and set(classes) <= set(card.classes))
    return card.kind == kind and card.bands == bands and knows


def load_pretrained(
    kind: str, path: str, classes: tuple[str, ...], bands: int, device: torch.device
) -> tuple[Refiner, ModelCard]:
    """Load a refiner for fine-tuning on the classes of a map and the bands of its image.

    Raises:
        CheckpointError: if it does not fit.
    """
    name = Path(path).name
    if kind in TRAINING_FREE:
        raise CheckpointError(
            "The kind {kind!r} is trained by a grid search; it cannot start from {name}.", kind=kind, name=name
        )
    refiner, card = load_refiner(path, device)
    if isinstance(refiner, ExtendedRefiner) and fits(card, kind, classes, bands):
        refiner = refiner.narrowed([card.classes.index(name) for name in classes]).to(device)
        card = replace(card, classes=classes)
    if not fits(card, kind, classes, bands):
        raise CheckpointError(
            "{name} cannot be used as pretrained weights: it is a refiner of the kind {card_kind!r} for "
            "{card_bands} bands and the classes {classes}; {kind!r}, {bands} bands and {classes_2} are "
            "needed.",
            name=name,
            card_kind=card.kind,
            card_bands=card.bands,
            classes=", ".join(card.classes),
            kind=kind,
            bands=bands,
            classes_2=", ".join(classes),
        )
    return refiner, card


def start_coarse(net: LiteUNet, classes: tuple[str, ...], bands: int) -> ModelCard | None:
    """Start a coarse model from the shipped weights of its kind; return their card, or None if there are none.

    The shipped weights with the same bands are preferred. Scores of classes that they lack start at zero.
    """
    cards = [(path, read_card(path)) for path in shipped("coarse")]
    able = sorted((card.bands != bands, path) for path, card in cards if card.kind == net.kind)
    if not able:
        return None
    other, card = load_coarse(able[0][1])
    rows = [card.classes.index(name) if name in card.classes else None for name in classes]
    net.start_from(cast(LiteUNet, other), rows)
    return card
