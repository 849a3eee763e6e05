"""The process that computes for QGIS: reads requests from stdin, drives a `Session`, writes events to stdout."""

from __future__ import annotations

import argparse
import os
import platform
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import TextIO

from .protocol import (
    VERSION,
    Alive,
    Cancel,
    Cancelled,
    Event,
    Failed,
    Finished,
    Message,
    ProtocolError,
    Ready,
    Stop,
    from_line,
    to_line,
)

HEARTBEAT_S = 2.0


class Wire:
    """The two ends of the pipe to QGIS, and what arrives while a request runs."""

    def __init__(self, source: TextIO, target: TextIO) -> None:
        """Read requests from one stream and write events to another."""
        self._source, self._target = source, target
        self._lock = threading.Lock()
        self.requests: queue.Queue[Message | ProtocolError | None] = queue.Queue()
        self.cancelled = threading.Event()
        self.stopped = threading.Event()

    def send(self, event: Event) -> None:
        """Write an event."""
        with self._lock:
            self._target.write(to_line(event))
            self._target.flush()

    def listen(self) -> None:
        """Read requests until stdin closes; then leave at once, for nobody is there to ask for more."""
        for line in self._source:
            try:
                message = from_line(line)
            except ProtocolError as error:
                self.requests.put(error)
                continue
            if isinstance(message, Cancel):
                self.cancelled.set()
            elif isinstance(message, Stop):
                self.stopped.set()
            else:  # requests come one at a time, so what was asked of the one before is over
                self.cancelled.clear()
                self.stopped.clear()
                self.requests.put(message)
        self.cancelled.set()  # what runs ends between two tiles and leaves nothing half-written
        self.requests.put(None)

    def beat(self) -> None:
        """Tell every two seconds that the process lives."""
        while True:
            time.sleep(HEARTBEAT_S)
            self.send(Alive())


def main(arguments: list[str] | None = None) -> None:
    """Serve until stdin closes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--device", default="auto")
    wanted = options.parse_args(arguments).device
    wire = Wire(sys.stdin, _own_stdout())
    threading.Thread(target=wire.beat, daemon=True).start()
    ready, handle = _start(wanted, wire)
    wire.send(ready)
    threading.Thread(target=wire.listen, daemon=True).start()
    while (request := wire.requests.get()) is not None:
        wire.send(_answer(request, handle, wire))


def _own_stdout() -> TextIO:
    """Keep stdout for the wire: whatever else prints, also from C, goes to stderr."""
    wire = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return wire


def _start(wanted: str, wire: Wire) -> tuple[Ready, Callable[[Message], None]]:
    """Load what computes, which takes seconds, after the wire is safe from whatever it prints."""
    import torch

    from . import device
    from .errors import RefinerError
    from .handlers import Handlers

    device.use_all_cores()
    try:
        chosen, name = device.choose(wanted), ""
    except RefinerError as error:
        chosen, name = torch.device("cpu"), f" ({error})"
    ready = Ready(VERSION, str(chosen), device.describe(chosen) + name, platform.python_version(), torch.__version__)
    return ready, Handlers(wire, chosen).handle


def _answer(request: Message | ProtocolError, handle: Callable[[Message], None], wire: Wire) -> Event:
    """Do what is asked, and say how it ended; the one place where any exception is caught."""
    from .errors import Interrupted, RefinerError

    name = type(request).__name__
    if isinstance(request, ProtocolError):
        return Failed(name, f"The worker got a message that it does not know: {request}")
    try:
        handle(request)
    except Interrupted:
        return Cancelled(name)
    except RefinerError as error:
        return Failed(name, str(error))
    except Exception as error:
        return Failed(name, f"Something unexpected went wrong ({type(error).__name__}).", traceback.format_exc())
    return Finished(name)


if __name__ == "__main__":
    main()
