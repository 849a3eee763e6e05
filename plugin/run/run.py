"""One run: a scene, the steps that were made of it, and the one that is shown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from ...models.shared.events import Stepped
from ..state import StepAccuracy, StepFacts
from .extent import Extent
from .scene import SceneChoice


@dataclass(frozen=True)
class Level(Stepped):
    """A level of a pyramid as a step before the coarse map, to be seen alone; its index is negative."""

    title: str = ""


@dataclass
class Run:
    """What the plugin knows of a run; the worker keeps the rest in its folder."""

    scene: SceneChoice
    folder: Path
    place: Extent
    steps: list[Stepped] = field(default_factory=list)
    shown: int = -1
    level: int = 0  # of the pyramid, what is seen in the place of the coarse map: -1 is the finest; 0: none
    refiner: str | None = None  # the file that the worker has in use
    made_by: list[str | None] = field(default_factory=list)  # the refiner of each step
    best_steps: dict[str, int] = field(default_factory=dict)  # by refiner, where that is known; 0: the coarse map
    accuracy: dict[int, StepAccuracy] = field(default_factory=dict)  # by step
    coarse: str = ""  # the model of the coarse map, or the scores that it was read from
    is_open: bool = False

    @property
    def name(self) -> str:
        """Return what tells the run's layers from those of other runs."""
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
        """Return what led to the coarse map, the coarsest first."""
        steps = self.steps[:1]
        count = len(steps[0].levels) if steps else 0
        return tuple(
            Level(n - count, scores, classes_raster, steps[0].classes, None, 0.0, title=title)
            for n, (title, scores, classes_raster) in enumerate(steps[0].levels if steps else ())
        )

    @property
    def position(self) -> int:
        """Return the index of what is seen; before the coarse map it is negative. Where nothing is, -1."""
        return self.level or self.shown

    def at(self, index: int) -> Stepped | None:
        """Return a step, or a level by its negative index, or nothing if there is none."""
        every = {step.index: step for step in (*self.levels, *self.steps)}
        return every.get(index)

    def see(self, index: int) -> None:
        """Remember what is seen; of a level, what is asked for next concerns the coarse map."""
        self.shown, self.level = max(0, index), min(0, index)

    def add(self, step: Stepped) -> None:
        """Take a new step in; those that it replaces must have been truncated."""
        self.truncate(step.index)
        self.steps.append(step)
        self.made_by.append(self.refiner if step.index else None)

    def replace(self, index: int, scores: str, classes_raster: str) -> Stepped:
        """Take in that a step shows other rasters; what was measured of it holds no longer. Return the step."""
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
        """Return what the dock lists."""
        return tuple(
            StepFacts(step.index, step.changed, self.accuracy.get(step.index), self._best_step(step.index))
            for step in self.steps
        )

    def _best_step(self, index: int) -> int | None:
        """Return where the refiner of a step is best, if that is known and it made all steps from the coarse map on."""
        makers = set(self.made_by[1 : index + 1])
        maker = makers.pop() if len(makers) == 1 else None
        return None if maker is None else self.best_steps.get(maker)


def new_folder(runs: Path, stamp: str) -> Path:
    """Return a folder for a run that nobody has yet; `stamp` is the time, as text."""
    folder, count = runs / stamp, 1
    while folder.exists():
        count += 1
        folder = runs / f"{stamp}_{count}"
    return folder
