"""Where a map is doubtful: how unsure it is at each pixel, and the places that are most worth a look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..arrays.grid import Grid, Window
from ..arrays.score_maps import ScoreMaps, probabilities
from ..arrays.tiles import tiles
from ..runtime.progress import ProgressCallback

RADIUS_M = 4.0  # of a place: about what one stroke of the brush corrects
PIXELS = (3, 40)  # the fewest and the most that this may be
APART = 6.0  # radii between two places
EDGE = 0.5  # by how much a pixel beside a boundary between classes counts more
TILE_PX = 1024  # px


@dataclass(frozen=True)
class UncertainPlace:
    """A place worth a look: its pixel, how doubtful it is (0-1), and the two classes that it may be."""

    row: int
    column: int
    worth: float
    first: int
    second: int


def uncertainty(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the entropy of (classes, rows, columns) logits as a share of the largest that there is: 0 sure, 1 not."""
    chances = probabilities(scores)
    entropy = -(chances * np.log(np.maximum(chances, 1e-12))).sum(axis=0)
    return np.asarray(entropy / np.log(len(scores)), dtype=np.float32)


def place_radius(pixel_size_m: float | None) -> int:
    """Return the radius of a place in pixels, from the size of a pixel on the ground."""
    return int(np.clip(round(RADIUS_M / pixel_size_m), *PIXELS)) if pixel_size_m else 8


def find_uncertain_places(
    read: Callable[[Window], ScoreMaps], grid: Grid, pixel_size_m: float | None, count: int, watch: ProgressCallback
) -> list[UncertainPlace]:
    """Find the places that are most worth a label or a correction, the best first.

    A place is a disc of about `RADIUS_M`. It is worth the more, the more of its ground is unsure, and a little more
    along boundaries between classes; places keep `APART` radii from each other, so that they differ.

    Args:
        read: gives the scores of a window.
        grid: of the scene.
        pixel_size_m: on the ground; None: a radius of eight pixels.
        count: how many at most.
        watch: is told how far it is.
    """
    radius = place_radius(pixel_size_m)
    found: list[UncertainPlace] = []
    parts = list(tiles(grid.height, grid.width, TILE_PX, 2 * radius + 2))
    for n, part in enumerate(parts):
        found += _of_tile(read(part.outer), part.core, part.outer, radius, count)
        watch((n + 1) / len(parts))
    found.sort(key=lambda doubt: -doubt.worth)
    kept: list[UncertainPlace] = []
    for doubt in found:
        if all(np.hypot(doubt.row - k.row, doubt.column - k.column) >= APART * radius for k in kept):
            kept.append(doubt)
    return kept[:count]


def _of_tile(maps: ScoreMaps, core: Window, outer: Window, radius: int, count: int) -> list[UncertainPlace]:
    """Take the most doubtful place of a tile, mask its surroundings, and so on."""
    unsure = np.where(maps.valid, uncertainty(maps.scores), np.float32(0))
    best = maps.scores.argmax(axis=0)
    edge = ndimage.maximum_filter(best, 5) != ndimage.minimum_filter(best, 5)
    weighed = unsure * (1 + EDGE * edge) / (1 + EDGE)
    worth = ndimage.gaussian_filter(weighed, radius / 2, mode="constant", truncate=2) * maps.valid
    rows, columns = core.slices(outer)
    inside = np.zeros_like(worth)
    inside[rows, columns] = worth[rows, columns]
    order = np.argsort(maps.scores, axis=0)[-2:]
    found = []
    for _ in range(count):
        row, column = np.unravel_index(int(inside.argmax()), inside.shape)
        if inside[row, column] <= 0:
            break
        found.append(
            UncertainPlace(
                int(row) + outer.row,
                int(column) + outer.column,
                float(worth[row, column]),
                int(order[1, row, column]),
                int(order[0, row, column]),
            )
        )
        reach = int(np.ceil(APART * radius))
        inside[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1] = 0
    return found
