"""The state of the dock as a small immutable value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class WorkerState(Enum):
    """The state of the worker process."""

    MISSING = "missing"  # no Python found
    STOPPED = "stopped"  # starts with the next request
    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    SILENT = "silent"  # no heartbeat for too long
    DEAD = "dead"


class Task(Enum):
    """The current task of the worker."""

    NONE = "none"
    CLASSIFY = "classify"
    TRAIN_COARSE = "train coarse"
    STEP = "step"
    TRAIN_REFINER = "teach"
    LOAD = "load"
    MEASURE = "measure"
    EXPORT = "export"
    FILTERS = "filters"
    SPECTRA = "spectra"
    CORRECT = "correct"
    FINE_TUNE = "learn"
    UNCERTAIN_PLACES = "doubts"
    VIEW = "view"
    RESUME = "resume"


@dataclass(frozen=True)
class StepAccuracy:
    """The accuracy of a step, in 0-1; `iou` and `boundary_iou` (at 2 px) per class, None for a class without labels.

    `confusion` counts pixels by true class, then by mapped class; it is empty if unknown.
    """

    overall: float
    mean_iou: float
    iou: tuple[float | None, ...] = ()
    boundary_iou: tuple[float | None, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()

    @property
    def mean_boundary_iou(self) -> float | None:
        """Return the mean over the labelled classes."""
        known = [value for value in self.boundary_iou if value is not None]
        return sum(known) / len(known) if known else None


@dataclass(frozen=True)
class StepFacts:
    """The facts about one step; fractions in 0-1."""

    index: int
    changed: float | None = None
    accuracy: StepAccuracy | None = None
    best_step: int | None = None  # of the refiner that computed all steps up to this one; 0: the coarse map is as good


@dataclass(frozen=True)
class DockState:
    """The state that decides which widgets are enabled."""

    worker: WorkerState = WorkerState.STOPPED
    task: Task = Task.NONE
    playing: bool = False
    classes: tuple[str, ...] = ()
    steps: tuple[StepFacts, ...] = ()
    shown: int = -1  # -1: no step
    levels: tuple[str, ...] = ()  # titles of the pyramid levels before step 0, coarsest first
    level: int = 0  # the level shown in place of step 0: -1 is the last; 0: none
    has_run: bool = False

    @property
    def is_free(self) -> bool:
        """Return whether a new request may be sent."""
        able = self.worker in (WorkerState.STOPPED, WorkerState.READY)
        return able and self.task is Task.NONE and not self.playing

    @property
    def last(self) -> int:
        """Return the index of the last step, or -1."""
        return len(self.steps) - 1

    @property
    def position(self) -> int:
        """Return the index of the displayed step, negative for a level."""
        return self.level or self.shown
