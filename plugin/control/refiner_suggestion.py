"""Suggestion of a refiner that fits a new coarse map."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...models.shared.model_kinds import COARSE_KINDS, REFINER_KINDS, TRAINING_FREE
from ..catalogue.weights import shipped, weights_bands, weights_classes, weights_kind
from ..dock.sections.refine import RefineSection
from ..settings import Settings
from ..wording import tr


class RefinerSuggester:
    """A selector of suggested refiners; it selects the user's refiner again once that one fits."""

    def __init__(self, refine: RefineSection, settings: Settings) -> None:
        self._refine, self._settings = refine, settings
        self._offered: RefinerSuggestion | None = None
        self._before = ""  # the file of the refiner that the suggestion replaced

    def reason(self) -> str:
        """Return why the chosen refiner was suggested, or an empty string if the user chose it."""
        offered = self._offered
        return offered.reason if offered is not None and offered.key == self._refine.refiner.choice() else ""

    def propose(self, coarse_map: CoarseMapInfo) -> None:
        """Suggest a refiner for a new coarse map, if the chosen one does not fit."""
        combo = self._refine.refiner
        if self.reason() and fits(self._before, coarse_map):
            self._choose(self._before, None)
        found = suggest_refiner(combo.path(), combo.currentText(), coarse_map)
        if found is not None:
            self._before, self._offered = combo.path(), found
            self._choose(found.key, found.steps)

    def _choose(self, choice: str, steps: int | None) -> None:
        self._refine.refiner.choose(choice)
        self._refine.propose_end(steps or self._settings.last_step)


POOL, CRF = "opinion-pool", "crf"
NARROWED = "extended"  # the kind of refiner that can start from weights with additional classes


@dataclass(frozen=True)
class CoarseMapInfo:
    """The origin of a coarse map: the file of its model or scores, the number of bands, and its classes."""

    source: str
    bands: int
    classes: tuple[str, ...]

    @property
    def is_spectral(self) -> bool:
        """Return whether the coarse model classifies single pixels."""
        kind = COARSE_KINDS.get(weights_kind(Path(self.source)))
        return kind is not None and kind.is_spectral


@dataclass(frozen=True)
class RefinerSuggestion:
    """A suggested refiner that needs no training, the reason, and its number of steps (None: the usual number)."""

    key: str
    reason: str
    steps: int | None = None


def fits(path: str, coarse_map: CoarseMapInfo) -> bool:
    """Return whether a refiner fits a map; bands or classes that its file does not state are left to the worker."""
    bands, classes = weights_bands(Path(path)), weights_classes(Path(path))
    return bands in (None, coarse_map.bands) and classes in ((), coarse_map.classes)


def beginning(kind: str, chosen: str, coarse_map: CoarseMapInfo) -> str:
    """Return the pretrained weights for training a kind: those of the chosen refiner, or else shipped ones.

    Return an empty string if no weights fit, or if the kind has no weights.
    """
    if kind not in REFINER_KINDS or kind in TRAINING_FREE:
        return ""
    for path in (chosen, *(each.path for each in shipped("refiner"))):
        if path and weights_kind(Path(path)) == kind and weights_bands(Path(path)) == coarse_map.bands:
            classes = weights_classes(Path(path))
            if classes == coarse_map.classes or (kind == NARROWED and set(coarse_map.classes) <= set(classes)):
                return path
    return ""


def suggest_refiner(path: str, title: str, coarse_map: CoarseMapInfo) -> RefinerSuggestion | None:
    """Return a suggestion to replace the refiner in a file, or None if that refiner fits."""
    if not path or fits(path, coarse_map):
        return None
    bands = weights_bands(Path(path))
    if bands != coarse_map.bands:
        found = tr("“{}” is for {} bands, and this map was made of {}").format(title, bands, coarse_map.bands)
    else:
        found = tr("“{}” is for other classes than those of this map").format(title)
    if coarse_map.is_spectral:
        what = tr(
            "Wu and Prasad (2017) combine the probabilities of each pixel once with those of its neighbours instead."
        )
        return RefinerSuggestion(POOL, f"{found}; {what}", 1)
    return RefinerSuggestion(
        CRF, f"{found}; " + tr("the dense CRF needs no training, and you can train another refiner below.")
    )
