"""Which weights the teaching of a refiner goes on from, and those weights for the classes that are wanted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from ..errors import CheckpointError
from ..refine.extended import ExtendedRefiner
from ..refine.refiner import Refiner
from ..refine.registry import TRAINING_FREE
from ..shared.paths import RESOURCES
from .checkpoint import ModelCard, load_refiner, read_card

FOLDER = RESOURCES / "weights"
SHIPPED = "shipped"  # stands for the weights that ship, where they fit


def shipped() -> list[Path]:
    """Return the refiners that ship."""
    return sorted(FOLDER.glob("refiner*.safetensors"))


def pretrained_for(kind: str, classes: tuple[str, ...], bands: int) -> str:
    """Return the file of a refiner that ships and can be gone on from; nothing where none can."""
    return next((str(path) for path in shipped() if fits(read_card(path), kind, classes, bands)), "")


def fits(card: ModelCard, kind: str, classes: tuple[str, ...], bands: int) -> bool:
    """Tell whether weights can be gone on from: an extended refiner may know more classes than are wanted."""
    knows = classes == card.classes or (kind == ExtendedRefiner.kind and set(classes) <= set(card.classes))
    return card.kind == kind and card.bands == bands and knows


def load_pretrained(
    kind: str, path: str, classes: tuple[str, ...], bands: int, device: torch.device
) -> tuple[Refiner, ModelCard]:
    """Load a refiner to go on from, for the classes of a map and the bands of its image.

    Raises:
        CheckpointError: where it does not fit.
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
