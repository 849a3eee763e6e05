"""Evaluation of score rasters and polygon files against labels, and its report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..io.files import refuse_inputs, write_whole
from ..runtime.progress import ProgressCallback, sub_progress
from .polygons import PolygonReport, evaluate_polygons, is_polygon_file, polygon_summary
from .scores import ScoreReport, evaluate_scores, score_summary

BOUNDARY = "2"  # px, boundary IoU distance shown by the plugin


@dataclass(frozen=True)
class FileEvaluation:
    """The accuracy of one file: its report entry and a one-line summary."""

    report: ScoreReport | PolygonReport
    summary: str
    scores: ScoreReport | None = None  # the report entry of a score raster


def evaluate_files(
    paths: Sequence[str], labels: str, target: str | Path, progress: ProgressCallback, scheduler: str | None = None
) -> list[FileEvaluation]:
    """Evaluate files one by one, and write the report after the last.

    Raises:
        LabelError: if the labels cannot be used.
    """
    refuse_inputs(target, labels, *paths)
    found: list[FileEvaluation] = []
    for n, path in enumerate(paths):
        part = sub_progress(progress, n / len(paths), 1 / len(paths))
        if is_polygon_file(path):
            polygons = evaluate_polygons(path, labels, part)
            found.append(FileEvaluation(polygons, polygon_summary(polygons)))
            part(1)
        else:
            scores = evaluate_scores(path, labels, part, scheduler)
            found.append(FileEvaluation(scores, score_summary(scores), scores))
    write_whole(target, (json.dumps([entry.report for entry in found], indent=2) + "\n").encode())
    return found
