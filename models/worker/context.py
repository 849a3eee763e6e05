"""State that all handlers share: the open session, the connection to QGIS, and progress reports."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from ..errors import Interrupted, RefinerError
from ..runtime.progress import Clock
from ..session.preview import Previewer
from ..session.session import Session
from ..session.step_files import StepFiles
from ..session.unfinished_step import KeptTiles
from ..shared.events import Event, Noticed, Progressed, TilesKept, TrainingProgressed
from ..shared.text import Text
from ..training.loop import TrainingUpdate
from .connection import Connection

SEND_EVERY_S = 0.2


class RequestContext:
    """The open session, and the connection on which its handlers answer."""

    def __init__(self, wire: Connection, device: torch.device) -> None:
        """Send events over `wire`, and compute on `device`."""
        self.device = device
        self.previewer: Previewer | None = None  # of the open session
        self._wire = wire
        self._session: Session | None = None
        self._last_sent = 0.0

    # --- the session -----------------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """Return the open session.

        Raises:
            RefinerError: if no scene is open.
        """
        if self._session is None:
            raise RefinerError("No scene is open.")
        return self._session

    def use_session(self, session: Session) -> None:
        """Make a session the open one."""
        self._session, self.previewer = session, Previewer(session)

    def close_session(self) -> None:
        """Close the session, if one is open."""
        if self._session is not None:
            self._session.close()
            self._session = self.previewer = None

    def step(self, index: int) -> StepFiles:
        """Return a step of the session.

        Raises:
            RefinerError: if the step does not exist.
        """
        history = self.session.history
        if not 0 <= index < len(history):
            raise RefinerError(
                "There is no step {index}; the last one is {number}.", index=index, number=len(history) - 1
            )
        return history[index]

    # --- being asked to end ----------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise `Interrupted` if the request was cancelled."""
        if self._wire.cancelled.is_set():
            raise Interrupted("Cancelled.")

    def is_stopped(self) -> bool:
        """Return whether the training must end early and keep its best weights."""
        return self._wire.stopped.is_set()

    # --- telling ---------------------------------------------------------------------------------------------

    def start_request(self) -> None:
        """Start a request: its first progress is sent at once."""
        self._last_sent = 0.0

    def send(self, event: Event) -> None:
        """Send an event."""
        self._wire.send(event)

    def send_progress(self, fraction: float, text: str, seconds_left: float | None = None) -> None:
        """Send the progress of a request, 0-1."""
        self._last_sent = time.monotonic()
        self.send(Progressed(min(1.0, fraction), text, seconds_left))

    def send_notices(self, texts: tuple[Text, ...]) -> None:
        """Send notices for the user, if there are any."""
        if texts:
            self.send(Noticed(texts))

    def send_kept_tiles(self, kept: KeptTiles | None, is_resumed: bool = False) -> None:
        """Send the number of finished tiles of an unfinished step, if there is one."""
        if kept is not None:
            self.send(TilesKept(kept.step, kept.finished, kept.tiles, is_resumed))

    def progress(self, text: str) -> Callable[[float], None]:
        """Return a progress callback that sends the progress, and raises `Interrupted` after a cancel."""
        clock = Clock()

        def progress(fraction: float) -> None:
            self.check()
            if time.monotonic() - self._last_sent > SEND_EVERY_S or fraction >= 1:
                self.send_progress(fraction, text, clock.seconds_left(fraction))

        return progress

    def training_progress(self, coarse: float | None) -> Callable[[TrainingUpdate, float | None], None]:
        """Return a callback for training updates; `coarse` is the mean IoU of the coarse map, or None."""

        def report(update: TrainingUpdate, seconds_left: float | None) -> None:
            self.check()
            if update.held_out_miou is None and time.monotonic() - self._last_sent < SEND_EVERY_S:
                return
            self._last_sent = time.monotonic()
            self.send(
                TrainingProgressed(
                    update.update,
                    update.updates,
                    loss=update.loss,
                    held_out_miou=update.held_out_miou,
                    coarse_miou=coarse,
                    seconds_left=seconds_left,
                )
            )

        return report
