"""Measuring the accuracy: of the steps of a run, and of files."""

from __future__ import annotations

from .. import protocol as p
from ..assess import BOUNDARY
from ..assess import assess as assess_files
from ..coarse.existing import ExistingScores
from ..labels import read_labels
from ..progress import share
from ..results import evaluate as measure
from .desk import Desk


def evaluate(desk: Desk, request: p.Evaluate) -> None:
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
        desk.send(p.Evaluated(step.index, session.classes, *figures))


def assess(desk: Desk, request: p.Assess) -> None:
    """Measure files against labels, and write the report."""
    watch, scheduler = desk.watch("Measuring"), request.scheduler or None
    for entry in assess_files(request.scores, request.labels, request.report, watch, scheduler):
        if entry.event is not None:
            desk.send(entry.event)
    desk.send(p.Exported(request.report))
