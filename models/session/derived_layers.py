"""Derived layers of a step: its uncertainty, and its changes of class."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ..arrays.grid import Window
from ..arrays.score_maps import UNLABELLED, ScoreMaps
from ..arrays.tiles import tiles
from ..errors import RefinerError
from ..io.raster_reader import GridReader
from ..io.raster_writer import NODATA, class_writer, score_writer
from ..runtime.progress import ProgressCallback
from ..shared.conventions import CHANGE, DERIVED_LAYERS, UNCERTAINTY
from .session import Session
from .uncertainty import SEARCH_TILE_PX, find_uncertain_places, place_radius, uncertainty

RADII_FROM_CORRECTIONS = 2  # minimum distance of an uncertain place from a correction, in radii


@dataclass(frozen=True)
class UncertainPlaces:
    """The most uncertain places of a step, the most uncertain first."""

    places: tuple[tuple[float, float, float, int, int], ...]  # x, y in the image's CRS, score 0-1, likeliest classes
    radius: float  # of a place, in units of the CRS


def write_derived_layer(session: Session, step: int, view: str, path: str, progress: ProgressCallback) -> None:
    """Write a derived layer of a step as a raster on the working grid.

    Uncertainty is from 0 to 1. Changes are the class indices of the step wherever they differ from the step before or
    from the coarse map, and NoData elsewhere.

    Raises:
        RefinerError: if there is no step or view of this name.
    """
    if view not in DERIVED_LAYERS:
        raise RefinerError("There is no view {view!r}; there are {views}.", view=view, views=", ".join(DERIVED_LAYERS))
    if not 0 <= step < len(session.history):
        raise RefinerError(
            "There is no step {step}; the last one is {number}.", step=step, number=len(session.history) - 1
        )
    if view == UNCERTAINTY:
        _write_uncertainty(session, step, path, progress)
    elif step == 0:
        raise RefinerError("This is the coarse map: nothing has changed yet. Make a step first.")
    else:
        _write_change(session, step, step - 1 if view == CHANGE else 0, path, progress)


def _write_uncertainty(session: Session, step: int, path: str, progress: ProgressCallback) -> None:
    grid = session.scene.grid
    parts = [tile.core for tile in tiles(grid.height, grid.width, SEARCH_TILE_PX, 0)]
    with score_writer(path, grid, [UNCERTAINTY], session.scene.pixel_size_m) as writer:
        for n, window in enumerate(parts):
            maps = session.maps(step, window)
            unsure = uncertainty(session.corrected(maps.scores, window))
            writer.write(np.where(maps.valid, unsure, np.float32(NODATA))[None], window)
            progress((n + 1) / len(parts))


def _write_change(session: Session, step: int, since: int, path: str, progress: ProgressCallback) -> None:
    grid = session.scene.grid
    parts = [tile.core for tile in tiles(grid.height, grid.width, SEARCH_TILE_PX, 0)]
    rasters = [session.path(session.history[index].classes_raster) for index in (step, since)]
    with (
        GridReader(rasters[0]) as now,
        GridReader(rasters[1]) as before,
        class_writer(path, grid, session.classes) as writer,
    ):
        for n, window in enumerate(parts):
            new, old = now.read([1], window)[0], before.read([1], window)[0]
            writer.write(np.where(new != old, new, UNLABELLED).astype(np.uint8), window)
            progress((n + 1) / len(parts))


def uncertain_places(session: Session, step: int, count: int, progress: ProgressCallback) -> UncertainPlaces:
    """Find the most uncertain places of a step, except at or near corrections."""
    grid, size = session.scene.grid, session.scene.pixel_size_m
    across = 2 * RADII_FROM_CORRECTIONS * place_radius(size) + 1

    def read(window: Window) -> ScoreMaps:
        maps = session.maps(step, window)
        if session.corrections is None:
            return maps
        near = ndimage.maximum_filter(session.corrections[window.slices()] != UNLABELLED, across)
        return replace(maps, valid=maps.valid & ~near)

    found = [
        (*grid.point(place.column + 0.5, place.row + 0.5), place.score, place.first, place.second)
        for place in find_uncertain_places(read, grid, size, count, progress)
    ]
    return UncertainPlaces(tuple(found), place_radius(size) * math.hypot(grid.transform[0], grid.transform[3]))
