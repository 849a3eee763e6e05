"""Accuracy of score rasters against labels, by pixel and along boundaries."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from ..arrays.grid import Window
from ..arrays.score_maps import UNLABELLED, Labels, Mask, argmax_classes
from ..arrays.tiles import surround, tiles
from ..io.files import resolve_path
from ..io.raster_reader import environment
from ..io.score_raster import ScoreEncoding, ScoreRaster
from ..metrics.pixels import (
    DISTANCES,
    MAX_DISTANCE_PX,
    TOLERANCE_PX,
    TRIMAP_WIDTHS,
    ConfusionAccuracy,
    boundary_counts,
    confusion,
    ratio,
    relaxed_counts,
    trimap_confusion,
)
from ..runtime.dask_cluster import map_blocks
from ..runtime.progress import ProgressCallback, sub_progress
from ..scene.labels import read_labels
from ..training.holdout import present_classes

COUNTED = 512  # px, counted at once: less than a second, so that a cancel takes effect
MEASURED = 2048  # px, side of a block evaluated at once, locally or on a cluster


class Relaxed(TypedDict):
    """Precision and recall of a class with a distance tolerance; fractions are 0-1, or None if undefined."""

    tolerance_px: int
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class Edges:
    """The accuracy along boundaries; fractions are 0-1, or None for a class without labels.

    `boundary_iou` and `trimap_iou` are by distance in pixels and class, the latter also with the "mean" over classes;
    `relaxed` is by class, without the background.
    """

    boundary_iou: dict[str, dict[str, float | None]]
    trimap_iou: dict[str, dict[str, float | None]]
    relaxed: dict[str, Relaxed]


class ScoreReport(TypedDict):
    """The accuracy of one score raster, ready for JSON; fractions are 0-1, or None for a class without labels."""

    path: str
    classes: list[str]
    overall_accuracy: float
    average_accuracy: float
    kappa: float
    mean_iou: float
    iou: dict[str, float | None]
    boundary_iou: dict[str, dict[str, float | None]]
    trimap_iou: dict[str, dict[str, float | None]]
    relaxed: dict[str, Relaxed]
    confusion: list[list[int]]


@dataclass(frozen=True)
class Counts:
    """The counts of part of a map; the counts of all parts add up to those of the whole."""

    total: NDArray[np.int64]
    boundary: NDArray[np.int64]
    trimap: NDArray[np.int64]
    relaxed: NDArray[np.int64]
    labels: frozenset[int]  # class indices that occur in the labels

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.total + other.total,
            self.boundary + other.boundary,
            self.trimap + other.trimap,
            self.relaxed + other.relaxed,
            self.labels | other.labels,
        )


def evaluate_maps(scores: ScoreRaster, labels: Labels, progress: ProgressCallback) -> tuple[ConfusionAccuracy, Edges]:
    """Evaluate a score raster against labels on its grid, window by window.

    Raises:
        LabelError: if nothing is labelled, or an index has no class.
    """
    present_classes(labels, scores.classes)
    whole = Window(0, 0, scores.grid.height, scores.grid.width)
    return _figures(count(scores, labels, whole, whole, progress), scores.classes)


def count(scores: ScoreRaster, labels: Labels, window: Window, block: Window, progress: ProgressCallback) -> Counts:
    """Count a block against labels that cover the window `window`: the block and the margin that is read."""
    classes, grid = len(scores.classes), scores.grid
    found = Counts(
        np.zeros((classes, classes), dtype=np.int64),
        np.zeros((len(DISTANCES), classes, 2), dtype=np.int64),
        np.zeros((len(TRIMAP_WIDTHS), classes, classes), dtype=np.int64),
        np.zeros((classes, 2, 2), dtype=np.int64),
        frozenset(np.unique(labels[block.slices(window)]).tolist()) - {UNLABELLED},
    )
    parts = [part.core for part in tiles(block.height, block.width, COUNTED, 0)]
    for n, inside in enumerate(parts):
        core = Window(block.row + inside.row, block.column + inside.column, inside.height, inside.width)
        part = surround(core, grid.height, grid.width, MAX_DISTANCE_PX + 1)
        if (labels[core.slices(window)] != UNLABELLED).any():
            truth = labels[part.outer.slices(window)]
            maps, valid = scores.read(part.outer)
            predicted = np.where(valid, argmax_classes(maps), UNLABELLED).astype(np.uint8)
            inner = core.slices(part.outer)
            found += Counts(
                confusion(truth[inner], predicted[inner], classes),
                boundary_counts(truth, predicted, classes, inner),
                trimap_confusion(truth, predicted, classes, inner),
                relaxed_counts(truth, predicted, classes, inner),
                frozenset(),
            )
        progress((n + 1) / len(parts))
    return found


def _figures(found: Counts, classes: tuple[str, ...]) -> tuple[ConfusionAccuracy, Edges]:
    present_classes(np.array(sorted(found.labels), dtype=np.uint8), classes)
    known = found.total.sum(axis=1) > 0
    return ConfusionAccuracy(classes, found.total), _edges(classes, known, found.boundary, found.trimap, found.relaxed)


def _edges(
    classes: tuple[str, ...],
    known: Mask,
    boundary: NDArray[np.int64],
    trimap: NDArray[np.int64],
    relaxed: NDArray[np.int64],
) -> Edges:
    """Turn counts into fractions, or None for classes that are not `known` (without labels)."""
    bands = [ConfusionAccuracy(classes, counts) for counts in trimap]
    return Edges(
        boundary_iou={
            str(distance): {name: ratio(boundary[d, k]) if known[k] else None for k, name in enumerate(classes)}
            for d, distance in enumerate(DISTANCES)
        },
        trimap_iou={
            str(width): {
                **dict(zip(classes, band.iou, strict=True)),
                "mean": band.mean_iou if band.confusion.any() else None,
            }
            for width, band in zip(TRIMAP_WIDTHS, bands, strict=True)
        },
        relaxed={
            name: Relaxed(
                tolerance_px=TOLERANCE_PX,
                precision=ratio(relaxed[k, 0]) if known[k] else None,
                recall=ratio(relaxed[k, 1]) if known[k] else None,
            )
            for k, name in enumerate(classes)
            if k > 0
        },
    )


def evaluate_scores(path: str, labels: str, progress: ProgressCallback, scheduler: str | None = None) -> ScoreReport:
    """Evaluate a score raster against a raster of class indices, or a vector layer with a field `class`.

    The work is done block by block, locally or on a Dask cluster; only one block of labels is in memory at a time.

    Raises:
        LabelError: if the labels cannot be used.
    """
    with closing(ScoreRaster(path)) as scores:
        classes, grid, kind = scores.classes, scores.grid, scores.kind
    blocks = [tile.core for tile in tiles(grid.height, grid.width, MEASURED, 0)]
    measured = partial(_measured, resolve_path(path), kind, resolve_path(labels))
    found: list[Counts] = []
    if scheduler is None:
        for n, block in enumerate(blocks):
            found.append(measured(block, sub_progress(progress, n / len(blocks), 1 / len(blocks))))
    else:
        for counts in map_blocks(measured, blocks, scheduler):
            found.append(counts)
            progress(len(found) / len(blocks))
    return report(path, *_figures(sum(found[1:], found[0]), classes))


def _measured(
    path: str, kind: ScoreEncoding, labels: str, block: Window, progress: ProgressCallback = lambda _: None
) -> Counts:
    with environment(), closing(ScoreRaster(path, None, kind)) as scores:
        window = surround(block, scores.grid.height, scores.grid.width, MAX_DISTANCE_PX + 1).outer
        truth = read_labels(labels, scores.grid.crop(window), scores.classes)
        return count(scores, truth, window, block, progress)


def score_summary(entry: ScoreReport) -> str:
    """Return a one-line summary of the accuracy of a score raster."""
    by_class = ", ".join(f"{k} -" if value is None else f"{k} {value:.3f}" for k, value in entry["iou"].items())
    return f"OA {entry['overall_accuracy']:.4f}, mean IoU {entry['mean_iou']:.4f} ({by_class})"


def report(path: str, accuracy: ConfusionAccuracy, edges: Edges) -> ScoreReport:
    """Build the report entry of a score raster."""
    return ScoreReport(
        path=path,
        classes=list(accuracy.classes),
        overall_accuracy=accuracy.overall_accuracy,
        average_accuracy=accuracy.average_accuracy,
        kappa=accuracy.kappa,
        mean_iou=accuracy.mean_iou,
        iou=dict(zip(accuracy.classes, accuracy.iou, strict=True)),
        boundary_iou=edges.boundary_iou,
        trimap_iou=edges.trimap_iou,
        relaxed=edges.relaxed,
        confusion=accuracy.confusion.tolist(),
    )
