"""Which function carries out which request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ..errors import RefinerError
from ..io.raster_reader import environment
from ..runtime.device import out_of_memory
from ..shared import codec, requests
from .connection import Wire
from .context import Desk
from .handlers import corrections, evaluation, export, inspection, scenes, steps, training

HANDLERS: dict[type[codec.Message], Callable[[Desk, Any], None]] = {
    requests.Open: scenes.open_scene,
    requests.Resume: scenes.resume,
    requests.Classify: steps.classify,
    requests.LoadScores: steps.load_scores,
    requests.LoadRefiner: steps.load_refiner,
    requests.Step: steps.step,
    requests.TrainCoarse: training.train_coarse,
    requests.TrainRefiner: training.train_refiner,
    requests.LearnOn: training.learn_on,
    requests.FindDoubts: corrections.find_doubts,
    requests.FindRegion: corrections.find_region,
    requests.Correct: corrections.correct,
    requests.ShowSpectra: inspection.show_spectra,
    requests.ShowFilters: inspection.show_filters,
    requests.WriteView: inspection.write_view,
    requests.Evaluate: evaluation.evaluate,
    requests.Assess: evaluation.assess,
    requests.ExportPolygons: export.export_polygons,
    requests.Vectorize: export.vectorize,
    requests.ExportRaster: export.export_raster,
    requests.ExportScores: export.export_scores,
    requests.ClassifyImage: export.classify_image,
    requests.RefineImage: export.refine_image,
}


class Handlers:
    """Carries out requests, one after the other, on the one session that is open."""

    def __init__(self, wire: Wire, device: torch.device) -> None:
        """Answer over a wire, computing on a device."""
        self._desk = Desk(wire, device)
        self._environment = environment()
        self._environment.__enter__()  # for as long as the process lives

    def handle(self, request: codec.Message) -> None:
        """Carry out one request; exceptions end it."""
        handler = HANDLERS.get(type(request))
        if handler is None:
            raise RefinerError("The worker does not know the request {name}.", name=type(request).__name__)
        self._desk.begin()
        try:
            handler(self._desk, request)
        except (RuntimeError, MemoryError) as error:
            if out_of_memory(error):
                raise RefinerError("The memory is full; a smaller area or a larger pixel size needs less.") from error
            raise
