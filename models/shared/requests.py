"""The wire between QGIS and the worker: one JSON object a line, arrays never.

Both sides import this module, so it uses the standard library alone. The plugin sends a request; the worker answers
with any number of events, and the last of them is exactly one of `Finished`, `Failed` or `Cancelled`. Files are named
by absolute paths; the worker writes a file whole before it names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from .class_source import ClassSource
from .model_kinds import DEFAULT_COARSE_KIND, DEFAULT_REFINER_KIND

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
class TrainCoarse:
    """Train a coarse model on vector layers over the open scene, and save it.

    Either on a layer a class, and background is what they leave; or on labels, and nothing is what they leave.
    """

    sources: tuple[ClassSource, ...]
    model: str  # where the weights go, *.safetensors
    updates: int | None = None  # of the weights; trees; or parameter values tried. None: the default of the kind
    seed: int = 0
    kind: str = DEFAULT_COARSE_KIND
    labels: str = ""  # instead of sources: a layer of polygons or points with a field "class", or a class raster
    samples: int = 0  # pixels a class at most, of the kinds that learn from single spectra; 0: the usual number
    backbone: str = ""  # pretrained VGG-16 weights, for the kinds that use them; "": train from scratch


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
    kind: str = DEFAULT_REFINER_KIND
    updates: int | None = None  # of the weights, or parameter values tried; None: the default of the kind
    seed: int = 0
    pretrained: str = ""  # weights of that kind to start from; "shipped": the shipped ones, if they fit; "": none


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
class EvaluateFiles:
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
class FineTune:
    """Teach the refiner in use on from the corrections, and use it from then on."""

    model: str  # where the weights go, *.safetensors
    labels: str = ""  # also a labelled tile, as in `TrainRefiner`
    updates: int | None = None  # of the weights; None: as many as a few seconds allow
    seed: int = 0


@dataclass(frozen=True)
class FindUncertainPlaces:
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
class WriteDerivedLayer:
    """Write "uncertainty", "change" or "change since coarse" of a step as a raster."""

    step: int
    view: str
    path: str


@dataclass(frozen=True)
class Stop:
    """End the running training early and keep its best weights. Seen while another request runs."""


@dataclass(frozen=True)
class Cancel:
    """Give up the running request. Seen while another request runs."""


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
    EvaluateFiles,
    ClassifyImage,
    RefineImage,
    Evaluate,
    ShowFilters,
    ShowSpectra,
    Correct,
    FineTune,
    FindUncertainPlaces,
    FindRegion,
    WriteDerivedLayer,
    Stop,
    Cancel,
]
