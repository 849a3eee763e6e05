"""Prefetch and write-behind."""

import threading
import time

import pytest
from map_refiner.models.io.prefetch import WriteBehind, prefetch


def test_prefetched_items_keep_their_order_and_are_bounded():
    done, most = [], []
    for n in prefetch(lambda n: done.append(n) or n * n, range(20), depth=2):
        most.append(len(done))
        time.sleep(0.001)
        assert n == (len(most) - 1) ** 2
    assert len(most) == 20
    assert max(count - place for place, count in enumerate(most)) <= 4  # one in use, two waiting, one being read


def test_reading_continues_while_the_consumer_is_busy():
    second = threading.Event()

    def read(n):
        if n == 1:
            second.set()
        return n

    for _ in prefetch(read, range(3)):
        assert second.wait(10)


def test_reading_errors_are_raised_to_the_consumer():
    def read(n):
        if n == 2:
            raise OSError("gone")
        return n

    seen = []
    with pytest.raises(OSError, match="gone"):
        seen.extend(prefetch(read, range(9)))
    assert threading.active_count() < 20


def test_write_behind_keeps_the_order_and_finishes_all_writes():
    done = []
    with WriteBehind() as behind:
        for n in range(30):
            behind.do(lambda n=n: (time.sleep(0.001), done.append(n)))
    assert done == list(range(30))


def fail():
    raise OSError("disk full")


@pytest.mark.parametrize("more", [0, 9])
def test_writing_errors_are_raised(more):
    def write():
        with WriteBehind() as behind:
            behind.do(fail)
            for _ in range(more):
                behind.do(lambda: None)

    with pytest.raises(OSError, match="disk full"):
        write()


def test_the_first_error_is_raised():
    def write():
        with WriteBehind() as behind:
            behind.do(fail)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write()
