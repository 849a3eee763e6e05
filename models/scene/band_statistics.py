"""Statistics of the bands of an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..arrays.statistics import Statistics
from ..errors import RasterError
from ..io.raster_reader import GridReader


def measure_statistics(reader: GridReader, bands: Sequence[int]) -> Statistics:
    """Compute the statistics of bands from a downsampled sample of the whole raster.

    Raises:
        RasterError: if the raster is NoData everywhere.
    """
    return measure_bands(reader, bands)[0]


def measure_bands(reader: GridReader, bands: Sequence[int]) -> tuple[Statistics, tuple[int, ...]]:
    """Compute statistics like `measure_statistics`, in strips; also return the bands without data."""
    count, mean, squares = _moments(reader, bands, 1024)
    if not count.any():
        count, mean, squares = _moments(reader, bands, 8192)  # a narrow scene in a wide frame escapes a coarse sample
    if not count.any():
        raise RasterError(
            "{path_name} is NoData everywhere; choose an image with data in it.", path_name=reader.path.name
        )
    factor, offset = (each.astype(np.float64) for each in reader.scaling(bands))
    std = np.sqrt(squares / np.maximum(1, count)) * np.abs(factor)
    statistics = Statistics(tuple((mean * factor + offset).tolist()), tuple(np.where(std > 0, std, 1.0).tolist()))
    return statistics, tuple(band for band, pixels in zip(bands, count, strict=True) if not pixels)


def _moments(reader: GridReader, bands: Sequence[int], most: int) -> tuple[NDArray[np.float64], ...]:
    """Return the pixel count, the mean and the sum of squared deviations of each band [Chan 1979]."""
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
