"""Progress, remaining time and cancellation of long work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
ProgressCallback = Callable[[float], None]  # gets the progress, 0-1; may raise to end the run
CancelCheck = Callable[[], None]  # called between long parts; may raise to end the run


def never_cancel() -> None:
    """A cancel check that never cancels."""


def sub_progress(progress: ProgressCallback, start: float, size: float) -> ProgressCallback:
    """Return a progress callback for a part of a run with this start and size, both 0-1."""
    return lambda done: progress(start + size * done)


def with_progress(items: Sequence[Item], progress: ProgressCallback) -> Iterator[Item]:
    """Yield items, and report after each the fraction that is done."""
    for n, item in enumerate(items, start=1):
        yield item
        progress(n / len(items))


def with_cancel(items: Iterator[Item], check: CancelCheck) -> Iterator[Item]:
    """Yield items that take long to compute; call `check` before the first and after each."""
    try:
        check()
        for item in items:
            yield item
            check()
    finally:
        close_iterator(items)


def close_iterator(items: Iterator[object]) -> None:
    """Close a generator now, with its cleanup, instead of at garbage collection."""
    close = getattr(items, "close", None)
    if close is not None:
        close()


class Clock:
    """Estimates the remaining time from the finished fraction."""

    def __init__(self) -> None:
        """Start the clock."""
        self._started = time.monotonic()

    def seconds_left(self, fraction: float) -> float | None:
        """Return the estimated remaining seconds, or None while too little is done for an estimate."""
        elapsed = time.monotonic() - self._started
        return elapsed / fraction * (1 - fraction) if elapsed > 1 and fraction > 0.01 else None
