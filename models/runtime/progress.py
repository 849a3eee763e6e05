"""How far a run is, how long it still takes, and whether anybody wants it to end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
ProgressCallback = Callable[[float], None]  # is told how far a run is, 0-1, and may raise to end it
CancelCheck = Callable[[], None]  # is called between parts that take a while, and may raise to end the run


def never_cancel() -> None:
    """End nothing: the check of what nobody can cancel."""


def sub_progress(progress: ProgressCallback, start: float, size: float) -> ProgressCallback:
    """Return what watches a part of a run, from `start` on and `size` of it long (both 0-1)."""
    return lambda done: progress(start + size * done)


def with_progress(items: Sequence[Item], progress: ProgressCallback) -> Iterator[Item]:
    """Yield items, and tell after each how many of them are done."""
    for n, item in enumerate(items, start=1):
        yield item
        progress(n / len(items))


def with_cancel(items: Iterator[Item], check: CancelCheck) -> Iterator[Item]:
    """Yield items that each take a while to make, with a `check` before the first and after each."""
    try:
        check()
        for item in items:
            yield item
            check()
    finally:
        close_iterator(items)


def close_iterator(items: Iterator[object]) -> None:
    """End a generator now, with what it has to tidy up, and not when it is forgotten."""
    close = getattr(items, "close", None)
    if close is not None:
        close()


class Clock:
    """Estimates the time that is left from the share that is done."""

    def __init__(self) -> None:
        """Start counting."""
        self._started = time.monotonic()

    def seconds_left(self, fraction: float) -> float | None:
        """Return about how long a run still takes; None while that would be a guess."""
        elapsed = time.monotonic() - self._started
        return elapsed / fraction * (1 - fraction) if elapsed > 1 and fraction > 0.01 else None
