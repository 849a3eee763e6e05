"""Uncertainty of a map at each pixel, and its most uncertain places."""

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

RADIUS_M = 4.0  # of a place: about one stroke of the brush
PIXELS = (3, 40)  # smallest and largest radius
RADII_APART = 6.0  # minimum distance between two places, in radii
EDGE = 0.5  # extra weight of pixels near a boundary between classes
SEARCH_TILE_PX = 1024


@dataclass(frozen=True)
class UncertainPlace:
    """Uncertain place: its pixel, its score (0-1) and its two likeliest classes."""

    row: int
    column: int
    score: float
    first: int
    second: int


def uncertainty(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the normalised entropy of (classes, rows, columns) logits, from 0 (certain) to 1."""
    chances = probabilities(scores)
    entropy = -(chances * np.log(np.maximum(chances, 1e-12))).sum(axis=0)
    return np.asarray(entropy / np.log(len(scores)), dtype=np.float32)


def place_radius(pixel_size_m: float | None) -> int:
    """Return the radius of a place in pixels, from the pixel size in metres."""
    return int(np.clip(round(RADIUS_M / pixel_size_m), *PIXELS)) if pixel_size_m else 8


def find_uncertain_places(
    read: Callable[[Window], ScoreMaps], grid: Grid, pixel_size_m: float | None, count: int, progress: ProgressCallback
) -> list[UncertainPlace]:
    """Find the places that are most worth a label or a correction, best first.

    A place is a disc of about `RADIUS_M`. Its score grows with its uncertainty, and a little more along boundaries
    between classes. Places keep `RADII_APART` radii from each other, so that they differ.

    Args:
        read: returns the scores of a window.
        grid: of the scene.
        pixel_size_m: in metres; None: a radius of eight pixels.
        count: the maximum number of places.
        progress: called after each tile.
    """
    radius = place_radius(pixel_size_m)
    found: list[UncertainPlace] = []
    parts = list(tiles(grid.height, grid.width, SEARCH_TILE_PX, 2 * radius + 2))
    for n, part in enumerate(parts):
        found += _of_tile(read(part.outer), part.core, part.outer, radius, count)
        progress((n + 1) / len(parts))
    found.sort(key=lambda place: -place.score)
    kept: list[UncertainPlace] = []
    for place in found:
        if all(np.hypot(place.row - k.row, place.column - k.column) >= RADII_APART * radius for k in kept):
            kept.append(place)
    return kept[:count]


def _of_tile(maps: ScoreMaps, core: Window, outer: Window, radius: int, count: int) -> list[UncertainPlace]:
    """Take the most uncertain place of a tile, mask its surroundings, and repeat."""
    unsure = np.where(maps.valid, uncertainty(maps.scores), np.float32(0))
    best = maps.scores.argmax(axis=0)
    edge = ndimage.maximum_filter(best, 5) != ndimage.minimum_filter(best, 5)
    weighed = unsure * (1 + EDGE * edge) / (1 + EDGE)
    score = ndimage.gaussian_filter(weighed, radius / 2, mode="constant", truncate=2) * maps.valid
    rows, columns = core.slices(outer)
    inside = np.zeros_like(score)
    inside[rows, columns] = score[rows, columns]
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
                float(score[row, column]),
                int(order[1, row, column]),
                int(order[0, row, column]),
            )
        )
        reach = int(np.ceil(RADII_APART * radius))
        inside[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1] = 0
    return found
