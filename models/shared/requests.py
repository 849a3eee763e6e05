"""Requests: the messages from QGIS to the worker.

Both sides import this module, so it uses only the standard library. The plugin sends a request. The worker answers
with any number of events; the last one is exactly one of `Finished`, `Failed` or `Cancelled`. Files are named by
absolute paths, and the worker completes a file before it names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from .class_source import ClassSource
from .model_kinds import DEFAULT_COARSE_KIND, DEFAULT_REFINER_KIND

# --- requests: from QGIS to the worker --------------------------------------------------------------------------


@dataclass(frozen=True)
class Open:
    """Open a scene: a raster, its area and bands to work on, and a run folder for the results."""

    image: str
    run_dir: str
    bands: tuple[int, ...] = ()  # from 1; empty for the first three that are not alpha
    area: tuple[float, float, float, float] | None = None  # xmin, ymin, xmax, ymax in the image's CRS
    pixel_size_m: float | None = None  # on the ground; None for the image's own


@dataclass(frozen=True)
class Resume:
    """Open the scene of an earlier run again, with its steps and its refiner, from the run folder."""

    run_dir: str


@dataclass(frozen=True)
class Classify:
    """Make step 0 with a coarse model."""

    model: str
    multi_scale: bool = False  # also use coarser scales of the image; the model kind must support it


@dataclass(frozen=True)
class LoadScores:
    """Make step 0 from an existing raster of scores: probabilities or percentages."""

    path: str


@dataclass(frozen=True)
class TrainCoarse:
    """Train a coarse model on vector layers over the open scene, and save it.

    With one layer per class, all remaining pixels are background. With `labels`, they stay unlabelled.
    """

    sources: tuple[ClassSource, ...]
    model: str  # weights file to write, *.safetensors
    updates: int | None = None  # of the weights; or trees; or parameter values to try. None: the default of the kind
    seed: int = 0
    kind: str = DEFAULT_COARSE_KIND
    labels: str = ""  # instead of sources: polygons or points with a field "class", or a class raster
    samples: int = 0  # maximum pixels per class, for kinds that train on single spectra; 0: the default
    backbone: str = ""  # pretrained VGG-16 weights, for kinds that use them; "": train from scratch


@dataclass(frozen=True)
class LoadRefiner:
    """Load a refiner from a weights file, or a training-free one by the name of its kind."""

    path: str


@dataclass(frozen=True)
class Step:
    """Refine `count` times, starting from step `start`; later steps are deleted.

    If a view is given, the visible area of each step is previewed first.
    """

    start: int
    count: int = 1
    view: tuple[float, float, float, float] | None = None  # xmin, ymin, xmax, ymax in the image's CRS
    view_size: tuple[int, int] = (0, 0)  # width and height of the view in screen pixels
    kind: int = 0  # of the preview: 0 for the class map, k for the heat map of band k


@dataclass(frozen=True)
class TrainRefiner:
    """Train a refiner on a labelled tile, and make it the refiner in use."""

    labels: str  # a vector layer with a field "class", or a raster of class indices
    model: str  # weights file to write, *.safetensors
    kind: str = DEFAULT_REFINER_KIND
    updates: int | None = None  # of the weights, or parameter values to try; None: the default of the kind
    seed: int = 0
    pretrained: str = ""  # weights of that kind to start from; "shipped": the shipped ones, if they fit; "": none


@dataclass(frozen=True)
class ExportPolygons:
    """Write a step's class polygons to *.gpkg, *.shp or *.geojson."""

    step: int
    path: str
    min_area_m2: float = 0.0
    tolerance_m: float = 0.0  # of the simplification, on the ground; 0 for none
    background: bool = False  # also write the first class


@dataclass(frozen=True)
class ExportRaster:
    """Write a step's class raster, on the grid of the image, as a GeoTIFF."""

    step: int
    path: str


@dataclass(frozen=True)
class ExportScores:
    """Write a step's probabilities, one band per class, on the grid of the image, as a GeoTIFF."""

    step: int
    path: str


@dataclass(frozen=True)
class Vectorize:
    """Write the class polygons of any score raster as `ExportPolygons` does; needs no open scene."""

    scores: str
    path: str
    min_area_m2: float = 0.0
    tolerance_m: float = 0.0
    background: bool = False
    scheduler: str = ""  # address of a Dask scheduler; empty for this machine


@dataclass(frozen=True)
class EvaluateFiles:
    """Evaluate score rasters against labels (as in `TrainRefiner`), and write a report; needs no open scene."""

    scores: tuple[str, ...]
    labels: str
    report: str  # report file to write, *.json
    scheduler: str = ""  # address of a Dask scheduler; empty for this machine


@dataclass(frozen=True)
class ClassifyImage:
    """Write the scores of a whole image by a coarse model, on a Dask cluster; needs no open scene."""

    image: str
    model: str
    path: str  # score raster to write, *.tif
    scheduler: str
    bands: tuple[int, ...] = ()  # as in `Open`
    pixel_size_m: float | None = None
    multi_scale: bool = False  # as in `Classify`


@dataclass(frozen=True)
class RefineImage:
    """Refine the scores of a whole image on a Dask cluster, and write the last step; needs no open scene."""

    image: str
    scores: str
    refiner: str  # weights file, or the name of a training-free kind
    steps: int
    path: str  # score raster to write, *.tif
    scheduler: str
    bands: tuple[int, ...] = ()  # as in `Open`
    pixel_size_m: float | None = None
    classes_path: str = ""  # class raster to write; empty for none
    folder: str = ""  # for the scores of all steps; empty to keep only the last


@dataclass(frozen=True)
class Evaluate:
    """Evaluate every step against labels (as in `TrainRefiner`)."""

    labels: str


@dataclass(frozen=True)
class ShowFilters:
    """Write the responses of learned refiner filters to a class's scores at a step, and to the image."""

    step: int
    class_index: int
    path: str  # raster of the responses to write, *.tif
    score_filters: tuple[int, ...] | None = None  # from 0; None for those with the most weight
    image_filters: tuple[int, ...] | None = None


@dataclass(frozen=True)
class ShowSpectra:
    """Compute the spectra of labelled classes (labels as in `TrainCoarse`)."""

    labels: str


@dataclass(frozen=True)
class Correct:
    """Apply the corrections of a vector layer, and rewrite a step and all later ones."""

    layer: str  # polygons with a field "class": the class names, or "unsure"
    step: int


@dataclass(frozen=True)
class FineTune:
    """Fine-tune the refiner in use on the corrections, and use the result."""

    model: str  # weights file to write, *.safetensors
    labels: str = ""  # an additional labelled tile, as in `TrainRefiner`
    updates: int | None = None  # of the weights; None for as many as a few seconds allow
    seed: int = 0


@dataclass(frozen=True)
class FindUncertainPlaces:
    """Find the most uncertain places of a step, which are most worth a label or a correction."""

    step: int
    count: int = 20


@dataclass(frozen=True)
class FindRegion:
    """Find the connected region of a step's class map at a point in the image's CRS."""

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
    """End the running training early and keep its best weights; read while another request runs."""


@dataclass(frozen=True)
class Cancel:
    """Cancel the running request; read while another request runs."""


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
