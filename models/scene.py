"""An image to be mapped: its working grid, its bands, and their statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from .bands import default_bands, spans
from .device import SMALLEST_TILE
from .errors import RasterError
from .ground import pixel_size_m
from .rasters.reading import GridReader, window_of
from .score_maps import Grid, Mask, Scores, Window

CLIP = 5.0  # standard deviations; a few broken pixels are not to shake the networks
KEPT_PIXELS = 4_000_000  # an image up to this size stays in memory between steps, if its bands are
KEPT_VALUES = 64_000_000  # no more than this together


@dataclass(frozen=True)
class Statistics:
    """The mean and standard deviation of each band, in the image's own units."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def towards(self, other: Statistics) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return gain and offset of each band that turn what is standardised by these into what is so by others."""
        std = np.array(other.std)
        gain = np.array(self.std) / std
        offset = (np.array(self.mean) - np.array(other.mean)) / std
        return gain.astype(np.float32), offset.astype(np.float32)


class Scene:
    """An open image, read as standardised float32 on the working grid.

    Each band is standardised by its own mean and deviation over the whole raster, so that 8-bit, 16-bit and float
    images of any sensor look alike to the networks, and an area of a raster looks as the whole does. Where a pixel has
    data in some bands alone, the others are at their mean.
    """

    def __init__(
        self,
        path: str | Path,
        bands: Sequence[int] = (),
        area: tuple[float, float, float, float] | None = None,
        pixel_size: float | None = None,
        statistics: Statistics | None = None,
    ) -> None:
        """Open an image.

        Args:
            path: any raster that rasterio reads.
            bands: 1-based; by default the first three that are not alpha; of many bands, all that are not bad.
            area: xmin, ymin, xmax, ymax in the image's CRS; by default all of it.
            pixel_size: of the working grid, in metres on the ground; by default the image's own.
            statistics: of the bands, where they have been measured before.

        Raises:
            RasterError: for a file, band, area or pixel size that cannot be had.
        """
        self.path = Path(path)
        self.area, self.asked_pixel_size_m = area, pixel_size
        with GridReader(path) as native:
            self.bands = tuple(bands) or default_bands(native)
            _check_bands(self.path.name, self.bands, len(native.band_names))
            self.statistics, empty = (statistics, ()) if statistics else measure_bands(native, self.bands)
            self.warning = (
                f"{self.path.name} has no data in band {spans(empty)}, which counts for nothing; leave it out."
                if empty else ""
            )  # fmt: skip
            window = window_of(native.grid, area) if area else Window(0, 0, native.grid.height, native.grid.width)
            self.image_grid = native.grid.crop(window)
        self.native_m = pixel_size_m(self.image_grid)
        self.grid = working_grid(self.image_grid, self.native_m, pixel_size, self.path.name)
        self.pixel_size_m = pixel_size_m(self.grid)
        finer = self.grid.width > self.image_grid.width
        self._reader = GridReader(path, self.grid, "bilinear" if finer else "average")
        self._kept: tuple[Scores, Mask] | None = None

    @property
    def is_small(self) -> bool:
        """Whether the image is kept in memory, and worked on whole."""
        pixels = self.grid.width * self.grid.height
        return pixels <= KEPT_PIXELS and pixels * len(self.bands) <= KEPT_VALUES

    def affordable(self, side: int) -> int:
        """Return the side of a tile, smaller where there are so many bands that memory would not do."""
        return min(side, max(SMALLEST_TILE, math.isqrt(KEPT_VALUES // len(self.bands)) // 64 * 64))

    def read(self, window: Window, shape: tuple[int, int] | None = None) -> tuple[Scores, Mask]:
        """Read (bands, rows, columns) standardised values, zero where there is no data, and where there is.

        A window is thinned out to another `shape` by averaging.
        """
        thinned = shape is not None and shape != (window.height, window.width)
        if thinned or not self.is_small:
            return self._read(window, shape)
        if self._kept is None:
            self._kept = self._read(Window(0, 0, self.grid.height, self.grid.width))
        rows, columns = window.slices()
        return self._kept[0][:, rows, columns], self._kept[1][rows, columns]

    def _read(self, window: Window, shape: tuple[int, int] | None = None) -> tuple[Scores, Mask]:
        values, known = self._reader.read_bands(self.bands, window, shape)
        valid = np.asarray(known.any(axis=0))
        if values.dtype.kind == "f":
            valid &= np.isfinite(values).all(axis=0)
        factor, offset = self._reader.scaling(self.bands)
        mean = (np.array(self.statistics.mean) - offset) / factor  # as the file has it
        std = np.array(self.statistics.std) / factor
        image = values.astype(np.float32)
        image -= mean.astype(np.float32)[:, None, None]
        image /= std.astype(np.float32)[:, None, None]
        np.clip(image, -CLIP, CLIP, out=image)
        image[:, ~valid] = 0
        if len(known) == len(image):
            image[~known] = 0
        return image, valid

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _check_bands(name: str, bands: Sequence[int], count: int) -> None:
    missing = [band for band in bands if not 1 <= band <= count]
    if missing:
        raise RasterError(f"{name} has {count} bands; there is no band {missing[0]}.")


def measure(reader: GridReader, bands: Sequence[int]) -> Statistics:
    """Measure the bands of a raster on a thinned-out sample of all of it.

    Raises:
        RasterError: where it has no data at all.
    """
    return measure_bands(reader, bands)[0]


def measure_bands(reader: GridReader, bands: Sequence[int]) -> tuple[Statistics, tuple[int, ...]]:
    """Measure bands as `measure` does, in strips that fit in memory; return also those without any data."""
    count, mean, squares = _moments(reader, bands, 1024)
    if not count.any():
        count, mean, squares = _moments(reader, bands, 8192)  # a thin scene in a wide frame slips through a coarse net
    if not count.any():
        raise RasterError(f"{reader.path.name} is NoData everywhere; choose an image with data in it.")
    factor, offset = (each.astype(np.float64) for each in reader.scaling(bands))
    std = np.sqrt(squares / np.maximum(1, count)) * np.abs(factor)
    statistics = Statistics(tuple((mean * factor + offset).tolist()), tuple(np.where(std > 0, std, 1.0).tolist()))
    return statistics, tuple(band for band, pixels in zip(bands, count, strict=True) if not pixels)


def _moments(reader: GridReader, bands: Sequence[int], most: int) -> tuple[NDArray[np.float64], ...]:
    """Return for each band how many pixels it has, their mean, and the sum of the squares around it [Chan 1979]."""
    count, mean, squares = np.zeros((3, len(bands)))
    for values, known in reader.samples(bands, most):
        known = np.broadcast_to(known, values.shape)
        if values.dtype.kind == "f":
            known = known & np.isfinite(values).all(axis=0)
        for n in range(len(bands)):
            kept = values[n][known[n]].astype(np.float64)
            if not kept.size:
                continue
            shift = kept.mean() - mean[n]
            total = count[n] + kept.size
            squares[n] += kept.var() * kept.size + shift**2 * count[n] * kept.size / total
            mean[n] += shift * kept.size / total
            count[n] = total
    return count, mean, squares


def working_grid(image: Grid, native_m: float | None, wanted_m: float | None, name: str) -> Grid:
    """Return the grid over the same ground whose pixels have the wanted size, to the nearest whole pixel.

    A size within two per cent of the image's own is the image's own: resampling would only blur.
    """
    if wanted_m is None:
        return image
    if not 0 < wanted_m < float("inf"):
        raise RasterError(f"The pixel size must be a positive number of metres; found {wanted_m}.")
    if native_m is None:
        raise RasterError(
            f"{name} has no CRS, so its pixels have no size in metres. Assign its CRS, or leave the pixel size out."
        )
    factor = wanted_m / native_m
    if abs(factor - 1) < 0.02:
        return image
    width, height = max(1, round(image.width / factor)), max(1, round(image.height / factor))
    if width * height > 4e11:
        raise RasterError(
            f"A pixel size of {wanted_m} m makes {width} x {height} pixels of {name}; choose a larger one."
        )
    return image.resized(width, height)
