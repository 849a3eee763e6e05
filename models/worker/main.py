"""The worker process: reads requests from stdin, drives a `Session`, and writes events to stdout."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from ..runtime.omp_threads import set_passive_wait
from ..shared.codec import VERSION, Message, ProtocolError
from ..shared.events import Cancelled, Event, Failed, Finished, Ready
from ..shared.text import text
from .connection import Connection

if TYPE_CHECKING:
    from .dispatch import Handlers


def main(arguments: list[str] | None = None) -> None:
    """Serve requests until stdin closes."""
    if hasattr(os, "nice"):
        os.nice(10)  # otherwise the map of QGIS stutters while the threads use all cores
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--device", default="auto")
    wanted = options.parse_args(arguments).device
    stdin = os.fdopen(0, encoding="utf-8", errors="replace", closefd=False)  # bytes that are not text: a bad request
    wire = Connection(stdin, _own_stdout())
    ready, handlers = _start(wanted, wire)
    wire.send(ready)
    threading.Thread(target=wire.send_heartbeats, daemon=True).start()
    threading.Thread(target=wire.listen, daemon=True).start()
    with handlers.environment():
        while (request := wire.requests.get()) is not None:
            wire.send(_answer(request, handlers.handle))


def _own_stdout() -> TextIO:
    """Reserve stdout for events; all other output, also from C, goes to stderr."""
    wire = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return wire


def _start(wanted: str, wire: Connection) -> tuple[Ready, Handlers]:
    """Load the computing modules, which takes seconds, once stdout is protected from their output."""
    set_passive_wait()
    import torch

    from ..errors import RefinerError
    from ..runtime import device
    from .dispatch import Handlers

    device.use_all_cores()
    try:
        chosen, name = device.choose_device(wanted), ""
    except RefinerError as error:
        chosen, name = torch.device("cpu"), f" ({error})"
    ready = Ready(
        VERSION, str(chosen), device.describe_device(chosen) + name, platform.python_version(), torch.__version__
    )
    return ready, Handlers(wire, chosen)


def _answer(request: Message | ProtocolError, handle: Callable[[Message], None]) -> Event:
    """Carry out a request and return its final event; all exceptions are caught only here."""
    from ..errors import Interrupted, RefinerError

    name = type(request).__name__
    if isinstance(request, ProtocolError):
        return Failed(name, (text("The worker received an unknown message: {message}", message=request),))
    try:
        handle(request)
    except Interrupted:
        return Cancelled(name)
    except RefinerError as error:
        return Failed(name, error.texts)
    except Exception as error:
        reason = text("An unexpected error occurred ({error}).", error=type(error).__name__)
        return Failed(name, (reason,), traceback.format_exc())
    return Finished(name)


if __name__ == "__main__":
    main()
