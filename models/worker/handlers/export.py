"""What leaves a run: polygons and rasters of a step, and maps of whole images."""

from __future__ import annotations

from pathlib import Path

from ...arrays.grid import Grid
from ...batch.scene_run import Made
from ...io.score_export import write_classes, write_scores
from ...io.score_raster import ExistingScores
from ...polygons.files import write
from ...polygons.vectorize import Outline, Place, stream
from ...shared import events, requests
from ..context import Desk
from .whole_images import classify_image as classify
from .whole_images import refine_image as refine


def export_polygons(desk: Desk, request: requests.ExportPolygons) -> None:
    """Write the polygons of a step."""
    source, grid = _scores(desk, request.step)
    _write_polygons(desk, ExistingScores(source, grid), request)


def vectorize(desk: Desk, request: requests.Vectorize) -> None:
    """Write the polygons of a raster of scores."""
    _write_polygons(desk, ExistingScores(request.scores), request)


def _write_polygons(desk: Desk, scores: ExistingScores, request: requests.ExportPolygons | requests.Vectorize) -> None:
    try:
        outline = Outline(request.min_area_m2, request.tolerance_m, request.background)
        scheduler = request.scheduler if isinstance(request, requests.Vectorize) else ""
        place = Place(Path(request.path).parent, scheduler or None)
        found = stream(scores, outline, place, desk.watch("Tracing polygons"))
        written = write(found, request.path, scores.grid.crs)
    finally:
        scores.close()
    warning = written.warning
    if not written.count:
        warning = "There is no polygon to write: the map is background everywhere. " + warning
    desk.send(events.Exported(request.path, written.count, warning.strip()))


def export_raster(desk: Desk, request: requests.ExportRaster) -> None:
    """Write the classes of a step on the grid of the image."""
    source, grid = _scores(desk, request.step)
    write_classes(source, grid, request.path, desk.watch("Writing the class raster"))
    desk.send(events.Exported(request.path))


def export_scores(desk: Desk, request: requests.ExportScores) -> None:
    """Write the probabilities of a step on the grid of the image."""
    source, grid = _scores(desk, request.step)
    write_scores(source, grid, request.path, desk.watch("Writing the scores"))
    desk.send(events.Exported(request.path))


def _scores(desk: Desk, step: int) -> tuple[str, Grid]:
    """Return the scores of a step, and the grid that they are to come back on."""
    return desk.session.path(desk.step(step).scores), desk.session.scene.image_grid


def classify_image(desk: Desk, request: requests.ClassifyImage) -> None:
    """Classify a whole image into files."""
    _tell_made(desk, classify(request, desk.watch("Classifying")))


def refine_image(desk: Desk, request: requests.RefineImage) -> None:
    """Refine the scores of a whole image into files."""
    _tell_made(desk, refine(request, desk.watch("Refining")))


def _tell_made(desk: Desk, made: Made) -> None:
    desk.send(events.Produced(made.classes, made.changed, " ".join(made.notices)))
