"""Corrections by the user: polygons with a class, and their application to scores."""

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
    """Burn a layer of corrections in the order of its features, so that the last one counts if they overlap.

    Any polygons with a field `class` are accepted, in any CRS. `unsure` and `ignore` take back the corrections below
    them; the outline of a `tile` is ignored. Invalid geometries are repaired, and parts outside the grid are left out.

    Returns:
        Class indices on the grid, `UNLABELLED` without a correction.

    Raises:
        LabelError: if the file lacks the field, or has other classes.
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
    """Return (channels, rows, columns) with the logits of corrected pixels set to certainty.

    The channels after the classes, a refiner's hidden state, are unchanged.
    """
    known = corrections != UNLABELLED
    if not known.any():
        return scores
    bound: Scores = scores.copy()
    right = np.arange(classes)[:, None] == corrections[known]
    bound[:classes, known] = np.where(right, np.float32(0), np.float32(np.log(LOG_FLOOR)))
    return bound
