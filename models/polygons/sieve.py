"""Merging of small parts of a class map into their neighbours, strip by strip, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..arrays.grid import Window
from ..arrays.score_maps import Labels
from ..io.rasterize import sieve

STRIP_PX = 100_000_000  # per strip, at three bytes per pixel; smaller maps are sieved in one piece
STRIP_ROWS = 1024  # the height of a strip is a multiple of this
FARTHEST = 1024  # maximum rows read below a strip; a part that extends farther is rarely small


def sieve_classes(
    read: Callable[[Window], Labels], height: int, width: int, fewest: int
) -> Iterator[tuple[Window, Labels]]:
    """Yield the strips of a class map without connected parts of fewer than `fewest` pixels.

    Each strip is sieved together with the final rows above it and some rows below it. Its last rows are held back for
    the next strip, because the rows below may still change what they connect to. The result equals that of one piece,
    except for a small part on a seam between neighbours that extend beyond the rows read: which neighbour is largest
    is decided by their visible pixels.

    Args:
        read: reads the classes of a window.
        height: height of the map, px.
        width: width of the map, px.
        fewest: minimum number of pixels of a part.
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
