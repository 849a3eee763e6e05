"""Refusing weights that do not fit a scene or its classes."""

from __future__ import annotations

from pathlib import Path

from .checkpoint import Card
from .errors import CheckpointError
from .scene import Scene


def check_bands(card: Card, scene: Scene, path: str) -> None:
    """Refuse weights that are for another number of bands."""
    if card.bands != len(scene.bands):
        raise CheckpointError(
            f"{Path(path).name} expects {card.bands} bands; {len(scene.bands)} of {scene.path.name} are chosen."
        )


def check_classes(card: Card, classes: tuple[str, ...], path: str) -> None:
    """Refuse a refiner that is for other classes."""
    if card.classes != classes:
        raise CheckpointError(
            f"{Path(path).name} refines the classes {', '.join(card.classes)}; "
            f"the coarse map has {', '.join(classes)}. Teach a refiner on a tile of this scene."
        )
