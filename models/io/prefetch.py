"""Reading ahead and writing behind: threads that keep the disk busy while the device computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

from typing_extensions import Self

from .raster_reader import environment

DEPTH = 2  # tiles that wait, at most; memory is bounded by it

Item = TypeVar("Item")
Made = TypeVar("Made")


def prefetch(work: Callable[[Item], Made], items: Iterable[Item], depth: int = DEPTH) -> Generator[Made, None, None]:
    """Yield `work(item)` of each item, in order, done by one thread that is up to `depth` items ahead.

    What `work` raises comes where its item would. To be closed before what `work` reads is: that waits for the thread.
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
    with environment():  # GDAL's options are the thread's
        return work(item)


class WriteBehind:
    """One thread that does what it is given, in order, while the caller goes on; at most `depth` wait.

    What fails is raised at a later `do`, or at the end.
    """

    def __init__(self, depth: int = DEPTH) -> None:
        """Start without work."""
        self._pool = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()
        self._depth = depth

    def do(self, work: Callable[[], None]) -> None:
        """Have something done; wait while too much is waiting already."""
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
