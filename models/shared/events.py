"""Events: the messages from the worker to QGIS.

Both sides import this module, so it uses only the standard library. The plugin sends a request. The worker answers
with any number of events; the last one is exactly one of `Finished`, `Failed` or `Cancelled`. Files are named by
absolute paths, and the worker completes a file before it names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from .text import Text

# --- events: from the worker to QGIS ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """The worker has started; always the first event."""

    version: int
    device: str  # "cpu", "cuda:0", "mps"
    device_name: str  # "NVIDIA H200", "AMD EPYC, 2 threads"
    python: str
    torch: str


@dataclass(frozen=True)
class Alive:
    """Heartbeat of the worker, every two seconds, also while it computes."""


@dataclass(frozen=True)
class Opened:
    """The scene is open; sizes are those of the working grid."""

    width: int
    height: int
    pixel_size_m: float | None  # None if the image has no CRS
    steps: int = -1  # last step of a resumed run; -1 if there is none


@dataclass(frozen=True)
class Progressed:
    """Progress of the running request, and the estimated time left."""

    fraction: float  # 0-1
    text: str
    seconds_left: float | None = None


@dataclass(frozen=True)
class Stepped:
    """A step is on disk: a raster of probabilities, one band per class, and a raster of class indices.

    `levels` are the pyramid levels before step 0, the coarsest first: name, probabilities and class indices of each.
    """

    index: int
    scores: str
    classes_raster: str
    classes: tuple[str, ...]
    changed: float | None  # fraction of pixels whose class differs from the previous step; None at step 0
    milliseconds: float  # computing time, without writing
    levels: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class RunFinished:
    """A whole image is finished; its results are in the requested files."""

    classes: tuple[str, ...]
    changed: tuple[float, ...]  # by step, the fraction of pixels whose class changed


@dataclass(frozen=True)
class TilesKept:
    """Finished tiles of an interrupted step are kept; making the step reuses them, or does so now if `is_resumed`."""

    step: int
    finished: int
    tiles: int  # total of the step
    is_resumed: bool = False


@dataclass(frozen=True)
class Previewed:
    """A preview of an unfinished step is in a one-band raster; it replaces the previous preview.

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
    coarse_miou: float | None  # of the same pixels before refining; None while a coarse model trains
    seconds_left: float | None


@dataclass(frozen=True)
class Trained:
    """A training has ended, and the best weights are saved; a trained refiner is then in use."""

    model: str
    updates: int
    held_out_miou: float
    coarse_miou: float | None
    stopped: bool
    role: str  # "coarse" or "refiner"
    by_step: tuple[float, ...] = ()  # refiner only: held-out mean IoU of the coarse map and after each step
    best_step: int = 0  # the first step that is nearly the best; 0 if the coarse map is as good
    before_miou: float | None = None  # held-out, of the pretrained refiner at its best step


@dataclass(frozen=True)
class RefinerLoaded:
    """The refiner of a file is in use."""

    path: str
    summary: str
    best_step: int = 0  # as in `Trained`, when it was trained; 0 if unknown


@dataclass(frozen=True)
class Exported:
    """A file is complete."""

    path: str
    features: int | None = None  # number of polygons; None for a raster


@dataclass(frozen=True)
class Evaluated:
    """Accuracy of one step: fractions in 0-1, and tuples in the order of the classes (None if a class is absent)."""

    index: int  # of the step; for `EvaluateFiles`, of the raster, from 0
    classes: tuple[str, ...]
    overall_accuracy: float
    mean_iou: float
    iou: tuple[float | None, ...]
    boundary_iou: tuple[float | None, ...] = ()  # within 2 px of the boundaries
    confusion: tuple[tuple[int, ...], ...] = ()  # pixels by true class, then by mapped class; only for `Evaluate`


@dataclass(frozen=True)
class FiltersShown:
    """Filter responses are in a raster, one band per filter; kernel values are listed row by row."""

    path: str
    step: int
    class_index: int
    names: tuple[str, ...]  # of the bands
    limits: tuple[float, ...]  # by band; nearly all magnitudes stay below
    score_filters: tuple[int, ...]  # their responses are in the first bands
    image_filters: tuple[int, ...]  # their responses are in the remaining bands
    score_kernels: tuple[tuple[float, ...], ...]
    image_kernels: tuple[tuple[float, ...], ...]  # bands outermost
    score_size: int  # side of a kernel in px
    image_size: int
    bands: int  # of the image kernels; of a scene with many bands, only the first few


@dataclass(frozen=True)
class SpectraShown:
    """Spectra of the labelled pixels of each class in the selected bands, in the image's own units."""

    classes: tuple[str, ...]
    pixels: tuple[int, ...]  # by class
    bands: tuple[int, ...]
    wavelengths_nm: tuple[float, ...]  # of the bands; empty if unknown
    mean: tuple[tuple[float, ...], ...]  # by class, then by band
    std: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Corrected:
    """The shown rasters of a step are rewritten with the corrections applied."""

    index: int
    scores: str
    classes_raster: str


@dataclass(frozen=True)
class FineTuned:
    """The refiner is fine-tuned; fractions in 0-1 are (before, after), without corrections applied."""

    model: str
    updates: int
    stopped: bool
    corrected: tuple[float, float]  # fraction of the corrected pixels that are right
    tile: tuple[float, float] | None = None  # mean IoU on the labelled tile, if there is one


@dataclass(frozen=True)
class UncertainPlacesFound:
    """The most uncertain places, the most uncertain first."""

    step: int
    places: tuple[tuple[float, float, float, int, int], ...]  # x, y in the image's CRS, score 0-1, likeliest classes
    radius: float  # of a place, in units of the CRS


@dataclass(frozen=True)
class RegionFound:
    """A connected region of the class map, as WKT in the image's CRS."""

    wkt: str
    class_index: int
    pixels: int


@dataclass(frozen=True)
class DerivedLayerWritten:
    """A derived layer of a step is written as a raster."""

    step: int
    view: str
    path: str


@dataclass(frozen=True)
class Finished:
    """The request is finished."""

    request: str  # name of the request's class


@dataclass(frozen=True)
class Cancelled:
    """The request was cancelled; its finished parts stay."""

    request: str


@dataclass(frozen=True)
class Noticed:
    """Notices for the user that are not errors."""

    texts: tuple[Text, ...]


@dataclass(frozen=True)
class Failed:
    """The request was refused or has failed."""

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
