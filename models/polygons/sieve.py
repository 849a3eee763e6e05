"""Giving small parts of a class map to their neighbours, strip by strip from the top, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..arrays.grid import Window
from ..arrays.score_maps import Labels
from ..io.rasterize import sieve

STRIP_PX = 100_000_000  # of a strip, which takes three bytes each; what is smaller is sieved in one piece
STRIP_ROWS = 1024  # that the height of a strip is a multiple of
FARTHEST = 1024  # rows below a strip that are looked at, at most: a part that reaches farther is rarely small


def sieve_classes(
    read: Callable[[Window], Labels], height: int, width: int, fewest: int
) -> Iterator[tuple[Window, Labels]]:
    """Yield the strips of a class map in which no connected part has fewer pixels than are wanted.

    A strip is looked at with the rows above it, which are final, and some below it; its own last rows wait for the next
    one, for what they were joined to below may become something else there. So the result is that of one piece, but
    where a small part lies across a seam between neighbours that reach out of sight: which of them is the largest is
    then said by what is in sight.

    Args:
        read: reads the classes of a window.
        height: of the map, px.
        width: of the map, px.
        fewest: pixels that a part has at least.
    """
    rows = max(1, STRIP_PX // (width * STRIP_ROWS)) * STRIP_ROWS
    around = min(fewest, FARTHEST)
    final = waiting = np.empty((0, width), dtype=np.uint8)
    for top in range(0, height, rows):
        end = min(top + rows, height)
        first, below = top - len(waiting), min(around, height - end)
        seen = np.concatenate([final, waiting, read(Window(top, 0, end + below - top, width))])
        strip = sieve(seen, fewest)[len(final) : len(seen) - below]
        ready = len(strip) - (around if end < height else 0)
        if ready > 0:
            yield Window(first, 0, ready, width), strip[:ready]
            final = np.concatenate([final, strip[:ready]])[-around:]
        waiting = strip[max(0, ready) :]
