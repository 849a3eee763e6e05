"""Titles, descriptions and benchmark ranks of the refiner kinds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP

from ...models.shared.model_kinds import TRAINING_FREE
from ...models.shared.paths import RESOURCES
from ..wording import tr

RANKS = RESOURCES / "refiner_ranks.json"  # written by a benchmark


@dataclass(frozen=True)
class RefinerKindText:
    """The English title and description of a refiner kind."""

    key: str
    name: str
    sentence: str

    def title(self) -> str:
        """Return the translated title."""
        return tr(self.name)

    def description(self) -> str:
        """Return the translated description, followed by the benchmark rank if there is one."""
        measured = rank(self.key)
        return tr(self.sentence) + (f" {measured}" if measured else "")


# The texts are marked for translation here and translated when shown.
REFINER_KIND_TEXTS = (
    RefinerKindText(
        "extended",
        QT_TRANSLATE_NOOP("MapRefiner", "Extended"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "The learned network of the paper, extended: classes interact, each step has a larger "
            "context, pixels have a hidden state, and the steps converge.",
        ),
    ),
    RefinerKindText(
        "faithful",
        QT_TRANSLATE_NOOP("MapRefiner", "Faithful"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "The learned network as published by Maggiori et al. (2017): each class is refined "
            "separately, from its own scores and the image.",
        ),
    ),
    RefinerKindText(
        "class-agnostic",
        QT_TRANSLATE_NOOP("MapRefiner", "Class-agnostic"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "The paper's network with shared weights for all classes: fewer weights for few labels."
        ),
    ),
    RefinerKindText(
        "unshared",
        QT_TRANSLATE_NOOP("MapRefiner", "Unshared"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "The paper's network with separate weights for each of five steps: five times as many weights.",
        ),
    ),
    RefinerKindText(
        "crf",
        QT_TRANSLATE_NOOP("MapRefiner", "Dense CRF"),
        QT_TRANSLATE_NOOP("MapRefiner", "Assigns nearby pixels of similar colour to the same class."),
    ),
    RefinerKindText(
        "heat",
        QT_TRANSLATE_NOOP("MapRefiner", "Heat flow"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "Smooths scores by heat flow, independent of the image: it removes noise, and also corners."
        ),
    ),
    RefinerKindText(
        "perona-malik",
        QT_TRANSLATE_NOOP("MapRefiner", "Perona-Malik"),
        QT_TRANSLATE_NOOP("MapRefiner", "Smooths scores by heat flow, but hardly across edges of the image."),
    ),
    RefinerKindText(
        "anisotropic",
        QT_TRANSLATE_NOOP("MapRefiner", "Anisotropic diffusion"),
        QT_TRANSLATE_NOOP("MapRefiner", "Smooths scores along the edges of the image, and hardly across them."),
    ),
    RefinerKindText(
        "geodesic",
        QT_TRANSLATE_NOOP("MapRefiner", "Geodesic contour"),
        QT_TRANSLATE_NOOP("MapRefiner", "Smooths the outlines of the classes and attracts them to edges of the image."),
    ),
    RefinerKindText(
        "opinion-pool",
        QT_TRANSLATE_NOOP("MapRefiner", "Opinion pool"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "Each pixel combines its class probabilities with the probabilities of its neighbours."
        ),
    ),
)
TRAINING_FREE_TEXTS = tuple(kind for kind in REFINER_KIND_TEXTS if kind.key in TRAINING_FREE)


def refiner_kind_text(key: str) -> RefinerKindText | None:
    """Return the texts of a kind, or None if this version does not know it."""
    return next((kind for kind in REFINER_KIND_TEXTS if kind.key == key), None)


def rank(key: str, path: Path = RANKS) -> str:
    """Return the rank of a kind in the benchmark, or an empty string if it was not evaluated."""
    try:
        ranks = json.loads(path.read_text(encoding="utf-8"))
        found, count = ranks[key], len(ranks)
        place, gain = int(found["rank"]), 100 * float(found["mean_iou_gain"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    text = tr("Measured gain: {:+.1f} points of mean IoU, rank {} of {}.")
    return text.format(gain, place, count)
