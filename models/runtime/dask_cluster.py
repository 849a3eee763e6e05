"""The same work on many machines: a Dask cluster does blocks, and what is large goes by files alone."""

from __future__ import annotations

import importlib.metadata
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from ..errors import RefinerError
from ..shared.paths import RESOURCES

CONNECT_TIMEOUT = "10s"  # for the scheduler's answer
CLOSE_TIMEOUT_S = 2.0  # s, for letting go of the scheduler
DISTRIBUTION = "map-refiner"
VERSION_FILE = RESOURCES / "version.txt"

Item = TypeVar("Item")
Made = TypeVar("Made")


def map_blocks(
    work: Callable[[Item], Made], items: Sequence[Item], scheduler: str | None, folder: str | None = None
) -> Iterator[Made]:
    """Yield `work(item)` of each item: here, one after the other, or on a cluster, as they are done.

    Args:
        work: a function of a module, or a partial one, so that its name is all that travels.
        items: small, plain values.
        scheduler: the address of a Dask scheduler; None: here.
        folder: that all workers must see.

    Raises:
        RefinerError: for a cluster that cannot be had or does not serve; what `work` raises is raised as it is.
    """
    if scheduler is None:
        yield from map(work, items)
        return
    with _client(scheduler) as client:
        _check_workers(client, scheduler, folder)
        yield from _gathered(client, work, items, scheduler)


def describe_cluster(scheduler: str) -> str:
    """Say what a cluster has: "2 workers, 8 threads".

    Raises:
        RefinerError: for one that cannot be had or does not serve.
    """
    with _client(scheduler) as client:
        _check_workers(client, scheduler, None)
        threads = client.nthreads().values()
        return f"{len(threads)} workers, {sum(threads)} threads"


def _version() -> str:
    """Return the version that is here; the plugin is no installed distribution, and has it in a file."""
    try:
        return importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError:
        return VERSION_FILE.read_text(encoding="utf-8").strip()


def _dask() -> Any:
    try:
        import distributed
        import distributed.comm
    except ImportError as error:
        raise RefinerError(
            'A scheduler needs Dask, which is not installed here: pip install "dask[distributed]".'
        ) from error
    return distributed


@contextmanager
def _client(address: str) -> Iterator[Any]:
    dask = _dask()
    if not address.strip():  # Dask asserts that it is not so
        raise RefinerError("No Dask scheduler answers at an empty address; give one such as tcp://HOST:8786.")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong is said in a sentence
    try:
        client = dask.Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise RefinerError("No Dask scheduler answers at {address}: {error}.", address=address, error=error) from error
    try:
        yield client
    finally:
        with suppress(dask.TimeoutError):  # what was made, or refused, stands also where the machine is too busy for it
            client.close(timeout=CLOSE_TIMEOUT_S)


def _check_workers(client: Any, address: str, folder: str | None) -> None:
    """Refuse a cluster whose workers lack the package or the folder: every block would fail."""
    if not client.nthreads():
        raise RefinerError(
            "The scheduler at {address} has no workers; start some: dask worker {address}.", address=address
        )
    here = _version()
    versions = client.run(importlib.metadata.version, DISTRIBUTION, on_error="return")
    for worker, found in versions.items():
        if not isinstance(found, str):
            raise RefinerError(
                "The worker {worker} cannot import Map Refiner; install {distribution} {here} there.",
                worker=worker,
                distribution=DISTRIBUTION,
                here=here,
            )
        if found != here:
            raise RefinerError(
                "The worker {worker} has {distribution} {found}, and here is {here}; use one version.",
                worker=worker,
                distribution=DISTRIBUTION,
                found=found,
                here=here,
            )
    if folder is not None:
        for worker, is_there in client.run(os.path.isdir, folder).items():
            if not is_there:
                raise RefinerError(
                    "The worker {worker} does not see {folder}; write to storage that all workers share.",
                    worker=worker,
                    folder=folder,
                )


def _gathered(client: Any, work: Callable[[Item], Made], items: Sequence[Item], address: str) -> Iterator[Made]:
    dask = _dask()
    futures = client.map(work, items, pure=False)
    try:
        for future in dask.as_completed(futures, loop=client.loop):
            yield future.result()
    except dask.KilledWorker as error:
        raise RefinerError(
            "A block has ended {number} workers in a row; they may lack memory.", number=error.allowed_failures + 1
        ) from error
    except ModuleNotFoundError as error:
        raise RefinerError(
            "A worker lacks a library: {error}. Install {distribution} there.",
            error=error,
            distribution=DISTRIBUTION,
        ) from error
    except (CancelledError, dask.comm.CommClosedError) as error:
        raise RefinerError(
            "The scheduler at {address} no longer answers ({name}).", address=address, name=type(error).__name__
        ) from error
    finally:
        client.cancel(futures)
