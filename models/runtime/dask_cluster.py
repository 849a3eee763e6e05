"""Work on a Dask cluster: workers process blocks, and large data passes only through files."""

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

CONNECT_TIMEOUT = "10s"  # wait for the scheduler's answer
CLOSE_TIMEOUT_S = 2.0  # s, wait for disconnecting from the scheduler
DISTRIBUTION = "map-refiner"
VERSION_FILE = RESOURCES / "version.txt"

Item = TypeVar("Item")
Made = TypeVar("Made")


def map_blocks(
    work: Callable[[Item], Made], items: Sequence[Item], scheduler: str | None, folder: str | None = None
) -> Iterator[Made]:
    """Yield `work(item)` of each item: in order on this machine, or from a cluster in order of completion.

    Args:
        work: a module-level function or a partial of one, so that only its name is sent.
        items: small, plain values.
        scheduler: the address of a Dask scheduler; None for this machine.
        folder: a folder that all workers must be able to access.

    Raises:
        RefinerError: if the cluster cannot be used; exceptions of `work` are passed on unchanged.
    """
    if scheduler is None:
        yield from map(work, items)
        return
    with _client(scheduler) as client:
        _check_workers(client, scheduler, folder)
        yield from _gathered(client, work, items, scheduler)


def describe_cluster(scheduler: str) -> str:
    """Describe a cluster, for example "2 workers, 8 threads".

    Raises:
        RefinerError: if the cluster cannot be used.
    """
    with _client(scheduler) as client:
        _check_workers(client, scheduler, None)
        threads = client.nthreads().values()
        return f"{len(threads)} workers, {sum(threads)} threads"


def _version() -> str:
    """Return the local version; the plugin is not an installed distribution, so it reads a file."""
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
    if not address.strip():  # Dask would fail with a bare assertion
        raise RefinerError("No Dask scheduler answers at an empty address; give one such as tcp://HOST:8786.")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # failures are reported as one message instead
    try:
        client = dask.Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise RefinerError("No Dask scheduler answers at {address}: {error}.", address=address, error=error) from error
    try:
        yield client
    finally:
        with suppress(dask.TimeoutError):  # a slow disconnect on a busy machine must not hide the result
            client.close(timeout=CLOSE_TIMEOUT_S)


def _check_workers(client: Any, address: str, folder: str | None) -> None:
    """Raise if a worker lacks the package, its version or the folder, because every block would fail."""
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
