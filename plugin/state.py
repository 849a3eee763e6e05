"""The state of the dock as a small immutable value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class WorkerState(Enum):
    """How the worker process is."""

    MISSING = "missing"  # no Python that could run it
    STOPPED = "stopped"  # it starts with the first request
    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    SILENT = "silent"  # no heartbeat for too long
    DEAD = "dead"


class Task(Enum):
    """What the worker is asked to do at the moment."""

    NONE = "none"
    CLASSIFY = "classify"
    TRAIN_COARSE = "train coarse"
    STEP = "step"
    TEACH = "teach"
    LOAD = "load"
    MEASURE = "measure"
    EXPORT = "export"
    FILTERS = "filters"
    SPECTRA = "spectra"
    CORRECT = "correct"
    LEARN = "learn"
    DOUBTS = "doubts"
    VIEW = "view"
    RESUME = "resume"


@dataclass(frozen=True)
class StepAccuracy:
    """How right a step is, in 0-1; `iou` and `boundary_iou` (at 2 px) by class, None for one that the labels lack.

    `confusion` counts pixels by true class, then by mapped class; empty where it is not known.
    """

    overall: float
    mean_iou: float
    iou: tuple[float | None, ...] = ()
    boundary_iou: tuple[float | None, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()

    @property
    def mean_boundary_iou(self) -> float | None:
        """Return the mean over the classes that the labels have."""
        known = [value for value in self.boundary_iou if value is not None]
        return sum(known) / len(known) if known else None


@dataclass(frozen=True)
class StepFacts:
    """What is known of one step; fractions in 0-1."""

    index: int
    changed: float | None = None
    accuracy: StepAccuracy | None = None
    best_step: int | None = None  # of the refiner that made all steps up to this one; 0: the coarse map is as good


@dataclass(frozen=True)
class DockState:
    """Everything that decides which widgets are enabled."""

    worker: WorkerState = WorkerState.STOPPED
    task: Task = Task.NONE
    playing: bool = False
    classes: tuple[str, ...] = ()
    steps: tuple[StepFacts, ...] = ()
    shown: int = -1  # -1: no step yet
    levels: tuple[str, ...] = ()  # of the pyramid before step 0, the coarsest first
    level: int = 0  # which of them is seen in the place of step 0: -1 is the last; 0: none
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
        """Return the index of what is seen; of a level it is negative."""
        return self.level or self.shown
