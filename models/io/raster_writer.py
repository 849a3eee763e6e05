"""Atomic writing of GeoTIFFs, and cloud-optimized copies."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from typing_extensions import Self

from ..arrays.grid import Grid, Window
from ..arrays.score_maps import UNLABELLED
from ..errors import OutputError
from ..runtime.progress import ProgressCallback
from ..shared.conventions import CLASS_FIELD, CLASSES_TAG
from .files import require_space
from .raster_reader import anywhere, environment

NODATA = -9999.0  # in score rasters
OVERVIEWS_FROM = 512  # px per side; the smallest overview is no larger
COLOURS = ((245, 245, 240), (213, 94, 0), (0, 114, 178), (0, 158, 115), (240, 228, 66), (204, 121, 167))
"""The colours of class rasters, in class order; safe for the colour-blind (Okabe and Ito)."""


class RasterWriter:
    """A GeoTIFF that is written window by window; it appears under its name only when complete."""

    def __init__(
        self,
        path: str | Path,
        grid: Grid,
        bands: Sequence[str],
        dtype: str,
        nodata: float | None,
        tags: dict[str, str] | None = None,
        compress: bool = True,
        overviews: bool = False,
    ) -> None:
        """Start a raster with one band per name; `overviews` are built when it is complete."""
        self.path, self._overviews = Path(path), overviews
        self.part = self.path.with_name(f".{self.path.name}.part")
        size = np.dtype(dtype).itemsize * len(bands) * grid.width * grid.height
        require_space(self.path.parent, size // 3 if compress else size)
        floating = np.dtype(dtype).kind == "f"
        packed = {"compress": "deflate", "zlevel": 1, "predictor": 3 if floating else 2} if compress else {}
        try:
            with anywhere():
                self._target = rasterio.open(
                    self.part,
                    "w",
                    driver="GTiff",
                    width=grid.width,
                    height=grid.height,
                    count=len(bands),
                    dtype=dtype,
                    nodata=nodata,
                    crs=grid.crs or None,
                    transform=rasterio.Affine(*grid.transform),
                    tiled=True,
                    blockxsize=256,
                    blockysize=256,
                    interleave="band",
                    bigtiff="IF_SAFER",
                    **packed,
                )
        except (RasterioError, OSError) as error:
            self.part.unlink(missing_ok=True)
            raise OutputError("{path} cannot be written: {error}.", path=self.path, error=error) from error
        for number, name in enumerate(bands, start=1):
            self._target.set_band_description(number, name)
        self._target.update_tags(**(tags or {}))

    def colour(self, colours: Iterable[tuple[int, int, int]]) -> None:
        """Set the colours of the values 0, 1, ... of a byte raster."""
        self._target.write_colormap(1, {value: (*rgb, 255) for value, rgb in enumerate(colours)})

    def write(self, array: NDArray[Any], window: Window) -> None:
        """Write (bands, rows, columns) to a window."""
        part = rasterio.windows.Window(window.column, window.row, window.width, window.height)
        try:
            self._target.write(array, window=part)
        except RasterioError as error:
            raise OutputError(
                "{path} cannot be written: {error}. Is the disk full?", path=self.path, error=error
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._target.close()
            if kind is None:
                if self._overviews:
                    _add_overviews(self.part)
                _check_whole(self.part)
                os.replace(self.part, self.path)
        except (RasterioError, OSError) as problem:
            raise OutputError(
                "{path} cannot be written: {problem}. Is the disk full?", path=self.path, problem=problem
            ) from problem
        finally:
            self.part.unlink(missing_ok=True)


def _add_overviews(path: Path) -> None:
    """Add overviews to a raster: means of floating-point values, nearest neighbours of classes."""
    with anywhere(), rasterio.open(path, "r+") as target:
        side, how = max(target.shape), _overview(target.dtypes[0])
        factors = [2**n for n in range(1, 32) if side / 2 ** (n - 1) > OVERVIEWS_FROM]
        if factors:
            target.build_overviews(factors, Resampling[how])


def _overview(dtype: str) -> str:
    return "average" if np.dtype(dtype).kind == "f" else "nearest"


def optimize(source: str | Path, path: str | Path, progress: ProgressCallback) -> None:
    """Copy a raster atomically to a cloud-optimized GeoTIFF with overviews.

    Raises:
        OutputError: if the file cannot be written.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.part")
    try:
        with anywhere(), rasterio.open(source) as given:
            dtype = given.dtypes[0]
            size = np.dtype(dtype).itemsize * given.count * given.width * given.height
        require_space(path.parent, size // 2)
        with ThreadPoolExecutor(1) as pool:  # the copy reports no progress, so watch the file size
            copying = pool.submit(_copy_optimized, source, part, dtype)
            while wait((copying,), timeout=0.2).not_done:
                progress(min(0.99, part.stat().st_size / size if part.exists() else 0.0))
            copying.result()
        _check_whole(part)
        os.replace(part, path)
    except (RasterioError, OSError) as error:
        raise OutputError("{path} cannot be written: {error}. Is the disk full?", path=path, error=error) from error
    finally:
        part.unlink(missing_ok=True)
    progress(1.0)


def _copy_optimized(source: str | Path, path: Path, dtype: str) -> None:
    with environment(), anywhere():
        rasterio.shutil.copy(
            source,
            path,
            driver="COG",
            COMPRESS="DEFLATE",
            LEVEL=1,
            PREDICTOR="YES",
            BLOCKSIZE=512,
            BIGTIFF="IF_SAFER",
            NUM_THREADS=2,
            OVERVIEW_RESAMPLING=_overview(dtype).upper(),
        )


def _check_whole(path: Path) -> None:
    """Check that the file holds every block of a raster; closing it reports no error if the disk filled up."""
    size = path.stat().st_size
    with anywhere(), rasterio.open(path) as written:
        across, down = (-(-side // block) for side, block in zip(written.shape[::-1], written.block_shapes[0][::-1]))
        blocks = [f"{x}_{y}" for y in range(down) for x in range(across)]
        for band, block in itertools.product(written.indexes, blocks):  # each band has its own blocks
            start, length = (
                written.get_tag_item(f"BLOCK_{what}_{block}", "TIFF", bidx=band) for what in ("OFFSET", "SIZE")
            )
            if start is None or int(start) + int(length) > size:
                raise OSError(f"a part of it ({block}) is missing")


def score_writer(
    path: str | Path,
    grid: Grid,
    classes: Sequence[str],
    pixel_size_m: float | None,
    compress: bool = True,
    overviews: bool = False,
) -> RasterWriter:
    """Start a score raster with one float32 band per class, and store its working pixel size."""
    return RasterWriter(
        path,
        grid,
        bands=classes,
        dtype="float32",
        nodata=NODATA,
        tags=score_tags(pixel_size_m),
        compress=compress,
        overviews=overviews,
    )


def score_tags(pixel_size_m: float | None) -> dict[str, str]:
    """Return the tags of a score raster: its working pixel size, if known."""
    return {} if pixel_size_m is None else {"WORKING_PIXEL_SIZE_M": f"{pixel_size_m:.6g}"}


def class_writer(path: str | Path, grid: Grid, classes: Sequence[str], overviews: bool = False) -> RasterWriter:
    """Start a coloured raster of class indices."""
    tags = {CLASSES_TAG: ",".join(classes)}
    writer = RasterWriter(
        path, grid, bands=[CLASS_FIELD], dtype="uint8", nodata=UNLABELLED, tags=tags, overviews=overviews
    )
    writer.colour(COLOURS[: len(classes)])
    return writer
