"""Export of polygons and rasters of a step, and of maps of whole images."""

from __future__ import annotations

from pathlib import Path

from ...arrays.grid import Grid
from ...batch.scene_run import RunResult
from ...io.files import refuse_inputs
from ...io.score_export import write_classes, write_scores
from ...io.score_raster import ScoreRaster
from ...polygons.files import write_class_polygons
from ...polygons.vectorize import PolygonOptions, Workplace, stream_polygons
from ...shared import events, requests
from ...shared.text import text
from ..context import RequestContext
from .whole_images import classify_image, refine_image

Export = requests.ExportPolygons | requests.ExportRaster | requests.ExportScores


def on_export_polygons(context: RequestContext, request: requests.ExportPolygons) -> None:
    """Write the polygons of a step."""
    source, grid = _scores(context, request)
    _write_polygons(context, ScoreRaster(source, grid), request)


def on_vectorize(context: RequestContext, request: requests.Vectorize) -> None:
    """Write the polygons of a score raster."""
    refuse_inputs(request.path, request.scores)
    _write_polygons(context, ScoreRaster(request.scores), request)


def _write_polygons(
    context: RequestContext, scores: ScoreRaster, request: requests.ExportPolygons | requests.Vectorize
) -> None:
    try:
        outline = PolygonOptions(request.min_area_m2, request.tolerance_m, request.background)
        scheduler = request.scheduler if isinstance(request, requests.Vectorize) else ""
        workplace = Workplace(Path(request.path).parent, scheduler or None)
        found = stream_polygons(scores, outline, workplace, context.progress("Tracing polygons"))
        written = write_class_polygons(found, request.path, scores.grid.crs)
    finally:
        scores.close()
    context.send(events.Exported(request.path, written.count))
    empty = () if written.count else (text("There is no polygon to write: the map is background everywhere."),)
    context.send_notices((*empty, *written.notices))


def on_export_raster(context: RequestContext, request: requests.ExportRaster) -> None:
    """Write the class raster of a step on the grid of the image."""
    source, grid = _scores(context, request)
    write_classes(source, grid, request.path, context.progress("Writing the class raster"))
    context.send(events.Exported(request.path))


def on_export_scores(context: RequestContext, request: requests.ExportScores) -> None:
    """Write the probabilities of a step on the grid of the image."""
    source, grid = _scores(context, request)
    write_scores(source, grid, request.path, context.progress("Writing the scores"))
    context.send(events.Exported(request.path))


def _scores(context: RequestContext, request: Export) -> tuple[str, Grid]:
    """Return the scores of a step, and the grid of the image.

    Raises:
        OutputError: if the file to write is an input of the run.
    """
    refuse_inputs(request.path, *context.session.inputs)
    return context.session.path(context.step(request.step).scores), context.session.scene.image_grid


def on_classify_image(context: RequestContext, request: requests.ClassifyImage) -> None:
    """Classify a whole image, from file to file."""
    _send_result(context, classify_image(request, context.progress("Classifying")))


def on_refine_image(context: RequestContext, request: requests.RefineImage) -> None:
    """Refine the scores of a whole image, from file to file."""
    _send_result(context, refine_image(request, context.progress("Refining")))


def _send_result(context: RequestContext, result: RunResult) -> None:
    context.send(events.RunFinished(result.classes, result.changed))
    context.send_notices(result.notices)
