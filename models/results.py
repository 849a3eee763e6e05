"""What leaves a run: score and class rasters on the grid of the image, and the accuracy against labels."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

import numpy as np

from .coarse.existing import ExistingScores
from .metrics import DISTANCES, Accuracy, boundary_counts, confusion, ratio
from .progress import Watch
from .rasters import NODATA, class_writer, score_writer
from .score_maps import UNLABELLED, Grid, Labels, probabilities
from .tiles import surround, tiles
from .training import present_classes

BLOCK = 1024  # px


class Report(TypedDict):
    """The accuracy of one score raster, ready for JSON; fractions are 0-1, None for a class without labels."""

    path: str
    classes: list[str]
    overall_accuracy: float
    average_accuracy: float
    kappa: float
    mean_iou: float
    iou: dict[str, float | None]
    boundary_iou: dict[str, dict[str, float | None]]
    confusion: list[list[int]]


def write_scores(source: str | Path, grid: Grid, path: str | Path, watch: Watch) -> None:
    """Write a raster of scores as probabilities on another grid, interpolated bilinearly where the pixels differ."""
    scores = ExistingScores(source, grid)
    try:
        with score_writer(path, grid, scores.classes, scores.pixel_size_m) as writer:
            windows = [tile.core for tile in tiles(grid.height, grid.width, BLOCK, 0)]
            for n, window in enumerate(windows):
                maps, valid = scores.read(window)
                writer.write(np.where(valid, probabilities(maps), np.float32(NODATA)), window)
                watch((n + 1) / len(windows))
    finally:
        scores.close()


def write_classes(source: str | Path, grid: Grid, path: str | Path, watch: Watch) -> None:
    """Write the best class of each pixel of a grid, from a raster of scores."""
    scores = ExistingScores(source, grid)
    try:
        with class_writer(path, grid, scores.classes) as writer:
            windows = [tile.core for tile in tiles(grid.height, grid.width, BLOCK, 0)]
            for n, window in enumerate(windows):
                maps, valid = scores.read(window)
                writer.write(np.where(valid, maps.argmax(axis=0), UNLABELLED).astype(np.uint8)[None], window)
                watch((n + 1) / len(windows))
    finally:
        scores.close()


def evaluate(
    scores: ExistingScores, labels: Labels, watch: Watch
) -> tuple[Accuracy, dict[str, dict[str, float | None]]]:
    """Measure score maps against labels on their grid.

    Returns:
        The accuracy, and the boundary IoU by distance in pixels and class.

    Raises:
        LabelError: where nothing is labelled, or an index has no class.
    """
    present_classes(labels, scores.classes)
    grid, count, halo = scores.grid, len(scores.classes), max(DISTANCES) + 1
    total = np.zeros((count, count), dtype=np.int64)
    edges = np.zeros((len(DISTANCES), count, 2), dtype=np.int64)
    parts = [surround(tile.core, grid.height, grid.width, halo) for tile in tiles(grid.height, grid.width, BLOCK, 0)]
    for n, part in enumerate(parts):
        truth = labels[part.outer.slices()]
        if (truth != UNLABELLED).any():
            maps, valid = scores.read(part.outer)
            predicted = np.where(valid, maps.argmax(axis=0), UNLABELLED).astype(np.uint8)
            core = part.core.slices(part.outer)
            total += confusion(truth[core], predicted[core], count)
            edges += boundary_counts(truth, predicted, count, core)
        watch((n + 1) / len(parts))
    known = total.sum(axis=1) > 0
    boundary = {
        str(distance): {name: ratio(edges[d, k]) if known[k] else None for k, name in enumerate(scores.classes)}
        for d, distance in enumerate(DISTANCES)
    }
    return Accuracy(scores.classes, total), boundary


def report(path: str, accuracy: Accuracy, boundary: dict[str, dict[str, float | None]]) -> Report:
    """Put an accuracy into the form of the report."""
    return Report(
        path=path,
        classes=list(accuracy.classes),
        overall_accuracy=accuracy.overall_accuracy,
        average_accuracy=accuracy.average_accuracy,
        kappa=accuracy.kappa,
        mean_iou=accuracy.mean_iou,
        iou=dict(zip(accuracy.classes, accuracy.iou, strict=True)),
        boundary_iou=boundary,
        confusion=accuracy.confusion.tolist(),
    )
