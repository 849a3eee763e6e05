"""An image to be mapped: its working grid, its bands, and their statistics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..arrays.statistics import Statistics
from ..errors import RasterError
from ..io.raster_reader import GridReader


def measure_statistics(reader: GridReader, bands: Sequence[int]) -> Statistics:
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
        raise RasterError(
            "{path_name} is NoData everywhere; choose an image with data in it.", path_name=reader.path.name
        )
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
