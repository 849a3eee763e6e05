"""The kinds of refiners: titles, descriptions and benchmark ranks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP

from ...models.shared.paths import RESOURCES
from ..wording import tr

RANKS = RESOURCES / "refiner_ranks.json"  # a benchmark writes it


@dataclass(frozen=True)
class RefinerKind:
    """A kind of refiner: its name in requests and in files of weights, and its English texts."""

    key: str
    name: str
    sentence: str

    def title(self) -> str:
        """Return the title."""
        return tr(self.name)

    def description(self) -> str:
        """Return what it does, in a sentence, and how it did where that was measured."""
        measured = rank(self.key)
        return tr(self.sentence) + (f" {measured}" if measured else "")


# The texts are marked for translation here, and translated where they are shown.
LEARNED = (
    RefinerKind(
        "extended",
        QT_TRANSLATE_NOOP("MapRefiner", "Extended"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "The learned network of the paper, extended: classes interact, each step has a larger "
            "context, pixels have a hidden state, and the steps converge.",
        ),
    ),
    RefinerKind(
        "faithful",
        QT_TRANSLATE_NOOP("MapRefiner", "Faithful"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "The learned network as published by Maggiori et al. (2017): each class is refined "
            "separately, from its own scores and the image.",
        ),
    ),
    RefinerKind(
        "class-agnostic",
        QT_TRANSLATE_NOOP("MapRefiner", "Class-agnostic"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "The paper's network with shared weights for all classes: fewer weights for few labels."
        ),
    ),
    RefinerKind(
        "unshared",
        QT_TRANSLATE_NOOP("MapRefiner", "Unshared"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "The paper's network with separate weights for each of five steps: five times as many weights.",
        ),
    ),
)
UNTAUGHT = (
    RefinerKind(
        "crf",
        QT_TRANSLATE_NOOP("MapRefiner", "Dense CRF"),
        QT_TRANSLATE_NOOP("MapRefiner", "Assigns nearby pixels of similar colour to the same class."),
    ),
    RefinerKind(
        "heat",
        QT_TRANSLATE_NOOP("MapRefiner", "Heat flow"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "Smooths scores by heat flow, independent of the image: it removes noise, and also corners."
        ),
    ),
    RefinerKind(
        "perona-malik",
        QT_TRANSLATE_NOOP("MapRefiner", "Perona-Malik"),
        QT_TRANSLATE_NOOP("MapRefiner", "Smooths scores by heat flow, but hardly across edges of the image."),
    ),
    RefinerKind(
        "anisotropic",
        QT_TRANSLATE_NOOP("MapRefiner", "Anisotropic diffusion"),
        QT_TRANSLATE_NOOP("MapRefiner", "Smooths scores along the edges of the image, and hardly across them."),
    ),
    RefinerKind(
        "geodesic",
        QT_TRANSLATE_NOOP("MapRefiner", "Geodesic contour"),
        QT_TRANSLATE_NOOP("MapRefiner", "Smooths the outlines of the classes and attracts them to edges of the image."),
    ),
    RefinerKind(
        "opinion-pool",
        QT_TRANSLATE_NOOP("MapRefiner", "Opinion pool"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "Each pixel combines its class probabilities with the probabilities of its neighbours."
        ),
    ),
)
TAUGHT = (*LEARNED, *UNTAUGHT)  # those that can be taught, in the order in which they are offered
SEARCHED = frozenset(kind.key for kind in UNTAUGHT)  # teaching tries parameters, for there are no weights to learn
WITH_FILTERS = frozenset(kind.key for kind in LEARNED)  # learned kernels, which can be looked at


def kind_of(key: str) -> RefinerKind | None:
    """Return the kind of a name, or None if this version does not know it."""
    return next((kind for kind in TAUGHT if kind.key == key), None)


def rank(key: str, path: Path = RANKS) -> str:
    """Return the rank of a kind in the benchmark, or nothing if it was not evaluated."""
    try:
        ranks = json.loads(path.read_text(encoding="utf-8"))
        found, count = ranks[key], len(ranks)
        place, gain = int(found["rank"]), 100 * float(found["mean_iou_gain"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    text = tr("Measured gain: {:+.1f} points of mean IoU, rank {} of {}.")
    return text.format(gain, place, count)
