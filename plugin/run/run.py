"""One run: a scene, its steps, and the shown step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from ...models.shared.events import Stepped
from ..state import StepAccuracy, StepFacts
from .extent import Extent
from .scene import SceneChoice


@dataclass(frozen=True)
class Level(Stepped):
    """A pyramid level as a step before the coarse map, for display only; its index is negative."""

    title: str = ""


@dataclass
class Run:
    """The plugin's state of a run; the worker keeps the rest in the run's folder."""

    scene: SceneChoice
    folder: Path
    extent: Extent
    steps: list[Stepped] = field(default_factory=list)
    shown: int = -1
    level: int = 0  # pyramid level shown instead of the coarse map: -1 is the finest; 0: none
    refiner: str | None = None  # the refiner that the worker uses: a file, or a kind without weights
    made_by: list[str | None] = field(default_factory=list)  # the refiner of each step
    best_steps: dict[str, int] = field(default_factory=dict)  # by refiner, if known; 0: the coarse map
    accuracy: dict[int, StepAccuracy] = field(default_factory=dict)  # by step
    coarse: str = ""  # file of the coarse map's model or scores
    is_open: bool = False

    @property
    def name(self) -> str:
        """Return the name that identifies the run's layers."""
        return self.folder.name

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the class names of the newest step, background first."""
        return self.steps[-1].classes if self.steps else ()

    @property
    def last(self) -> int:
        """Return the index of the last step, or -1."""
        return len(self.steps) - 1

    @property
    def levels(self) -> tuple[Level, ...]:
        """Return the pyramid levels of the coarse map, the coarsest first."""
        steps = self.steps[:1]
        count = len(steps[0].levels) if steps else 0
        return tuple(
            Level(
                n - count,
                scores,
                classes_raster=classes_raster,
                classes=steps[0].classes,
                changed=None,
                milliseconds=0.0,
                title=title,
            )
            for n, (title, scores, classes_raster) in enumerate(steps[0].levels if steps else ())
        )

    @property
    def position(self) -> int:
        """Return the index of the displayed step, negative for a pyramid level; -1 if nothing is displayed."""
        return self.level or self.shown

    def at(self, index: int) -> Stepped | None:
        """Return a step, or a pyramid level by its negative index, or None if it does not exist."""
        every = {step.index: step for step in (*self.levels, *self.steps)}
        return every.get(index)

    def see(self, index: int) -> None:
        """Store the displayed step or level; while a level is displayed, requests concern the coarse map."""
        self.shown, self.level = max(0, index), min(0, index)

    def add(self, step: Stepped) -> None:
        """Add a step; it replaces any steps with the same or a later index."""
        self.truncate(step.index)
        self.steps.append(step)
        self.made_by.append(self.refiner if step.index else None)

    def replace(self, index: int, scores: str, classes_raster: str) -> Stepped:
        """Replace the rasters of a step, discard its accuracy, and return the step."""
        self.steps[index] = replace(self.steps[index], scores=scores, classes_raster=classes_raster)
        self.accuracy.pop(index, None)
        return self.steps[index]

    def truncate(self, count: int) -> None:
        """Keep the first `count` steps."""
        del self.steps[count:], self.made_by[count:]
        self.accuracy = {index: value for index, value in self.accuracy.items() if index < count}
        self.shown = min(self.shown, self.last)
        self.level = self.level if self.steps else 0

    def facts(self) -> tuple[StepFacts, ...]:
        """Return the facts about each step for the dock."""
        return tuple(
            StepFacts(step.index, step.changed, self.accuracy.get(step.index), self._best_step(step.index))
            for step in self.steps
        )

    def _best_step(self, index: int) -> int | None:
        """Return the best step of a step's refiner, or None if it is unknown or several refiners made the steps."""
        makers = set(self.made_by[1 : index + 1])
        maker = makers.pop() if len(makers) == 1 else None
        return None if maker is None else self.best_steps.get(maker)


def new_folder(runs: Path, stamp: str) -> Path:
    """Return a run folder that does not exist yet; `stamp` is the time as text."""
    folder, count = runs / stamp, 1
    while folder.exists():
        count += 1
        folder = runs / f"{stamp}_{count}"
    return folder
