"""The wire between QGIS and the worker: one JSON object a line, arrays never.

Both sides import this module, so it uses the standard library alone. The plugin sends a request; the worker answers
with any number of events, and the last of them is exactly one of `Finished`, `Failed` or `Cancelled`. Files are named
by absolute paths; the worker writes a file whole before it names it.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from dataclasses import dataclass
from typing import Any, Union

VERSION = 1  # a worker of another version is refused, because messages of both would be misread

# --- requests: from QGIS to the worker --------------------------------------------------------------------------


@dataclass(frozen=True)
class Open:
    """Open a scene: a raster, the part and the bands of it to work on, and a folder for what is made."""

    image: str
    run_dir: str
    bands: tuple[int, ...] = ()  # 1-based; empty: the first three that are not alpha
    area: tuple[float, float, float, float] | None = None  # xmin, ymin, xmax, ymax in the image's CRS
    pixel_size_m: float | None = None  # on the ground; None: the image's own


@dataclass(frozen=True)
class Resume:
    """Open the scene of an earlier run again, with its steps and its refiner, from the run's folder."""

    run_dir: str


@dataclass(frozen=True)
class Classify:
    """Make step 0 with a coarse model."""

    model: str
    multi_scale: bool = False  # looks at the image smaller too, where its kind can


@dataclass(frozen=True)
class LoadScores:
    """Make step 0 from an existing raster of scores, probabilities or percentages."""

    path: str


@dataclass(frozen=True)
class ClassSource:
    """Where the examples of one class lie: polygons, or lines that are buffered to a width."""

    name: str
    path: str  # a vector file, optionally with "|layername=NAME" and "|subset=SQL" as in QGIS
    width_m: float | None = None  # of lines, on the ground


@dataclass(frozen=True)
class TrainCoarse:
    """Train a coarse model on vector layers over the open scene, and save it.

    Either on a layer a class, and background is what they leave; or on labels, and nothing is what they leave.
    """

    sources: tuple[ClassSource, ...]
    model: str  # where the weights go, *.safetensors
    steps: int | None = None  # updates of the weights, trees, or parameters tried; None: as many as the kind needs
    seed: int = 0
    kind: str = "fcn-8s"
    labels: str = ""  # instead of sources: a layer of polygons or points with a field "class", or a class raster
    samples: int = 0  # pixels a class at most, of the kinds that learn from single spectra; 0: the usual number
    trunk: str = ""  # VGG-16's weights to begin with, for the kinds that can; "": from scratch


@dataclass(frozen=True)
class LoadRefiner:
    """Take the refiner from a file of weights, or one that needs none by the name of its kind."""

    path: str


@dataclass(frozen=True)
class Step:
    """Refine `count` times, starting from step `start`; later steps are forgotten.

    Where a view is given, what it shows of each step is previewed first.
    """

    start: int
    count: int = 1
    view: tuple[float, float, float, float] | None = None  # xmin, ymin, xmax, ymax in the image's CRS
    view_size: tuple[int, int] = (0, 0)  # width and height of the view in pixels of the screen
    kind: int = 0  # what it shows: 0 the class map, k the heat map of band k


@dataclass(frozen=True)
class TrainRefiner:
    """Teach a refiner on a labelled tile, and use it from then on."""

    labels: str  # a vector layer with a field "class", or a raster of class indices
    model: str  # where the weights go, *.safetensors
    kind: str = "extended"
    steps: int | None = None  # updates of the weights, or parameters tried; None: as many as the kind needs
    seed: int = 0
    begin: str = (
        ""  # weights of a refiner of that kind to go on from; "shipped": those, if they fit; empty: a fresh one
    )


@dataclass(frozen=True)
class ExportPolygons:
    """Write a step's class polygons to *.gpkg, *.shp or *.geojson."""

    step: int
    path: str
    min_area_m2: float = 0.0
    tolerance_m: float = 0.0  # of the simplification, on the ground; 0: none
    background: bool = False  # also the first class


@dataclass(frozen=True)
class ExportRaster:
    """Write a step's class raster, on the grid of the image, as a GeoTIFF."""

    step: int
    path: str


@dataclass(frozen=True)
class ExportScores:
    """Write a step's probabilities, a band a class, on the grid of the image, as a GeoTIFF."""

    step: int
    path: str


@dataclass(frozen=True)
class Vectorize:
    """Write the class polygons of any raster of scores, which needs no open scene; else as `ExportPolygons`."""

    scores: str
    path: str
    min_area_m2: float = 0.0
    tolerance_m: float = 0.0
    background: bool = False
    scheduler: str = ""  # of a Dask cluster; empty: here


@dataclass(frozen=True)
class Assess:
    """Measure rasters of scores against labels (as in `TrainRefiner`), which needs no open scene, and report it."""

    scores: tuple[str, ...]
    labels: str
    report: str  # where the figures go, *.json
    scheduler: str = ""  # of a Dask cluster; empty: here


@dataclass(frozen=True)
class ClassifyImage:
    """Write the scores of a whole image by a coarse model, on a Dask cluster, which needs no open scene."""

    image: str
    model: str
    path: str  # where the scores go, *.tif
    scheduler: str
    bands: tuple[int, ...] = ()  # as in `Open`
    pixel_size_m: float | None = None
    multi_scale: bool = False  # as in `Classify`


@dataclass(frozen=True)
class RefineImage:
    """Refine the scores of a whole image, on a Dask cluster, which needs no open scene, and write the last step."""

    image: str
    scores: str
    refiner: str  # weights, or a kind that needs none
    steps: int
    path: str  # where its scores go, *.tif
    scheduler: str
    bands: tuple[int, ...] = ()  # as in `Open`
    pixel_size_m: float | None = None
    classes_path: str = ""  # where its class map goes; empty: it is not wanted
    folder: str = ""  # for the scores of all steps


@dataclass(frozen=True)
class Evaluate:
    """Measure every step against labels (as in `TrainRefiner`)."""

    labels: str


@dataclass(frozen=True)
class ShowFilters:
    """Write what learned filters of the refiner in use answer to a step's scores of a class, and to the image."""

    step: int
    class_index: int
    path: str  # where the answers go, *.tif
    score_filters: tuple[int, ...] | None = None  # from 0; None: those that count most
    image_filters: tuple[int, ...] | None = None


@dataclass(frozen=True)
class ShowSpectra:
    """Measure the spectra of labelled classes (labels as in `TrainCoarse`)."""

    labels: str


@dataclass(frozen=True)
class Correct:
    """Bind the corrections of a vector layer from now on, and rewrite a step and those after it."""

    layer: str  # polygons with a field "class": the classes, "unsure"
    step: int


@dataclass(frozen=True)
class LearnOn:
    """Teach the refiner in use on from the corrections, and use it from then on."""

    model: str  # where the weights go, *.safetensors
    labels: str = ""  # also a labelled tile, as in `TrainRefiner`
    updates: int | None = None  # of the weights; None: as many as a few seconds allow
    seed: int = 0


@dataclass(frozen=True)
class FindDoubts:
    """Find the places of a step that are most worth a label or a correction."""

    step: int
    count: int = 20


@dataclass(frozen=True)
class FindRegion:
    """Find the connected part of a step's class map at a place in the image's CRS."""

    step: int
    x: float
    y: float


@dataclass(frozen=True)
class WriteView:
    """Write "uncertainty", "change" or "change since coarse" of a step as a raster."""

    step: int
    view: str
    path: str


@dataclass(frozen=True)
class MakeDemoScene:
    """Draw the demo scene, which needs no open scene, and write its files; `DemoSceneMade` follows."""

    folder: str


@dataclass(frozen=True)
class Stop:
    """End the running training early and keep its best weights. Seen while another request runs."""


@dataclass(frozen=True)
class Cancel:
    """Give up the running request. Seen while another request runs."""


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
    warning: str = ""


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
class Produced:
    """A whole image has been worked on; the files are those that were asked for."""

    classes: tuple[str, ...]
    changed: tuple[float, ...]  # by step, the fraction of pixels whose class changed
    warning: str = ""


@dataclass(frozen=True)
class TilesKept:
    """Tiles of a step that was broken off are finished: making it goes on from them, or is about to do so now."""

    step: int
    finished: int
    tiles: int  # in all
    going_on: bool = False


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
    """A training measured itself on what it held out."""

    step: int
    steps: int
    loss: float
    held_out_miou: float | None  # 0-1
    coarse_miou: float | None  # the same pixels before refining; None while a coarse net trains
    seconds_left: float | None


@dataclass(frozen=True)
class Trained:
    """A training has ended; the best weights are in a file and in use."""

    model: str
    steps: int
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
    warning: str = ""


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
class Learnt:
    """The refiner has learnt on; fractions in 0-1, of what it gets right by itself before and after."""

    model: str
    updates: int
    stopped: bool
    corrected: tuple[float, float]  # the share of the corrected pixels
    tile: tuple[float, float] | None = None  # the mean IoU on the labelled tile


@dataclass(frozen=True)
class DoubtsFound:
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
class ViewWritten:
    """A view of a step is in a raster."""

    step: int
    view: str
    path: str


@dataclass(frozen=True)
class DemoSceneMade:
    """The files of the demo scene are there."""

    folder: str


@dataclass(frozen=True)
class Finished:
    """The request is done."""

    request: str  # the name of its class


@dataclass(frozen=True)
class Cancelled:
    """The request was given up; what it had finished stays."""

    request: str


@dataclass(frozen=True)
class Failed:
    """The request was refused or broke; `message` is for the analyst, `detail` for the log."""

    request: str
    message: str
    detail: str = ""


Request = Union[
    Open,
    Resume,
    Classify,
    LoadScores,
    TrainCoarse,
    LoadRefiner,
    Step,
    TrainRefiner,
    ExportPolygons,
    ExportRaster,
    ExportScores,
    Vectorize,
    Assess,
    ClassifyImage,
    RefineImage,
    Evaluate,
    ShowFilters,
    ShowSpectra,
    Correct,
    LearnOn,
    FindDoubts,
    FindRegion,
    WriteView,
    MakeDemoScene,
    Stop,
    Cancel,
]
Event = Union[
    Ready,
    Alive,
    Opened,
    Progressed,
    Stepped,
    Produced,
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
    Learnt,
    DoubtsFound,
    RegionFound,
    ViewWritten,
    DemoSceneMade,
    Finished,
    Cancelled,
    Failed,
]
Message = Union[Request, Event]

_TYPES: dict[str, type] = {kind.__name__: kind for kind in typing.get_args(Message)}


class ProtocolError(ValueError):
    """A line that is not a message of this protocol."""


def to_line(message: Message) -> str:
    """Write a message as one line of JSON, with its newline."""
    content = {"type": type(message).__name__, **dataclasses.asdict(message)}
    return json.dumps(content, ensure_ascii=True) + "\n"  # ASCII: no code page of any console can spoil it


def from_line(line: str) -> Message:
    """Read a message from one line of JSON.

    Raises:
        ProtocolError: for anything that `to_line` does not write.
    """
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"not JSON: {line[:200]!r}") from error
    name = content.pop("type", "") if isinstance(content, dict) else ""
    kind = _TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ProtocolError(f"no message of this protocol: {line[:200]!r}")
    try:
        return typing.cast(Message, kind(**{name: _frozen(value) for name, value in content.items()}))
    except (TypeError, RecursionError) as error:
        raise ProtocolError(f"fields of {kind.__name__} expected: {line[:200]!r}") from error


def _frozen(value: Any) -> Any:
    """Turn JSON's lists into tuples, and the class sources in them back into themselves."""
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        return ClassSource(**value)
    return value
