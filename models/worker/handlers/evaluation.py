"""Accuracy evaluation of the steps of a run, and of files."""

from __future__ import annotations

from ...evaluate.report import BOUNDARY, evaluate_files
from ...evaluate.scores import ScoreReport, evaluate_maps
from ...io.score_raster import ScoreRaster
from ...runtime.progress import sub_progress
from ...scene.labels import read_labels
from ...shared import events, requests
from ..context import RequestContext


def on_evaluate(context: RequestContext, request: requests.Evaluate) -> None:
    """Evaluate every step of the run against labels."""
    session = context.session
    labels = read_labels(request.labels, session.scene.grid, session.classes)
    progress, count = context.progress("Evaluating the accuracy"), len(session.history)
    for n, step in enumerate(session.history):
        scores = ScoreRaster(session.path(step.scores))
        try:
            accuracy, edges = evaluate_maps(scores, labels, sub_progress(progress, n / count, 1 / count))
        finally:
            scores.close()
        near = tuple(edges.boundary_iou[BOUNDARY].values())
        pairs = tuple(map(tuple, accuracy.confusion.tolist()))
        figures = accuracy.overall_accuracy, accuracy.mean_iou, accuracy.iou, near, pairs
        context.send(events.Evaluated(step.index, session.classes, *figures))


def on_evaluate_files(context: RequestContext, request: requests.EvaluateFiles) -> None:
    """Evaluate files against labels, and write the report."""
    progress, scheduler = context.progress("Evaluating"), request.scheduler or None
    found = evaluate_files(request.scores, request.labels, request.report, progress, scheduler)
    for index, entry in enumerate(found):
        if entry.scores is not None:
            context.send(_evaluated(index, entry.scores))
    context.send(events.Exported(request.report))


def _evaluated(index: int, entry: ScoreReport) -> events.Evaluated:
    near = tuple(entry["boundary_iou"][BOUNDARY].values())
    iou = tuple(entry["iou"].values())
    return events.Evaluated(
        index,
        tuple(entry["classes"]),
        overall_accuracy=entry["overall_accuracy"],
        mean_iou=entry["mean_iou"],
        iou=iou,
        boundary_iou=near,
    )
