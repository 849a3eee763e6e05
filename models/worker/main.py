"""The process that computes for QGIS: reads requests from stdin, drives a `Session`, writes events to stdout."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import threading
import traceback
from collections.abc import Callable
from typing import TextIO

from ..runtime.omp_threads import set_passive_wait
from ..shared.codec import VERSION, Message, ProtocolError
from ..shared.events import Cancelled, Event, Failed, Finished, Ready
from ..shared.text import text
from .connection import Connection


def main(arguments: list[str] | None = None) -> None:
    """Serve until stdin closes."""
    if hasattr(os, "nice"):
        os.nice(10)  # the map of QGIS would stutter next to as many threads as cores
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--device", default="auto")
    wanted = options.parse_args(arguments).device
    stdin = os.fdopen(0, encoding="utf-8", errors="replace", closefd=False)  # a byte that is no text is a bad request
    wire = Connection(stdin, _own_stdout())
    ready, handle = _start(wanted, wire)
    wire.send(ready)
    threading.Thread(target=wire.send_heartbeats, daemon=True).start()
    threading.Thread(target=wire.listen, daemon=True).start()
    while (request := wire.requests.get()) is not None:
        wire.send(_answer(request, handle, wire))


def _own_stdout() -> TextIO:
    """Keep stdout for the wire: whatever else prints, also from C, goes to stderr."""
    wire = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return wire


def _start(wanted: str, wire: Connection) -> tuple[Ready, Callable[[Message], None]]:
    """Load what computes, which takes seconds, after the wire is safe from whatever it prints."""
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
    return ready, Handlers(wire, chosen).handle


def _answer(request: Message | ProtocolError, handle: Callable[[Message], None], wire: Connection) -> Event:
    """Do what is asked, and say how it ended; the one place where any exception is caught."""
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
