"""What the analyst corrects by hand: polygons that say what a place is, and the scores that they bind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely

from ..arrays.grid import Grid
from ..arrays.score_maps import LOG_FLOOR, UNLABELLED, Labels, Scores
from ..errors import LabelError
from ..io.rasterize import burn
from ..io.vectors import read_shapes
from ..shared.conventions import CLASS_FIELD, IGNORE_CLASS, TILE_CLASS, UNSURE_CLASS


def read_corrections(path: str, grid: Grid, classes: Sequence[str]) -> Labels:
    """Burn a layer of corrections in the order of its features, so that the last one counts where they overlap.

    Any polygons with a field `class` will do, in any CRS: `unsure` and `ignore` take back what lies below them, the
    outline of a `tile` says nothing. What crosses itself is repaired, and what lies outside the grid is left out.

    Returns:
        Class indices on the grid, `UNLABELLED` where nothing is corrected.

    Raises:
        LabelError: for a file without the field, or with other classes.
    """
    shapes = read_shapes(path, grid, CLASS_FIELD)
    names = shapes.classes or ()
    values = {name: index for index, name in enumerate(classes)} | dict.fromkeys(
        (UNSURE_CLASS, IGNORE_CLASS), UNLABELLED
    )
    unknown = sorted(set(names) - set(values) - {TILE_CLASS})
    if unknown:
        found = ", ".join(repr(name) for name in unknown[:5])
        raise LabelError(
            "{name} has corrections of class {found}; the classes here are {classes}, and {unsure!r}.",
            name=Path(path.split("|")[0]).name,
            found=found,
            classes=", ".join(classes),
            unsure=UNSURE_CLASS,
        )
    pairs = [(shape, values[name]) for shape, name in zip(shapes.geometries, names, strict=True) if name in values]
    parts = [(part, value) for shape, value in pairs for part in shapely.get_parts(shapely.make_valid(shape))]
    flat = [(part, value) for part, value in parts if isinstance(part, (shapely.Polygon, shapely.MultiPolygon))]
    burnt: Labels = burn(flat, grid, UNLABELLED)
    return burnt


def apply_to_scores(scores: Scores, corrections: Labels, classes: int) -> Scores:
    """Return (channels, rows, columns) whose first channels, logits of the classes, are sure of what was corrected.

    The others, which are a refiner's memory, stay.
    """
    known = corrections != UNLABELLED
    if not known.any():
        return scores
    bound: Scores = scores.copy()
    right = np.arange(classes)[:, None] == corrections[known]
    bound[:classes, known] = np.where(right, np.float32(0), np.float32(np.log(LOG_FLOOR)))
    return bound
