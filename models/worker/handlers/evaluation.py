"""Measuring the accuracy: of the steps of a run, and of files."""

from __future__ import annotations

from ...evaluate.report import BOUNDARY
from ...evaluate.report import assess as assess_files
from ...evaluate.scores import Report
from ...evaluate.scores import evaluate as measure
from ...io.score_raster import ExistingScores
from ...runtime.progress import share
from ...scene.labels import read_labels
from ...shared import events, requests
from ..context import Desk


def evaluate(desk: Desk, request: requests.Evaluate) -> None:
    """Measure every step of the run against labels."""
    session = desk.session
    labels = read_labels(request.labels, session.scene.grid, session.classes)
    watch, count = desk.watch("Measuring the accuracy"), len(session.history)
    for n, step in enumerate(session.history):
        scores = ExistingScores(session.path(step.scores))
        try:
            accuracy, edges = measure(scores, labels, share(watch, n / count, 1 / count))
        finally:
            scores.close()
        near = tuple(edges.boundary_iou[BOUNDARY].values())
        pairs = tuple(map(tuple, accuracy.confusion.tolist()))
        figures = accuracy.overall_accuracy, accuracy.mean_iou, accuracy.iou, near, pairs
        desk.send(events.Evaluated(step.index, session.classes, *figures))


def assess(desk: Desk, request: requests.Assess) -> None:
    """Measure files against labels, and write the report."""
    watch, scheduler = desk.watch("Measuring"), request.scheduler or None
    found = assess_files(request.scores, request.labels, request.report, watch, scheduler)
    for index, entry in enumerate(found):
        if entry.scores is not None:
            desk.send(_evaluated(index, entry.scores))
    desk.send(events.Exported(request.report))


def _evaluated(index: int, entry: Report) -> events.Evaluated:
    near = tuple(entry["boundary_iou"][BOUNDARY].values())
    iou = tuple(entry["iou"].values())
    return events.Evaluated(index, tuple(entry["classes"]), entry["overall_accuracy"], entry["mean_iou"], iou, near)
