"""Checks that weights fit a scene and its classes."""

from __future__ import annotations

from pathlib import Path

from ..errors import CheckpointError
from ..scene.scene import Scene
from .checkpoint import ModelCard


def check_bands(card: ModelCard, scene: Scene, path: str) -> None:
    """Raise CheckpointError if the weights are for another number of bands."""
    if card.bands != len(scene.bands):
        raise CheckpointError(
            "{name} expects {card_bands} bands; {count_bands} of {path_name} are chosen.",
            name=Path(path).name,
            card_bands=card.bands,
            count_bands=len(scene.bands),
            path_name=scene.path.name,
        )


def check_class_names(card: ModelCard, classes: tuple[str, ...], path: str) -> None:
    """Raise CheckpointError if the refiner is for other classes."""
    if card.classes != classes:
        raise CheckpointError(
            "{name} refines the classes {classes}; the coarse map has {classes_2}. Train a refiner on a "
            "tile of this scene.",
            name=Path(path).name,
            classes=", ".join(card.classes),
            classes_2=", ".join(classes),
        )
