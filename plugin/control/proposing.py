"""Offering a refiner that is for a new coarse map, where the chosen one is not."""

from __future__ import annotations

from ..proposal import Made, Proposal, fits, proposal
from ..sections.refine import RefineSection
from ..settings import Settings


class Proposing:
    """Chooses what is offered, and chooses back once the analyst's refiner fits again."""

    def __init__(self, refine: RefineSection, settings: Settings) -> None:
        self._refine, self._settings = refine, settings
        self._offered: Proposal | None = None
        self._before = ""  # the file of the refiner that did not fit

    def reason(self) -> str:
        """Say why the chosen refiner was offered, or nothing where the analyst chose it."""
        offered = self._offered
        return offered.reason if offered is not None and offered.key == self._refine.refiner.choice() else ""

    def propose(self, made: Made) -> None:
        """Offer a refiner for a new coarse map."""
        combo = self._refine.refiner
        if self.reason() and fits(self._before, made):
            self._choose(self._before, None)
        found = proposal(combo.path(), combo.currentText(), made)
        if found is not None:
            self._before, self._offered = combo.path(), found
            self._choose(found.key, found.steps)

    def _choose(self, choice: str, steps: int | None) -> None:
        self._refine.refiner.choose(choice)
        self._refine.propose_end(steps or self._settings.last_step)
