"""The wire between QGIS and the worker: one JSON object a line, arrays never.

Both sides import this module, so it uses the standard library alone. The plugin sends a request; the worker answers
with any number of events, and the last of them is exactly one of `Finished`, `Failed` or `Cancelled`. Files are named
by absolute paths; the worker writes a file whole before it names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from .text import Text

# --- events: from the worker to QGIS ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """The worker has started; the first event of all."""

    version: int
    device: str  # "cpu", "cuda:0", "mps"
    device_name: str  # "NVIDIA H200", "AMD EPYC, 2 threads"
    python: str
    torch: str


@dataclass(frozen=True)
class Alive:
    """The worker's heartbeat, every two seconds, also while it computes."""


@dataclass(frozen=True)
class Opened:
    """The scene is open; sizes are those of the working grid."""

    width: int
    height: int
    pixel_size_m: float | None  # None: the image has no CRS
    steps: int = -1  # the last step that a resumed run has; -1: none


@dataclass(frozen=True)
class Progressed:
    """How far the running request is, and about how long it still takes."""

    fraction: float  # 0-1
    text: str
    seconds_left: float | None = None


@dataclass(frozen=True)
class Stepped:
    """A step is on disk: a raster of probabilities, one band a class, and a raster of class indices.

    The levels that a pyramid came through to step 0, the coarsest first: name, probabilities, class indices of each.
    """

    index: int
    scores: str
    classes_raster: str
    classes: tuple[str, ...]
    changed: float | None  # fraction of pixels whose class differs from the step before; None at step 0
    milliseconds: float  # of computing, without writing
    levels: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class RunFinished:
    """A whole image has been worked on; the files are those that were asked for."""

    classes: tuple[str, ...]
    changed: tuple[float, ...]  # by step, the fraction of pixels whose class changed


@dataclass(frozen=True)
class TilesKept:
    """Tiles of a step that was broken off are finished: making it goes on from them, or is about to do so now."""

    step: int
    finished: int
    tiles: int  # in all
    is_resumed: bool = False


@dataclass(frozen=True)
class Previewed:
    """What the view shows of a step that is still being made is in a raster of one band; the next one takes its place.

    `kind` is 0 for class indices, k for the probabilities of class k - 1.
    """

    index: int
    path: str
    kind: int
    classes: tuple[str, ...]


@dataclass(frozen=True)
class TrainingProgressed:
    """Progress of a training, with the held-out score whenever it is computed."""

    update: int
    updates: int
    loss: float
    held_out_miou: float | None  # 0-1
    coarse_miou: float | None  # the same pixels before refining; None while a coarse net trains
    seconds_left: float | None


@dataclass(frozen=True)
class Trained:
    """A training has ended; the best weights are in a file and in use."""

    model: str
    updates: int
    held_out_miou: float
    coarse_miou: float | None
    stopped: bool
    role: str  # "coarse" or "refiner"
    by_step: tuple[float, ...] = ()  # of a refiner: the held-out mean IoU of the coarse map and after each step
    best_step: int = 0  # the first of those that are nearly the best; 0: the coarse map is as good
    before_miou: float | None = None  # held-out, at its best step, of the refiner that was gone on from


@dataclass(frozen=True)
class RefinerLoaded:
    """The refiner of a file is in use."""

    path: str
    summary: str
    best_step: int = 0  # as in `Trained`, when it was taught; 0: not known


@dataclass(frozen=True)
class Exported:
    """A file is written whole."""

    path: str
    features: int | None = None  # polygons; None for a raster


@dataclass(frozen=True)
class Evaluated:
    """The accuracy of one step; fractions in 0-1, the tuples in the order of the classes (None: class absent)."""

    index: int  # or of `Assess` the number of the raster, from 0
    classes: tuple[str, ...]
    overall_accuracy: float
    mean_iou: float
    iou: tuple[float | None, ...]
    boundary_iou: tuple[float | None, ...] = ()  # within 2 px of the boundaries
    confusion: tuple[tuple[int, ...], ...] = ()  # pixels by true class, then by mapped class; of `Evaluate`


@dataclass(frozen=True)
class FiltersShown:
    """What filters answer is in a raster, a band a filter; and the values of all kernels, row by row."""

    path: str
    step: int
    class_index: int
    names: tuple[str, ...]  # of the bands
    limits: tuple[float, ...]  # of each band: nearly all magnitudes stay below
    score_filters: tuple[int, ...]  # whose answers are in the first bands
    image_filters: tuple[int, ...]  # and in the others
    score_kernels: tuple[tuple[float, ...], ...]
    image_kernels: tuple[tuple[float, ...], ...]  # bands outermost
    score_size: int  # px, of a side of a kernel
    image_size: int
    bands: int  # of the image kernels; of a scene with many, the first few


@dataclass(frozen=True)
class SpectraShown:
    """What the labelled pixels of each class have in each band that is chosen, in the image's own units."""

    classes: tuple[str, ...]
    pixels: tuple[int, ...]  # by class
    bands: tuple[int, ...]
    wavelengths_nm: tuple[float, ...]  # of the bands; empty: not told
    mean: tuple[tuple[float, ...], ...]  # by class, then by band
    std: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Corrected:
    """What is seen of a step is written anew, with the corrections bound."""

    index: int
    scores: str
    classes_raster: str


@dataclass(frozen=True)
class FineTuned:
    """The refiner has learnt on; fractions in 0-1, of what it gets right by itself before and after."""

    model: str
    updates: int
    stopped: bool
    corrected: tuple[float, float]  # the share of the corrected pixels
    tile: tuple[float, float] | None = None  # the mean IoU on the labelled tile


@dataclass(frozen=True)
class UncertainPlacesFound:
    """Places that are worth a look, the best first."""

    step: int
    places: tuple[tuple[float, float, float, int, int], ...]  # x, y in the image's CRS, worth 0-1, likeliest classes
    radius: float  # of a place, in the units of the CRS


@dataclass(frozen=True)
class RegionFound:
    """A connected part of the class map, as WKT in the image's CRS."""

    wkt: str
    class_index: int
    pixels: int


@dataclass(frozen=True)
class DerivedLayerWritten:
    """A view of a step is in a raster."""

    step: int
    view: str
    path: str


@dataclass(frozen=True)
class Finished:
    """The request is done."""

    request: str  # the name of its class


@dataclass(frozen=True)
class Cancelled:
    """The request was given up; what it had finished stays."""

    request: str


@dataclass(frozen=True)
class Noticed:
    """Notices for the user that are not errors."""

    texts: tuple[Text, ...]


@dataclass(frozen=True)
class Failed:
    """A request that was refused or that failed."""

    request: str
    texts: tuple[Text, ...]
    detail: str = ""  # for the log

    @property
    def message(self) -> str:
        """The reason in English."""
        return " ".join(map(str, self.texts))


Event = Union[
    Ready,
    Alive,
    Opened,
    Progressed,
    Stepped,
    RunFinished,
    TilesKept,
    Previewed,
    TrainingProgressed,
    Trained,
    RefinerLoaded,
    Exported,
    Evaluated,
    FiltersShown,
    SpectraShown,
    Corrected,
    FineTuned,
    UncertainPlacesFound,
    RegionFound,
    DerivedLayerWritten,
    Noticed,
    Finished,
    Cancelled,
    Failed,
]
