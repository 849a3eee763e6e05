"""What is to be done with every block of a scene, and what came of one."""

from __future__ import annotations

from dataclasses import dataclass

from ..arrays.statistics import Statistics
from ..shared.text import Text


@dataclass(frozen=True)
class Job:
    """Plain values, and paths that every machine sees."""

    folder: str  # of the tile files
    image: str
    bands: tuple[int, ...]
    pixel_size_m: float | None
    statistics: Statistics
    classes: tuple[str, ...]
    model: str  # weights, or the kind of a refiner that needs none
    device: str
    scores: str = ""  # to be refined; empty: the image is classified
    state: str = ""  # of the step `first`, where that is not the coarse map
    first: int = 0
    last: int = 0
    keeps_state: bool = False  # of the step `last`, for another job
    lasting: bool = False  # whether the tiles stay: cloud-optimized
    wanted: tuple[int, ...] = (0,)  # steps whose scores are written
    is_multi_scale: bool = False  # whether the coarse model looks at the image at several scales
    began: int = 0  # ns; tells a run from an earlier one, whose files a worker may still have open

    @property
    def steps(self) -> range:
        """The steps that the job makes, the coarse map too."""
        return range(self.first + 1 if self.first else 0, self.last + 1)


@dataclass(frozen=True)
class BlockOutcome:
    """What came of a block."""

    pixels: int  # with data
    flips: tuple[int, ...]  # pixels whose class changed, by step from the job's first on
    milliseconds: float  # of computing
    notices: tuple[Text, ...] = ()


def kind_of(step: int, state: bool = False) -> str:
    """Name the folder of the tiles of a step."""
    return f"step_{step:03d}_state" if state else f"step_{step:03d}"
