"""Prefetch and write-behind threads that keep the disk busy while the device computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

from typing_extensions import Self

from .raster_reader import environment

DEPTH = 2  # maximum number of waiting tiles; limits the memory

Item = TypeVar("Item")
Made = TypeVar("Made")


def prefetch(work: Callable[[Item], Made], items: Iterable[Item], depth: int = DEPTH) -> Generator[Made, None, None]:
    """Yield `work(item)` for each item in order; one thread works up to `depth` items ahead.

    An exception of `work` is raised when its result is due. Closing the generator waits for the thread, so close it
    before any resource that `work` reads.
    """
    pool, waiting = ThreadPoolExecutor(1), deque[Future[Made]]()
    try:
        for item in items:
            waiting.append(pool.submit(_within, work, item))
            if len(waiting) > depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _within(work: Callable[[Item], Made], item: Item) -> Made:
    with environment():  # GDAL's options are set per thread
        return work(item)


class WriteBehind:
    """One thread that runs jobs in order while the caller continues; at most `depth` jobs wait.

    An exception of a job is raised by a later `do`, or at the end.
    """

    def __init__(self, depth: int = DEPTH) -> None:
        """Start the thread pool without jobs."""
        self._pool = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()
        self._depth = depth

    def do(self, work: Callable[[], None]) -> None:
        """Queue a job; block while `depth` jobs are waiting."""
        while len(self._waiting) >= self._depth:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(_within, lambda _: work(), None))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while kind is None and self._waiting:
                self._waiting.popleft().result()
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)
