"""The worker's end of the wire: what it says, and what it hears while a request runs."""

from __future__ import annotations

import queue
import threading
import time
from typing import TextIO

from ..shared.codec import Message, ProtocolError, from_line, to_line
from ..shared.events import Alive, Event
from ..shared.requests import Cancel, Stop

HEARTBEAT_S = 2.0


class Connection:
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
        try:
            for line in self._source:
                self._receive(line)
        finally:
            self.cancelled.set()  # what runs ends between two tiles and leaves nothing half-written
            self.requests.put(None)

    def _receive(self, line: str) -> None:
        try:
            message = from_line(line)
        except ProtocolError as error:
            self.requests.put(error)
            return
        if isinstance(message, Cancel):
            self.cancelled.set()
        elif isinstance(message, Stop):
            self.stopped.set()
        else:  # requests come one at a time, so what was asked of the one before is over
            self.cancelled.clear()
            self.stopped.clear()
            self.requests.put(message)

    def send_heartbeats(self) -> None:
        """Tell every two seconds that the process lives."""
        while True:
            time.sleep(HEARTBEAT_S)
            self.send(Alive())
