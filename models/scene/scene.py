"""Image to be mapped: its working grid, its bands, and their statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from typing_extensions import Self

from ..arrays.grid import Grid, Window
from ..arrays.score_maps import Mask, Scores
from ..arrays.statistics import Statistics
from ..errors import RasterError
from ..io.bands import default_bands
from ..io.crs import pixel_size_m
from ..io.raster_reader import GridReader, window_of
from ..runtime.device import SMALLEST_TILE_PX
from ..shared.band_text import band_spans
from ..shared.text import Text, text
from .band_statistics import measure_bands

CLIP = 5.0  # standard deviations; keeps a few broken pixels from disturbing the networks
KEPT_PIXELS = 4_000_000  # largest image kept in memory between steps, if its values fit too
KEPT_VALUES = 64_000_000  # largest product of pixels and bands kept in memory


class Scene:
    """An open image, read as standardised float32 on the working grid.

    Each band is standardised by its own mean and standard deviation over the whole raster, so that 8-bit, 16-bit and
    float images of any sensor have the same range, and an area has the values of the whole raster. If a pixel has
    data in only some bands, the others are at their mean.
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
            area: xmin, ymin, xmax, ymax in the image's CRS; by default the whole image.
            pixel_size: of the working grid, in metres; by default the image's own.
            statistics: of the bands, if they are already known.

        Raises:
            RasterError: if the file, a band, the area or the pixel size cannot be used.
        """
        self.path = Path(path)
        self.area, self.asked_pixel_size_m = area, pixel_size
        with GridReader(path) as native:
            self.bands = tuple(bands) or default_bands(native)
            _check_bands(self.path.name, self.bands, len(native.band_names))
            if native.has_palette(self.bands):
                raise RasterError(
                    "{name} holds a colour table (palette), whose indices are not colours. Expand it to three bands "
                    "with Raster > Conversion > PCT to RGB, or gdal_translate -expand rgb.",
                    name=self.path.name,
                )
            self.statistics, empty = (statistics, ()) if statistics else measure_bands(native, self.bands)
            self.notices: tuple[Text, ...] = ()
            if empty:
                self.notices = (
                    text(
                        "{name} has no data in band {bands}; such a band has no effect. Remove it from the bands.",
                        name=self.path.name,
                        bands=band_spans(empty),
                    ),
                )
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
        """Whether the image is kept in memory and processed as a whole."""
        pixels = self.grid.width * self.grid.height
        return pixels <= KEPT_PIXELS and pixels * len(self.bands) <= KEPT_VALUES

    def affordable(self, side: int) -> int:
        """Return the side of a tile, reduced if the scene has too many bands for memory."""
        return min(side, max(SMALLEST_TILE_PX, math.isqrt(KEPT_VALUES // len(self.bands)) // 64 * 64))

    def read(self, window: Window, shape: tuple[int, int] | None = None) -> tuple[Scores, Mask]:
        """Return (bands, rows, columns) standardised values, zero at NoData, and the mask of valid pixels.

        A window is downsampled to another `shape` by averaging.
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
        mean = (np.array(self.statistics.mean) - offset) / factor  # in stored values of the file
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
        """Close the file."""
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
        raise RasterError(
            "{name} has {count} bands; there is no band {missing}.", name=name, count=count, missing=missing[0]
        )


def working_grid(image: Grid, native_m: float | None, wanted_m: float | None, name: str) -> Grid:
    """Return the grid over the same extent with the wanted pixel size, to the nearest whole pixel.

    A size within two per cent of the image's own becomes the image's own, because resampling would only blur.
    """
    if wanted_m is None:
        return image
    if not 0 < wanted_m < float("inf"):
        raise RasterError("The pixel size must be a positive number of metres; found {wanted_m}.", wanted_m=wanted_m)
    if native_m is None:
        raise RasterError(
            "{name} has no CRS, so its pixels have no size in metres. Assign its CRS, or leave the pixel size out.",
            name=name,
        )
    factor = wanted_m / native_m
    if abs(factor - 1) < 0.02:
        return image
    width, height = max(1, round(image.width / factor)), max(1, round(image.height / factor))
    if width * height > 4e11:
        raise RasterError(
            "A pixel size of {wanted_m} m makes {width} x {height} pixels of {name}; choose a larger one.",
            wanted_m=wanted_m,
            width=width,
            height=height,
            name=name,
        )
    return image.resized(width, height)
