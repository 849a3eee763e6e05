"""Loop over the tiles of a scene or of a block: prefetch, compute, count, write behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from ..arrays.score_maps import Mask, Scores
from ..arrays.tiles import Tile
from ..io.prefetch import WriteBehind, prefetch

Read = TypeVar("Read")


@dataclass(frozen=True)
class TileResult:
    """The results of a tile, restricted to its core."""

    states: list[Scores]  # (channels, rows, columns) after each step, logits first
    valid: Mask
    changed: tuple[int, ...]  # pixels with a changed class, by step
    milliseconds: float  # of computing, without reading and writing


@dataclass(frozen=True)
class Totals:
    """Sums over the tiles."""

    pixels: int  # with data
    changed: tuple[int, ...]
    milliseconds: float


def run_tiles(
    parts: Sequence[Tile],
    read: Callable[[Tile], Read],
    compute: Callable[[Tile, Read], TileResult],
    write: Callable[[Tile, TileResult], None],
    finished: Callable[[Tile], TileResult | None] = lambda tile: None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Totals:
    """Compute tiles one after the other, while threads read the next ones and write the previous ones.

    `finished` returns a tile that is already computed. `write` is called for each tile, in order.
    """
    counts: list[tuple[int, ...]] = []
    pixels, milliseconds = 0, 0.0

    def look(tile: Tile) -> tuple[Tile, TileResult | None, Read | None]:
        done = finished(tile)
        return tile, done, None if done is not None else read(tile)

    with WriteBehind() as behind, closing(prefetch(look, parts)) as found:
        for n, (tile, done, pixels_read) in enumerate(found, start=1):
            result = done if done is not None else compute(tile, pixels_read)  # type: ignore[arg-type]
            behind.do(partial(write, tile, result))
            pixels += int(np.count_nonzero(result.valid))
            counts.append(result.changed)
            milliseconds += result.milliseconds
            progress(n / len(parts))
    return Totals(pixels, tuple(map(sum, zip(*counts))), milliseconds)


def timed(compute: Callable[[], list[Scores]]) -> tuple[list[Scores], float]:
    """Return the result of a computation and its time in milliseconds."""
    started = time.perf_counter()
    states = compute()
    return states, 1000 * (time.perf_counter() - started)
