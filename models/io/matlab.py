"""Import of hyperspectral cubes and label maps from MATLAB files as GeoTIFFs."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import io

from ..arrays.grid import Grid, Window
from ..errors import RasterError
from ..runtime.progress import ProgressCallback
from .raster_writer import RasterWriter

MOST_BYTES = 4_000_000_000  # scipy reads a whole array at once
BROKEN = (  # errors that scipy raises on damaged files
    *(ValueError, TypeError, OSError, EOFError, KeyError, IndexError, MemoryError, OverflowError),
    *(zlib.error, io.matlab.MatReadError),
)
STRIP_ROWS = 256  # rows per write
NO_PLACE = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)  # GDAL's transform of rasters without georeferencing


def import_cube(path: str | Path, key: str, target: str | Path, progress: ProgressCallback) -> tuple[int, int, int]:
    """Write an array of a MATLAB file (version 4 to 7.2) as a GeoTIFF; return bands, rows, columns.

    A cube is (rows, columns, bands); a map (rows, columns) becomes one band. The GeoTIFF is not georeferenced.

    Raises:
        RasterError: if the file cannot be read, or the array is neither a cube nor a map.
    """
    array = read_array(path, key)
    cube = array[..., None] if array.ndim == 2 else array
    rows, columns, bands = cube.shape
    grid = Grid("", NO_PLACE, columns, rows)
    dtype, nodata = _stored(cube.dtype)
    names = [f"band {band}" for band in range(1, bands + 1)] if array.ndim == 3 else [key]
    with RasterWriter(target, grid, names, dtype, nodata) as writer:
        for first in range(0, rows, STRIP_ROWS):
            part = cube[first : first + STRIP_ROWS].astype(dtype)
            writer.write(part.transpose(2, 0, 1), Window(first, 0, len(part), columns))
            progress(min(1.0, (first + STRIP_ROWS) / rows))
    return bands, rows, columns


def read_array(path: str | Path, key: str) -> NDArray[Any]:
    """Read a numeric array of a MATLAB file; without a key, its only array.

    Raises:
        RasterError: if the file cannot be read, or the array is neither a cube nor a map.
    """
    path = Path(path)
    if not path.is_file():
        raise RasterError("There is no file {path}.", path=path)
    if path.stat().st_size > MOST_BYTES:
        raise RasterError(
            "{path_name} is too large to be read whole ({number:.1f} GB).",
            path_name=path.name,
            number=path.stat().st_size / 1000000000.0,
        )
    try:
        listed = [name for name, shape, _ in io.whosmat(path) if len(shape) in (2, 3) and min(shape) > 1]
        wanted = key or (listed[0] if len(listed) == 1 else "")
        found = io.loadmat(path, variable_names=[wanted]).get(wanted) if wanted else None
    except NotImplementedError as error:
        raise RasterError(
            "{path_name} is a MATLAB file of version 7.3; save it with -v7, or as a GeoTIFF.", path_name=path.name
        ) from error
    except BROKEN as error:
        raise RasterError(
            "{path_name} is not a whole MATLAB file: {error}.", path_name=path.name, error=error
        ) from error
    if found is None:
        raise RasterError(
            "{path_name} has {names}; name one of them with --key.", path_name=path.name, names=_names(listed)
        )
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "uif" or found.ndim not in (2, 3) or not found.size:
        raise RasterError(
            "{wanted} in {path_name} is not an array of numbers of two or three dimensions.",
            wanted=wanted,
            path_name=path.name,
        )
    return found


def _names(listed: list[str]) -> str:
    return f"the arrays {', '.join(listed[:10])}" if listed else "no array of two or three dimensions"


def _stored(dtype: np.dtype[Any]) -> tuple[str, float | None]:
    """Return the GeoTIFF data type for an array, and its NoData value or None."""
    if dtype.kind == "f":
        return "float32", float("nan")
    return (str(dtype.newbyteorder("=")), None) if dtype.itemsize <= 4 else ("float32", None)
