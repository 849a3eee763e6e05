"""What all handlers share: the open session, the wire to QGIS, and telling how far a run is."""

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
    """The one session that is open, and the wire on which its handlers answer."""

    def __init__(self, wire: Connection, device: torch.device) -> None:
        """Answer over a wire, computing on a device."""
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
            RefinerError: where no scene is open.
        """
        if self._session is None:
            raise RefinerError("No scene is open.")
        return self._session

    def use_session(self, session: Session) -> None:
        """Work on a session from now on."""
        self._session, self.previewer = session, Previewer(session)

    def close_session(self) -> None:
        """Close the session, if there is one."""
        if self._session is not None:
            self._session.close()
            self._session = self.previewer = None

    def step(self, index: int) -> StepFiles:
        """Return one of the session's steps.

        Raises:
            RefinerError: where there is no such step.
        """
        history = self.session.history
        if not 0 <= index < len(history):
            raise RefinerError(
                "There is no step {index}; the last one is {number}.", index=index, number=len(history) - 1
            )
        return history[index]

    # --- being asked to end ----------------------------------------------------------------------------------

    def check(self) -> None:
        """End the request, by an exception, where it was cancelled."""
        if self._wire.cancelled.is_set():
            raise Interrupted("Cancelled.")

    def is_stopped(self) -> bool:
        """Tell whether a training is to end early and to keep its best."""
        return self._wire.stopped.is_set()

    # --- telling ---------------------------------------------------------------------------------------------

    def start_request(self) -> None:
        """Tell at once how far the next request is."""
        self._last_sent = 0.0

    def send(self, event: Event) -> None:
        """Tell of a result."""
        self._wire.send(event)

    def send_progress(self, fraction: float, text: str, seconds_left: float | None = None) -> None:
        """Tell how far a request is, 0-1."""
        self._last_sent = time.monotonic()
        self.send(Progressed(min(1.0, fraction), text, seconds_left))

    def send_notices(self, texts: tuple[Text, ...]) -> None:
        """Send notices for the user, if there are any."""
        if texts:
            self.send(Noticed(texts))

    def send_kept_tiles(self, kept: KeptTiles | None, is_resumed: bool = False) -> None:
        """Tell how much there is of a step that is not whole."""
        if kept is not None:
            self.send(TilesKept(kept.step, kept.finished, kept.tiles, is_resumed))

    def progress(self, text: str) -> Callable[[float], None]:
        """Return what long work calls between its parts: tells how far it is, and ends it when that is asked."""
        clock = Clock()

        def progress(fraction: float) -> None:
            self.check()
            if time.monotonic() - self._last_sent > SEND_EVERY_S or fraction >= 1:
                self.send_progress(fraction, text, clock.seconds_left(fraction))

        return progress

    def training_progress(self, coarse: float | None) -> Callable[[TrainingUpdate, float | None], None]:
        """Return what a training calls after each update; `coarse` is what a refiner has to beat."""

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
