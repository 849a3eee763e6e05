"""The worker's end of the connection to QGIS."""

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
    """Connection to QGIS: sends events, queues requests, and flags a cancel or stop while a request runs."""

    def __init__(self, source: TextIO, target: TextIO) -> None:
        """Read requests from one stream and write events to another."""
        self._source, self._target = source, target
        self._lock = threading.Lock()
        self.requests: queue.Queue[Message | ProtocolError | None] = queue.Queue()
        self.cancelled = threading.Event()
        self.stopped = threading.Event()

    def send(self, event: Event) -> None:
        """Send an event."""
        with self._lock:
            self._target.write(to_line(event))
            self._target.flush()

    def listen(self) -> None:
        """Read requests until stdin closes, then cancel the running request and end the queue."""
        try:
            for line in self._source:
                self._receive(line)
        finally:
            self.cancelled.set()  # the running request ends between two tiles and leaves no half-written file
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
        else:  # requests come one at a time, so a cancel or stop of the previous one has no effect any more
            self.cancelled.clear()
            self.stopped.clear()
            self.requests.put(message)

    def send_heartbeats(self) -> None:
        """Send a heartbeat every two seconds."""
        while True:
            time.sleep(HEARTBEAT_S)
            self.send(Alive())
