"""Learned filters of a refiner and their responses to a scene, as in figure 11 of the paper.

Maggiori et al. (2017) show that the learned filters act as gradients in several directions, as in a diffusion process.
`filters_of` dispatches on the class of the refiner.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ..arrays.borders import Borders
from ..arrays.tiles import tiles
from ..errors import RefinerError
from ..io.raster_writer import NODATA, score_writer
from ..refine.extended import FAR, ExtendedRefiner, bounded
from ..refine.refiner import Refiner, crop_halo, pad
from ..refine.rnn import FILTER_SIZE, FILTERS, USUAL_STEPS, RefinementRNN, UnsharedRNN
from ..runtime.device import TILE_PX
from ..runtime.progress import ProgressCallback
from .session import Session

SHOWN_FILTERS = 4  # filters of each sort by default
MOST_KERNEL_BANDS = 4  # of the image kernels that are returned
SAMPLED_PIXELS = 200_000  # approximate number of pixels from which the limits are estimated
USUAL = 98.0  # percentile of the magnitudes that gives the limits


def identity(maps: Tensor) -> Tensor:
    """Return the scores unchanged: the input of the paper's filters."""
    return maps


@dataclass(frozen=True)
class Filters:
    """Filters of a step on the score map of one class, and the weight of each one for that class."""

    scores: Tensor  # M: (filters, size, size)
    image: Tensor  # N: (filters, bands, size, size)
    scores_count: Tensor  # (filters,)
    image_count: Tensor  # (filters,)
    seen: Callable[[Tensor], Tensor] = identity  # maps (classes, rows, columns) logits to the filters' input

    @property
    def radius(self) -> int:
        """Radius of the largest filter in pixels."""
        return max(self.scores.shape[-1], self.image.shape[-1]) // 2


@dataclass(frozen=True)
class FilterSelection:
    """Filters of one step, and the numbers of the selected ones."""

    filters: Filters
    scores: tuple[int, ...]
    image: tuple[int, ...]

    def names(self, name: str) -> tuple[str, ...]:
        """Return the band names of the responses on the score map of a class and on the image."""
        return (*(f"M {n + 1} on {name}" for n in self.scores), *(f"N {n + 1}" for n in self.image))


@functools.singledispatch
def filters_of(refiner: object, index: int, k: int) -> Filters:
    """Return the filters that compute step `index` (from 0) of class `k`, on the CPU.

    Raises:
        RefinerError: if the refiner has no learned filters.
    """
    kind = getattr(refiner, "kind", type(refiner).__name__)
    raise RefinerError("The refiner {kind!r} has no learned filters to show.", kind=kind)


@filters_of.register
def _(refiner: RefinementRNN, index: int, k: int) -> Filters:
    n = k % len(refiner.hidden)
    counts = (refiner.out[n].abs() @ refiner.hidden[n].abs())[0].detach().cpu()  # (64,)
    scores = refiner.score_filters.detach().cpu().view(FILTERS, FILTER_SIZE, FILTER_SIZE)
    image = refiner.image_filters.detach().cpu().view(FILTERS, refiner.bands, FILTER_SIZE, FILTER_SIZE)
    return Filters(
        scores,
        image,
        counts[:FILTERS] * scores.flatten(1).norm(dim=1),
        counts[FILTERS:] * image.flatten(1).norm(dim=1),
    )


@filters_of.register
def _(refiner: UnsharedRNN, index: int, k: int) -> Filters:
    return filters_of(refiner.nets[min(index, USUAL_STEPS - 1)], 0, k)


@filters_of.register
def _(refiner: ExtendedRefiner, index: int, k: int) -> Filters:
    """Return the filters of its hidden units on class `k`, near and far in one, and those of its first image layer."""
    near, far, first, second = (
        layer.weight.detach().cpu() for layer in (refiner.near, refiner.far, *refiner.trunk[:2])
    )
    first = first[:, : refiner.bands]  # the other channels are the coarse map
    scores = near.new_zeros(len(near), 2 * FAR + 1, 2 * FAR + 1)
    scores[:, FAR - 1 : FAR + 2, FAR - 1 : FAR + 2] = near[:, k]
    scores[:, ::FAR, ::FAR] += far[:, k]
    counts = refiner.out.weight.detach().cpu()[k, :, 0, 0].abs()
    onwards = second.abs().sum(dim=(0, 2, 3))
    return Filters(
        scores, first, counts * scores.flatten(1).norm(dim=1), onwards * first.flatten(1).norm(dim=1), bounded
    )


def choose_filters(
    refiner: Refiner | None, index: int, k: int, scores: Sequence[int] | None, image: Sequence[int] | None
) -> FilterSelection:
    """Choose filters by their numbers (from 0), or those with the most weight.

    Raises:
        RefinerError: if there are no filters, or one of the numbers does not exist.
    """
    if refiner is None:
        raise RefinerError("There is no refiner yet; choose one, or train one on a labelled tile.")
    found = filters_of(refiner, index, k)
    wanted = []
    for sort, numbers, counts in (("M", scores, found.scores_count), ("N", image, found.image_count)):
        chosen = counts.argsort(descending=True)[:SHOWN_FILTERS].tolist() if numbers is None else numbers
        odd = [n for n in chosen if not 0 <= n < len(counts)]
        if odd:
            raise RefinerError(
                "There is no filter {sort} {number}; the last one is {count_counts}.",
                sort=sort,
                number=odd[0] + 1,
                count_counts=len(counts),
            )
        wanted.append(tuple(sorted(set(chosen))))
    if not any(wanted):
        raise RefinerError("No filter is chosen; choose at least one.")
    return FilterSelection(found, *wanted)


@dataclass(frozen=True)
class FilterRequest:
    """Request for the responses of a refiner's filters to a step."""

    step: int
    class_index: int
    path: str  # of the raster of responses, *.tif
    score_filters: tuple[int, ...] | None = None  # from 0; None: the ones with the most weight
    image_filters: tuple[int, ...] | None = None


@dataclass(frozen=True)
class FilterResponses:
    """Bands of a raster of responses, and the kernels of all filters, row by row."""

    names: tuple[str, ...]  # of the bands
    limits: tuple[float, ...]  # by band; nearly all magnitudes stay below
    score_filters: tuple[int, ...]  # of the first bands
    image_filters: tuple[int, ...]  # of the other bands
    score_kernels: tuple[tuple[float, ...], ...]
    image_kernels: tuple[tuple[float, ...], ...]  # bands outermost
    score_size: int  # px per side of a kernel
    image_size: int
    bands: int  # of the image kernels; only the first few of a scene with many


def write_filter_responses(session: Session, request: FilterRequest, progress: ProgressCallback) -> FilterResponses:
    """Write the requested responses, with the filters that compute the step after `request.step`.

    Raises:
        RefinerError: if the refiner has no filters, or there is no filter or class of this number.
    """
    k = request.class_index
    if not 0 <= k < len(session.classes):
        raise RefinerError("There is no class {k}; the last one is {number}.", k=k, number=len(session.classes) - 1)
    chosen = choose_filters(
        session.refiner, session.steps_made(request.step), k, request.score_filters, request.image_filters
    )
    limits = write_responses(session, request.step, k=k, chosen=chosen, path=request.path, progress=progress)
    image = chosen.filters.image[:, :MOST_KERNEL_BANDS]
    return FilterResponses(
        names=chosen.names(session.classes[k]),
        limits=limits,
        score_filters=chosen.scores,
        image_filters=chosen.image,
        score_kernels=_kernels(chosen.filters.scores),
        image_kernels=_kernels(image),
        score_size=chosen.filters.scores.shape[-1],
        image_size=image.shape[-1],
        bands=image.shape[1],
    )


def write_responses(
    session: Session, step: int, k: int, chosen: FilterSelection, path: str, progress: ProgressCallback
) -> tuple[float, ...]:
    """Write the responses of filters to a step's scores of class `k` and to the image, one band per filter.

    Returns:
        For each band, a limit that nearly all magnitudes stay below.
    """
    grid = session.scene.grid
    radius = chosen.filters.radius
    parts = list(tiles(grid.height, grid.width, TILE_PX, radius))
    samples = []
    names = chosen.names(session.classes[k])
    with score_writer(path, grid, names, session.scene.pixel_size_m) as writer:
        for n, tile in enumerate(parts):
            maps = session.maps(step, tile.outer)
            image, _ = session.scene.read(tile.outer)
            rows, columns = tile.core.slices(tile.outer)
            valid = maps.valid[rows, columns]
            inner_rows, inner_columns = tile.core_of_result(radius)
            answers = _answers(chosen, k, maps.scores, image, tile.borders)
            answers = answers[:, inner_rows, inner_columns]
            writer.write(np.where(valid, answers, np.float32(NODATA)), tile.core)
            every = max(1, math.isqrt(len(parts) * valid.size // SAMPLED_PIXELS))
            samples.append(np.abs(answers[:, ::every, ::every])[:, valid[::every, ::every]])
            progress((n + 1) / len(parts))
    known = np.concatenate(samples, axis=1)
    if not known.size:
        return (1.0,) * len(names)
    return tuple(float(value) or 1.0 for value in np.percentile(known, USUAL, axis=1))


def _answers(
    chosen: FilterSelection, k: int, scores: NDArray[np.float32], image: NDArray[np.float32], borders: Borders
) -> NDArray[np.float32]:
    """Filter a tile; the result is smaller by the radius of the largest filter on sides with real neighbours."""
    filters, found = chosen.filters, []
    with torch.inference_mode():
        if chosen.scores:
            seen = filters.seen(torch.from_numpy(scores))[k : k + 1]
            found.append(_filtered(seen, filters.scores[list(chosen.scores), None], filters.radius, borders))
        if chosen.image:
            bands = torch.from_numpy(np.ascontiguousarray(image))
            found.append(_filtered(bands, filters.image[list(chosen.image)], filters.radius, borders))
        answers = torch.cat(found)
    return np.asarray(answers.numpy(), dtype=np.float32)


def _filtered(maps: Tensor, weights: Tensor, radius: int, borders: Borders) -> Tensor:
    """Filter (channels, rows, columns), and crop `radius` pixels of halo even if the filters are smaller."""
    own = weights.shape[-1] // 2
    answers = functional.conv2d(pad(maps, own, borders)[None], weights)[0]
    return crop_halo(answers, radius - own, borders)


def _kernels(filters: Tensor) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(value), 5) for value in each.flatten()) for each in filters)
