"""Suggestions of a refiner that fits a new coarse map."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..catalogue.coarse_kinds import coarse_kind
from ..catalogue.refiner_kinds import LEARNED
from ..catalogue.weights import shipped, weights_bands, weights_classes, weights_kind
from ..dock.sections.refine import RefineSection
from ..settings import Settings
from ..wording import tr


class RefinerSuggester:
    """Chooses what is offered, and chooses back once the analyst's refiner fits again."""

    def __init__(self, refine: RefineSection, settings: Settings) -> None:
        self._refine, self._settings = refine, settings
        self._offered: RefinerSuggestion | None = None
        self._before = ""  # the file of the refiner that did not fit

    def reason(self) -> str:
        """Say why the chosen refiner was offered, or nothing if the analyst chose it."""
        offered = self._offered
        return offered.reason if offered is not None and offered.key == self._refine.refiner.choice() else ""

    def propose(self, made: CoarseMapInfo) -> None:
        """Offer a refiner for a new coarse map."""
        combo = self._refine.refiner
        if self.reason() and fits(self._before, made):
            self._choose(self._before, None)
        found = suggest_refiner(combo.path(), combo.currentText(), made)
        if found is not None:
            self._before, self._offered = combo.path(), found
            self._choose(found.key, found.steps)

    def _choose(self, choice: str, steps: int | None) -> None:
        self._refine.refiner.choose(choice)
        self._refine.propose_end(steps or self._settings.last_step)


POOL, CRF = "opinion-pool", "crf"
NARROWED = "extended"  # the kind of refiner that may know more classes than it is to go on with


@dataclass(frozen=True)
class CoarseMapInfo:
    """How a coarse map was made: the file of its model or of its scores, the number of bands, and its classes."""

    source: str
    bands: int
    classes: tuple[str, ...]

    @property
    def is_spectral(self) -> bool:
        """Return whether the model looked at single pixels."""
        kind = coarse_kind(weights_kind(Path(self.source)))
        return kind is not None and kind.is_spectral


@dataclass(frozen=True)
class RefinerSuggestion:
    """A refiner that needs no teaching, why it is offered, and how many steps it is for (None: as many as usual)."""

    key: str
    reason: str
    steps: int | None = None


def fits(path: str, made: CoarseMapInfo) -> bool:
    """Return whether a refiner can work on a map; where a file does not say what it is for, the worker will."""
    bands, classes = weights_bands(Path(path)), weights_classes(Path(path))
    return bands in (None, made.bands) and classes in ((), made.classes)


def beginning(kind: str, chosen: str, made: CoarseMapInfo) -> str:
    """Return the weights that teaching a kind can go on from: of the chosen refiner, or else of one that ships.

    Nothing where none fits, and for kinds that have no weights.
    """
    if all(each.key != kind for each in LEARNED):
        return ""
    for path in (chosen, *(each.path for each in shipped("refiner"))):
        if path and weights_kind(Path(path)) == kind and weights_bands(Path(path)) == made.bands:
            classes = weights_classes(Path(path))
            if classes == made.classes or (kind == NARROWED and set(made.classes) <= set(classes)):
                return path
    return ""


def suggest_refiner(path: str, title: str, made: CoarseMapInfo) -> RefinerSuggestion | None:
    """Return what to offer in the place of a refiner in a file, or None if that fits."""
    if not path or fits(path, made):
        return None
    bands = weights_bands(Path(path))
    if bands != made.bands:
        found = tr("“{}” is for {} bands, and this map was made of {}").format(title, bands, made.bands)
    else:
        found = tr("“{}” is for other classes than those of this map").format(title)
    if made.is_spectral:
        what = tr(
            "Wu and Prasad (2017) combine the probabilities of each pixel once with those of its neighbours instead."
        )
        return RefinerSuggestion(POOL, f"{found}; {what}", 1)
    return RefinerSuggestion(
        CRF, f"{found}; " + tr("the dense CRF needs no training, and you can train another refiner below.")
    )
