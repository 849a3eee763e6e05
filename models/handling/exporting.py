"""What leaves a run: polygons and rasters of a step, and maps of whole images."""

from __future__ import annotations

from pathlib import Path

from .. import protocol as p
from ..coarse.existing import ExistingScores
from ..polygon_files import write
from ..polygons import Outline, Place, stream
from ..producing import classify_image as classify
from ..producing import refine_image as refine
from ..production import Made
from ..results import write_classes, write_scores
from ..score_maps import Grid
from .desk import Desk


def export_polygons(desk: Desk, request: p.ExportPolygons) -> None:
    """Write the polygons of a step."""
    source, grid = _scores(desk, request.step)
    _write_polygons(desk, ExistingScores(source, grid), request)


def vectorize(desk: Desk, request: p.Vectorize) -> None:
    """Write the polygons of a raster of scores."""
    _write_polygons(desk, ExistingScores(request.scores), request)


def _write_polygons(desk: Desk, scores: ExistingScores, request: p.ExportPolygons | p.Vectorize) -> None:
    try:
        outline = Outline(request.min_area_m2, request.tolerance_m, request.background)
        scheduler = request.scheduler if isinstance(request, p.Vectorize) else ""
        place = Place(Path(request.path).parent, scheduler or None)
        found = stream(scores, outline, place, desk.watch("Tracing polygons"))
        written = write(found, request.path, scores.grid.crs)
    finally:
        scores.close()
    warning = written.warning
    if not written.count:
        warning = "There is no polygon to write: the map is background everywhere. " + warning
    desk.send(p.Exported(request.path, written.count, warning.strip()))


def export_raster(desk: Desk, request: p.ExportRaster) -> None:
    """Write the classes of a step on the grid of the image."""
    source, grid = _scores(desk, request.step)
    write_classes(source, grid, request.path, desk.watch("Writing the class raster"))
    desk.send(p.Exported(request.path))


def export_scores(desk: Desk, request: p.ExportScores) -> None:
    """Write the probabilities of a step on the grid of the image."""
    source, grid = _scores(desk, request.step)
    write_scores(source, grid, request.path, desk.watch("Writing the scores"))
    desk.send(p.Exported(request.path))


def _scores(desk: Desk, step: int) -> tuple[str, Grid]:
    """Return the scores of a step, and the grid that they are to come back on."""
    return desk.session.path(desk.step(step).scores), desk.session.scene.image_grid


def classify_image(desk: Desk, request: p.ClassifyImage) -> None:
    """Classify a whole image into files."""
    _tell_made(desk, classify(request, desk.watch("Classifying")))


def refine_image(desk: Desk, request: p.RefineImage) -> None:
    """Refine the scores of a whole image into files."""
    _tell_made(desk, refine(request, desk.watch("Refining")))


def _tell_made(desk: Desk, made: Made) -> None:
    desk.send(p.Produced(made.classes, made.changed, " ".join(made.notices)))
