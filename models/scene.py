"""An image to be mapped: its working grid, its bands, and their statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from typing_extensions import Self

from .errors import RasterError
from .ground import pixel_size_m
from .rasters import GridReader, window_of
from .score_maps import Grid, Mask, Scores, Window

CLIP = 5.0  # standard deviations; a few broken pixels are not to shake the networks
KEPT_PIXELS = 4_000_000  # an image up to this size stays in memory between steps


@dataclass(frozen=True)
class Statistics:
    """The mean and standard deviation of each band, in the image's own units."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


class Scene:
    """An open image, read as standardised float32 on the working grid.

    Each band is standardised by its own mean and deviation over the whole raster, so that 8-bit, 16-bit and float
    images of any sensor look alike to the networks, and an area of a raster looks as the whole does.
    """

    def __init__(
        self,
        path: str | Path,
        bands: Sequence[int] = (),
        area: tuple[float, float, float, float] | None = None,
        pixel_size: float | None = None,
    ) -> None:
        """Open an image.

        Args:
            path: any raster that rasterio reads.
            bands: 1-based; by default the first three that are not alpha.
            area: xmin, ymin, xmax, ymax in the image's CRS; by default all of it.
            pixel_size: of the working grid, in metres on the ground; by default the image's own.

        Raises:
            RasterError: for a file, band, area or pixel size that cannot be had.
        """
        self.path = Path(path)
        self.area, self.asked_pixel_size_m = area, pixel_size
        with GridReader(path) as native:
            self.bands = tuple(bands) or native.colour_bands()[:3]
            _check_bands(self.path.name, self.bands, len(native.band_names))
            self.statistics = measure(native, self.bands)
            window = window_of(native.grid, area) if area else Window(0, 0, native.grid.height, native.grid.width)
            self.image_grid = native.grid.crop(window)
        self.native_m = pixel_size_m(self.image_grid)
        self.grid = working_grid(self.image_grid, self.native_m, pixel_size, self.path.name)
        self.pixel_size_m = pixel_size_m(self.grid)
        finer = self.grid.width > self.image_grid.width
        self._reader = GridReader(path, self.grid, "bilinear" if finer else "average")
        self._kept: tuple[Scores, Mask] | None = None

    def read(self, window: Window, shape: tuple[int, int] | None = None) -> tuple[Scores, Mask]:
        """Read (bands, rows, columns) standardised values, zero where there is no data, and where there is.

        A window is thinned out to another `shape` by averaging.
        """
        thinned = shape is not None and shape != (window.height, window.width)
        if thinned or self.grid.width * self.grid.height > KEPT_PIXELS:
            return self._read(window, shape)
        if self._kept is None:
            self._kept = self._read(Window(0, 0, self.grid.height, self.grid.width))
        rows, columns = window.slices()
        return self._kept[0][:, rows, columns], self._kept[1][rows, columns]

    def _read(self, window: Window, shape: tuple[int, int] | None = None) -> tuple[Scores, Mask]:
        values, valid = self._reader.read(self.bands, window, shape)
        mean = np.array(self.statistics.mean, dtype=np.float32)[:, None, None]
        std = np.array(self.statistics.std, dtype=np.float32)[:, None, None]
        image = np.clip((values.astype(np.float32) - mean) / std, -CLIP, CLIP)
        return np.where(valid, image, np.float32(0)), valid

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
    values, valid = reader.sample(bands)
    if not valid.any():
        values, valid = reader.sample(bands, most=8192)  # a thin scene in a wide frame slips through a coarse net
    if not valid.any():
        raise RasterError(f"{reader.path.name} is NoData everywhere; choose an image with data in it.")
    kept = values[:, valid].astype(np.float64)
    std = kept.std(axis=1)
    return Statistics(tuple(kept.mean(axis=1).tolist()), tuple(np.where(std > 0, std, 1.0).tolist()))


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
