"""Dispatch of requests to their handlers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ..errors import RefinerError
from ..io.raster_reader import environment
from ..runtime.device import out_of_memory
from ..shared import codec, requests
from .connection import Connection
from .context import RequestContext
from .handlers import corrections, evaluation, export, inspection, scenes, steps, training

HANDLERS: dict[type[codec.Message], Callable[[RequestContext, Any], None]] = {
    requests.Open: scenes.on_open_scene,
    requests.Resume: scenes.on_resume,
    requests.Classify: steps.on_classify,
    requests.LoadScores: steps.on_load_scores,
    requests.LoadRefiner: steps.on_load_refiner,
    requests.Step: steps.on_step,
    requests.TrainCoarse: training.on_train_coarse,
    requests.TrainRefiner: training.on_train_refiner,
    requests.FineTune: training.on_fine_tune,
    requests.FindUncertainPlaces: corrections.on_find_uncertain_places,
    requests.FindRegion: corrections.on_find_region,
    requests.Correct: corrections.on_apply_corrections,
    requests.ShowSpectra: inspection.on_show_spectra,
    requests.ShowFilters: inspection.on_show_filters,
    requests.WriteDerivedLayer: inspection.on_write_derived_layer,
    requests.Evaluate: evaluation.on_evaluate,
    requests.EvaluateFiles: evaluation.on_evaluate_files,
    requests.ExportPolygons: export.on_export_polygons,
    requests.Vectorize: export.on_vectorize,
    requests.ExportRaster: export.on_export_raster,
    requests.ExportScores: export.on_export_scores,
    requests.ClassifyImage: export.on_classify_image,
    requests.RefineImage: export.on_refine_image,
}


class Handlers:
    """Carries out requests one after the other on the open session."""

    def __init__(self, wire: Connection, device: torch.device) -> None:
        """Send events over `wire`, and compute on `device`."""
        self._context = RequestContext(wire, device)

    def environment(self) -> Any:
        """Return the raster environment in which requests are carried out."""
        return environment()

    def handle(self, request: codec.Message) -> None:
        """Carry out one request, or raise an exception."""
        handler = HANDLERS.get(type(request))
        if handler is None:
            raise RefinerError("The worker does not know the request {name}.", name=type(request).__name__)
        self._context.start_request()
        try:
            handler(self._context, request)
        except (RuntimeError, MemoryError) as error:
            if out_of_memory(error):
                raise RefinerError("The memory is full; a smaller area or a larger pixel size needs less.") from error
            raise
