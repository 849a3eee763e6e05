"""Windowed reading of raster bands on a given grid."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError
from rasterio.enums import ColorInterp, MaskFlags, Resampling
from rasterio.errors import NodataShadowWarning, NotGeoreferencedWarning, RasterioError
from rasterio.vrt import WarpedVRT
from typing_extensions import Self

from ..arrays.grid import Grid, Window
from ..arrays.score_maps import Mask
from ..errors import RasterError
from .files import is_local_file

CACHE_BYTES = 64_000_000  # GDAL's block cache; its default, a share of the memory, would exceed the worker's own limit
WIDE = ("int64", "uint64")  # GDAL warps these without their NoData
MOST_RESIDUAL_PX = 1.0  # of ground control points from the transform that replaces them
SAMPLED_VALUES = 16_000_000  # maximum number of values sampled at once for statistics


def environment() -> Any:
    """Return the rasterio environment of the process, with a small block cache; silence one warning of rasterio."""
    warnings.filterwarnings("ignore", category=NodataShadowWarning)  # alpha and NoData both count here
    return rasterio.Env(
        GDAL_CACHEMAX=CACHE_BYTES, GDAL_NUM_THREADS="2", GDAL_TIFF_INTERNAL_MASK=True, ZLEVEL_OVERVIEW="1"
    )


class GridReader:
    """A reader of raster bands on a given grid, resampled if the grids differ."""

    def __init__(self, path: str | Path, grid: Grid | None = None, how: str = "average") -> None:
        """Open a raster; `how` is the resampling (average, bilinear, nearest) used if the grids differ."""
        self.path = Path(path)
        self._source = open_raster(path)
        try:
            self.native = grid_of(self._source)
            self.grid = grid or self.native
            self._offset = _offset(self.native, self.grid)
            self._alpha = _alpha_band(self._source)
            self._views = self._open_views(how)
            self._view = self._views[0]
            # Between pixels, interpolation would extend the data into the NoData next to it.
            self._masks = self._open_views("nearest") if how == "bilinear" else self._views
        except BaseException:
            self._source.close()
            raise

    def _open_views(self, how: str) -> list[Any]:
        """Return a view for each band, or one for all: the source, or the source warped with the NoData of the band."""
        if self._offset is not None:
            return [self._source]
        values = self._source.nodatavals
        if len(set(map(repr, values))) == 1:  # repr, because NaN differs from itself
            return [self._warped(how, values[0])]
        return [self._warped(how, value) for value in values]

    def _warped(self, how: str, nodata: float | None) -> Any:
        if not (self.native.crs and self.grid.crs):
            raise RasterError(
                "{path_name} has {native_width} x {native_height} pixels and the scene {grid_width} x "
                "{grid_height}; without a CRS on both, their sizes must be equal.",
                path_name=self.path.name,
                native_width=self.native.width,
                native_height=self.native.height,
                grid_width=self.grid.width,
                grid_height=self.grid.height,
            )
        has_mask = nodata is not None or ColorInterp.alpha in self._source.colorinterp
        more: dict[str, Any] = {"dtype": "float64"} if any(kind in WIDE for kind in self._source.dtypes) else {}
        if nodata is not None:
            more |= {"src_nodata": nodata, "nodata": nodata}
        if len(set(map(repr, self._source.nodatavals))) > 1:
            more["UNIFIED_SRC_NODATA"] = "NO"  # a band without data counts, whatever the others hold
        try:
            return WarpedVRT(
                self._source,
                src_crs=self.native.crs,
                src_transform=rasterio.Affine(*self.native.transform),
                crs=self.grid.crs,
                transform=rasterio.Affine(*self.grid.transform),
                width=self.grid.width,
                height=self.grid.height,
                resampling=Resampling[how],
                tolerance=0.01,  # px; between CRSs, the default of an eighth of a pixel shows at seams
                add_alpha=not has_mask,
                **more,
            )
        except (RasterioError, CPLE_BaseError) as error:
            raise RasterError(
                "{path_name} cannot be warped to the grid of the scene: {error}.", path_name=self.path.name, error=error
            ) from error

    def read(
        self, bands: Sequence[int], window: Window, shape: tuple[int, int] | None = None
    ) -> tuple[NDArray[Any], Mask]:
        """Read (bands, rows, columns), averaged to `shape` if given, and the mask of pixels with data in any band."""
        array, mask = self.read_bands(bands, window, shape)
        return array, _any(array, mask)

    def read_bands(
        self, bands: Sequence[int], window: Window, shape: tuple[int, int] | None = None
    ) -> tuple[NDArray[Any], Mask]:
        """Read as `read` does, but with a mask per band, or one mask (1, rows, columns) for all bands."""
        array = self.values(bands, window, shape)
        part, shape = self._native(window), array.shape[1:]
        try:
            mask = _joined([self._mask(view, each, part, shape) for view, each in _by_view(self._masks, bands)]) != 0
            if self._alpha:
                mask = mask & (self._masks[0].read([self._alpha], window=part, out_shape=(1, *shape)) != 0)
        except RasterioError as error:
            raise RasterError(
                "{path_name} cannot be read to its end: {error}.", path_name=self.path.name, error=error
            ) from error
        return array, mask

    def _mask(self, view: Any, bands: list[int], part: Any, shape: tuple[int, ...]) -> NDArray[Any]:
        """Read the masks of bands of a view, or one for all from the alpha band that the warp added."""
        if view.count > self._source.count:  # GDAL uses this alpha band as the mask of byte rasters only
            return np.asarray(view.read([view.count], window=part, out_shape=(1, *shape)))
        return np.asarray(view.read_masks(bands, window=part, out_shape=(len(bands), *shape)))

    def values(self, bands: Sequence[int], window: Window, shape: tuple[int, int] | None = None) -> NDArray[Any]:
        """Read only (bands, rows, columns), averaged to `shape` if given; masks would double the cost."""

        def how(each: Sequence[int]) -> dict[str, Any]:
            return {} if shape is None else {"out_shape": (len(each), *shape), "resampling": Resampling.average}

        try:
            part = self._native(window)
            return _joined([view.read(each, window=part, **how(each)) for view, each in _by_view(self._views, bands)])
        except RasterioError as error:
            raise RasterError(
                "{path_name} cannot be read to its end: {error}.", path_name=self.path.name, error=error
            ) from error

    def _native(self, window: Window) -> Any:
        row, column = self._offset or (0, 0)
        return rasterio.windows.Window(window.column + column, window.row + row, window.width, window.height)

    def sample(self, bands: Sequence[int], most: int = 1024) -> tuple[NDArray[Any], Mask]:
        """Read the whole raster, thinned by nearest neighbour to at most `most` pixels per side."""
        parts = list(self.samples(bands, most, math.inf))
        array, mask = parts[0]
        return array, _any(array, mask)

    def samples(
        self, bands: Sequence[int], most: int = 1024, values: float = SAMPLED_VALUES
    ) -> Iterator[tuple[NDArray[Any], Mask]]:
        """Yield the data of `sample` in strips of at most about `values` values, with a mask per band."""
        factor = max(1.0, max(self.native.width, self.native.height) / most)
        height, width = max(1, round(self.native.height / factor)), max(1, round(self.native.width / factor))
        rows = int(max(1, min(height, values / (len(bands) * width))))
        with self._without_overviews() as source:
            yield from self._strips(source, bands, (height, width), rows)

    def _strips(
        self, source: Any, bands: Sequence[int], size: tuple[int, int], rows: int
    ) -> Iterator[tuple[NDArray[Any], Mask]]:
        height, width = size
        for first in range(0, height, rows):
            count = min(rows, height - first)
            scale = self.native.height / height
            part = rasterio.windows.Window(0, first * scale, self.native.width, count * scale)
            shape = (len(bands), count, width)
            try:
                array = source.read(list(bands), window=part, out_shape=shape)
                mask = source.read_masks(list(bands), window=part, out_shape=shape) != 0
                if self._alpha:
                    mask = mask & (source.read([self._alpha], window=part, out_shape=(1, *shape[1:])) != 0)
            except RasterioError as error:
                raise RasterError(
                    "{path_name} cannot be read to its end: {error}.", path_name=self.path.name, error=error
                ) from error
            yield array, mask

    @contextmanager
    def _without_overviews(self) -> Iterator[Any]:
        """Yield the source for thinned reading: overviews may be averages, or older than the raster."""
        if not self._source.overviews(1):
            yield self._source
            return
        with anywhere():
            source = rasterio.open(self._source.name, OVERVIEW_LEVEL="NONE")
        with source:
            yield source

    @property
    def band_names(self) -> tuple[str | None, ...]:
        """The descriptions of all bands."""
        return tuple(self._source.descriptions)

    @property
    def dtype(self) -> str:
        """The data type of the first band, as a NumPy name."""
        return str(self._source.dtypes[0])

    @property
    def nodata(self) -> float | None:
        """The NoData value, or None."""
        value = self._source.nodata
        return None if value is None else float(value)

    def colour_bands(self) -> tuple[int, ...]:
        """Return the 1-based numbers of the bands that are not alpha."""
        kinds = self._source.colorinterp
        return tuple(n for n, kind in enumerate(kinds, start=1) if kind != ColorInterp.alpha)

    def has_palette(self, bands: Sequence[int]) -> bool:
        """Return whether one of the bands holds indices of a colour table."""
        return any(self._source.colorinterp[band - 1] == ColorInterp.palette for band in bands)

    def tag(self, name: str, domain: str | None = None) -> str | None:
        """Return a tag of the file, or None."""
        value = self._source.tags(ns=domain).get(name)
        return None if value is None else str(value)

    def band_tags(self, band: int, domain: str | None = None) -> dict[str, str]:
        """Return the tags of a band."""
        return dict(self._source.tags(band, ns=domain))

    def scaling(self, bands: Sequence[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the factor and offset per band that convert stored values to physical units."""
        factors, offsets = (
            np.array([each[band - 1] for band in bands], dtype=np.float32)
            for each in (self._source.scales, self._source.offsets)
        )
        return np.where(factors == 0, 1, factors), offsets

    def close(self) -> None:
        """Close the file."""
        for view in {*self._views, *self._masks}:
            if view is not self._source:
                view.close()
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _by_view(views: Sequence[Any], bands: Sequence[int]) -> list[tuple[Any, list[int]]]:
    """Return the views to read, each with its bands, in the order of `bands`."""
    if len(views) == 1:
        return [(views[0], list(bands))]
    return [(views[band - 1], [band]) for band in bands]


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Concatenate bands, without a copy of the usual single part."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _alpha_band(source: Any) -> int:
    """Return the 1-based number of the alpha band that GDAL does not use as the mask, or 0 if there is none."""
    kinds = source.colorinterp
    if ColorInterp.alpha not in kinds or MaskFlags.alpha in source.mask_flag_enums[0]:
        return 0
    return int(kinds.index(ColorInterp.alpha)) + 1


def _any(array: NDArray[Any], mask: Mask) -> Mask:
    """Return the mask of pixels that have data in any band and finite values in all."""
    known = np.asarray(mask.any(axis=0))
    return known & np.isfinite(array).all(axis=0) if array.dtype.kind == "f" else known


def open_raster(path: str | Path) -> Any:
    """Open a raster for reading; raise RasterError if it cannot be read or has no bands."""
    if is_local_file(str(path)) and not Path(path).exists():
        raise RasterError("There is no file {path}.", path=path)
    try:
        with anywhere():
            source = rasterio.open(path)
    except RasterioError as error:
        raise RasterError(
            "{name} is not a raster that can be read: {error}.", name=Path(path).name, error=error
        ) from error
    if source.count == 0:
        raise RasterError("{name} holds no band; it may hold layers: name one of them.", name=Path(path).name)
    if any(np.dtype(kind).kind == "c" for kind in source.dtypes):
        raise RasterError("{name} has complex values; convert it to amplitudes first.", name=Path(path).name)
    if source.transform.is_degenerate:
        raise RasterError(
            "{name} has pixels without a size: {value}.", name=Path(path).name, value=tuple(source.transform)[:6]
        )
    return source


@contextmanager
def anywhere() -> Iterator[None]:
    """Suppress the warning about rasters without georeferencing, which are accepted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def grid_of(source: Any) -> Grid:
    """Return the grid of an open raster."""
    points, points_crs = source.gcps
    if points and source.transform.is_identity:
        transform, crs = _fit(points, Path(source.name).name), points_crs
    else:
        transform, crs = source.transform, source.crs
    return Grid(crs.to_wkt() if crs else "", tuple(transform)[:6], source.width, source.height)


def _fit(points: Sequence[Any], name: str) -> rasterio.Affine:
    """Return the transform of a raster that is placed by ground control points.

    Raises:
        RasterError: if the points need more than an affine transform.
    """
    transform = rasterio.transform.from_gcps(points)
    away = max(math.dist(~transform * (point.x, point.y), (point.col, point.row)) for point in points)
    if not away <= MOST_RESIDUAL_PX:
        raise RasterError(
            "{name} is placed by {count} ground control points that are up to {away:.1f} pixels from a straight grid. "
            "Warp it first, with the Georeferencer or gdalwarp.",
            name=name,
            count=len(points),
            away=away,
        )
    return transform


def _offset(native: Grid, grid: Grid) -> tuple[int, int] | None:
    """Return the row and column of `grid` in `native`, or None if `grid` is not a window of its pixels."""
    if native.crs and grid.crs and native.crs != grid.crs and not _same_crs(native.crs, grid.crs):
        return None
    column, row = ~rasterio.Affine(*native.transform) * grid.point(0, 0)
    start = Window(round(row), round(column), grid.height, grid.width)
    inside = (
        start.row >= 0
        and start.column >= 0
        and start.row + start.height <= native.height
        and start.column + start.width <= native.width
    )
    return (start.row, start.column) if inside and native.crop(start).matches(grid) else None


def _same_crs(one: str, other: str) -> bool:
    return bool(rasterio.CRS.from_wkt(one) == rasterio.CRS.from_wkt(other))


def window_of(grid: Grid, area: tuple[float, float, float, float]) -> Window:
    """Return the window of pixels that a rectangle (xmin, ymin, xmax, ymax) in the grid's CRS touches.

    Raises:
        RasterError: if the rectangle is not finite or lies outside the grid.
    """
    xmin, ymin, xmax, ymax = area
    inverse = ~rasterio.Affine(*grid.transform)
    places = [inverse * corner for corner in ((xmin, ymin), (xmax, ymin), (xmax, ymax), (xmin, ymax))]
    if not all(math.isfinite(value) for place in places for value in place):
        raise RasterError("The area {area} is not a rectangle.", area=area)
    snap = 1e-6  # of a pixel, so that rounding does not enlarge an area along pixel edges
    left, right = min(p[0] for p in places) + snap, max(p[0] for p in places) - snap
    top, bottom = min(p[1] for p in places) + snap, max(p[1] for p in places) - snap
    column, row = max(0, math.floor(left)), max(0, math.floor(top))
    width = min(grid.width, math.ceil(right)) - column
    height = min(grid.height, math.ceil(bottom)) - row
    if width < 1 or height < 1:
        raise RasterError("The area lies outside the raster; draw it over the raster layer.")
    return Window(row, column, height, width)
