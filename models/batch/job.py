"""Work on each block of a scene, and its outcome."""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays.statistics import Statistics
from ..shared.text import Text


@dataclass(frozen=True)
class Job:
    """Work on each block of a scene: plain values, and paths that every machine can read."""

    folder: str  # of the tile files
    image: str
    bands: tuple[int, ...]
    pixel_size_m: float | None
    statistics: Statistics
    classes: tuple[str, ...]
    model: str  # weights file, or a refiner kind that needs no training
    device: str
    scores: str = ""  # scores to refine; empty: the image is classified
    state: str = ""  # of step `first`; empty: the job starts from the coarse map
    first: int = 0
    last: int = 0
    keeps_state: bool = False  # whether the state of step `last` is written, for another job
    lasting: bool = False  # whether the tiles are the final result: cloud-optimized
    wanted: tuple[int, ...] = (0,)  # steps with scores to write
    is_multi_scale: bool = False  # whether the coarse model uses the image at several scales
    began: int = 0  # ns; distinguishes a run from an earlier one with files that a worker may still have open

    @property
    def steps(self) -> range:
        """Steps that the job makes, including the coarse map."""
        return range(self.first + 1 if self.first else 0, self.last + 1)


@dataclass(frozen=True)
class BlockOutcome:
    """Outcome of a block."""

    pixels: int  # with data
    flips: tuple[int, ...]  # pixels with a changed class, by step from the job's first
    milliseconds: float  # of computing
    notices: tuple[Text, ...] = ()


def kind_of(step: int, state: bool = False) -> str:
    """Return the folder name for the tiles of a step."""
    return f"step_{step:03d}_state" if state else f"step_{step:03d}"
