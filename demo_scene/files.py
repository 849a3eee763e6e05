"""The files of a demo scene, written all together or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataSourceError
from scipy.ndimage import uniform_filter
from shapely.geometry import LineString, Polygon

from ..models.arrays.grid import Grid, Window
from ..models.errors import OutputError
from ..models.io.raster_writer import RasterWriter, class_writer
from ..models.io.rasterize import burn
from ..models.runtime.progress import ProgressCallback, sub_progress
from .land import polygons
from .scene import DemoScene, draw

CLASSES = ("background", "building", "road")
TILE_PX = 512
NO_LIGHT = 0  # NoData of the image; camera values are at least 1
TAUGHT_SHARES = (0.22, 0.14)  # target shares of buildings and roads on the labelled tile


@dataclass(frozen=True)
class DemoFiles:
    """Paths of the files of a demo scene."""

    scene: Path  # uint8 colour
    truth: Path  # polygons with a field `class`, and the outline with class `tile`
    tile: Path  # as `truth`, for one tile of 256 m
    labels: Path  # uint8 class indices
    osm_buildings: Path
    osm_roads: Path  # lines with `highway` and `width_m`


def write(folder: Path, size_px: int = 1500, seed: int = 7, watch: ProgressCallback = lambda _: None) -> DemoFiles:
    """Draw a demo scene and write its files into a folder, which is created if needed.

    Raises:
        OutputError: if the folder cannot be written; no files are left behind.
    """
    return save(draw(size_px, seed, sub_progress(watch, 0, 0.95)), folder)


def save(scene: DemoScene, folder: Path) -> DemoFiles:
    """Write the files of a scene into a folder: first into a hidden folder, then move each to its final name."""
    files = _named(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".demo_scene_", dir=folder) as hidden:
            _write_all(scene, _named(Path(hidden)))
            for part in sorted(Path(hidden).iterdir()):
                os.replace(part, folder / part.name)
    except (OSError, DataSourceError) as error:
        raise OutputError(f"The demo scene cannot be written to {folder}: {error}.") from error
    return files


def _named(folder: Path) -> DemoFiles:
    """Return the file paths in a folder."""
    names = ("scene.tif", "truth.gpkg", "tile.gpkg", "truth.tif", "osm_buildings.gpkg", "osm_roads.gpkg")
    return DemoFiles(*(folder / name for name in names))


def _write_all(scene: DemoScene, files: DemoFiles) -> None:
    """Write all files of a scene."""
    whole = Window(0, 0, scene.grid.height, scene.grid.width)
    with RasterWriter(files.scene, scene.grid, ("red", "green", "blue"), "uint8", NO_LIGHT) as raster:
        raster.write(scene.image.transpose(2, 0, 1), whole)
    labels = label_map(scene)
    with class_writer(files.labels, scene.grid, CLASSES) as raster:
        raster.write(labels[None], whole)
    _write_classes(files.truth, scene, scene.outline)
    _write_classes(files.tile, scene, _taught_tile(labels, scene.grid))
    homes, ways = scene.osm_buildings, scene.osm_roads
    _write_layer(files.osm_buildings, homes, "Polygon", scene.crs, building=["yes"] * len(homes))
    _write_layer(
        files.osm_roads,
        [way.line for way in ways],
        "LineString",
        scene.crs,
        highway=[way.kind for way in ways],
        width_m=[way.width_m for way in ways],
    )


def label_map(scene: DemoScene) -> NDArray[np.uint8]:
    """Return the truth as class indices (rows, columns)."""
    shapes = [(road, 2) for road in scene.roads] + [(building, 1) for building in scene.buildings]
    return burn(shapes, scene.grid).astype(np.uint8)


def _write_classes(path: Path, scene: DemoScene, tile: Polygon) -> None:
    """Write the truth inside a tile as an analyst would digitize it."""
    shapes, names = [tile], ["tile"]
    for name, areas in (("building", scene.buildings), ("road", scene.roads)):
        for area in areas:
            parts = [part for part in polygons(area.intersection(tile)) if part.area > 0.05]
            shapes += parts
            names += [name] * len(parts)
    _write_layer(path, shapes, "Polygon", scene.crs, **{"class": names})


def _taught_tile(labels: NDArray[np.uint8], grid: Grid) -> Polygon:
    """Return the outline of the tile with the class shares closest to `TAUGHT_SHARES`."""
    side = min(TILE_PX, *labels.shape)
    shares = [uniform_filter((labels == k).astype(np.float32), side) for k in (1, 2)]
    miss = sum(np.abs(share - wanted) for share, wanted in zip(shares, TAUGHT_SHARES, strict=True))
    room = slice(side // 2, side // 2 + labels.shape[0] - side + 1)
    row, column = np.unravel_index(np.argmin(np.asarray(miss)[room, room]), (room.stop - room.start,) * 2)
    tile = grid.crop(Window(int(row), int(column), side, side))
    return Polygon(tile.corners())


def _write_layer(
    path: Path, shapes: Sequence[Polygon | LineString], kind: str, crs: str, **fields: Sequence[str | float]
) -> None:
    """Write a layer of shapes with their fields."""
    columns = [
        np.array(values, dtype=object if isinstance(values[0], str) else np.float64) if values else np.array([])
        for values in fields.values()
    ]
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array(shapes, dtype=object)),
        field_data=columns,
        fields=list(fields),
        geometry_type=kind,
        crs=crs,
        driver="GPKG",
        layer=path.stem,
    )
