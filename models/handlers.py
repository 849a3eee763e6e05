"""Which function carries out which request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from . import protocol as p
from .device import out_of_memory
from .errors import RefinerError
from .handling import correcting, exporting, looking, measuring, scenes, stepping, training
from .handling.desk import Desk
from .rasters.reading import environment
from .wire import Wire

HANDLERS: dict[type[p.Message], Callable[[Desk, Any], None]] = {
    p.Open: scenes.open_scene,
    p.Resume: scenes.resume,
    p.MakeDemoScene: scenes.make_demo_scene,
    p.Classify: stepping.classify,
    p.LoadScores: stepping.load_scores,
    p.LoadRefiner: stepping.load_refiner,
    p.Step: stepping.step,
    p.TrainCoarse: training.train_coarse,
    p.TrainRefiner: training.train_refiner,
    p.LearnOn: training.learn_on,
    p.FindDoubts: correcting.find_doubts,
    p.FindRegion: correcting.find_region,
    p.Correct: correcting.correct,
    p.ShowSpectra: looking.show_spectra,
    p.ShowFilters: looking.show_filters,
    p.WriteView: looking.write_view,
    p.Evaluate: measuring.evaluate,
    p.Assess: measuring.assess,
    p.ExportPolygons: exporting.export_polygons,
    p.Vectorize: exporting.vectorize,
    p.ExportRaster: exporting.export_raster,
    p.ExportScores: exporting.export_scores,
    p.ClassifyImage: exporting.classify_image,
    p.RefineImage: exporting.refine_image,
}


class Handlers:
    """Carries out requests, one after the other, on the one session that is open."""

    def __init__(self, wire: Wire, device: torch.device) -> None:
        """Answer over a wire, computing on a device."""
        self._desk = Desk(wire, device)
        self._environment = environment()
        self._environment.__enter__()  # for as long as the process lives

    def handle(self, request: p.Message) -> None:
        """Carry out one request; exceptions end it."""
        handler = HANDLERS.get(type(request))
        if handler is None:
            raise RefinerError(f"The worker does not know the request {type(request).__name__}.")
        self._desk.begin()
        try:
            handler(self._desk, request)
        except (RuntimeError, MemoryError) as error:
            if out_of_memory(error):
                raise RefinerError("The memory is full; a smaller area or a larger pixel size needs less.") from error
            raise
