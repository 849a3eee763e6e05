"""Making steps: the coarse map, and the refined ones after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...session.preview import View
from ...session.session import Session
from ...session.step_files import Step
from ...shared import events, requests
from ..context import Desk


def classify(desk: Desk, request: requests.Classify) -> None:
    """Make step 0 with a coarse model."""
    with _keeping(desk) as session:
        _tell_step(desk, session.classify(request.model, desk.watch("Classifying"), request.multi_scale))


def load_scores(desk: Desk, request: requests.LoadScores) -> None:
    """Make step 0 from a raster of scores."""
    with _keeping(desk) as session:
        _tell_step(desk, session.load_scores(request.path, desk.watch("Reading scores")))


def load_refiner(desk: Desk, request: requests.LoadRefiner) -> None:
    """Take a refiner for the steps to come."""
    card = desk.session.load_refiner(request.path)
    desk.send(events.RefinerLoaded(request.path, card.summary(), card.steps))


def step(desk: Desk, request: requests.Step) -> None:
    """Refine, a number of times; before each step show what is in view of it."""
    watch = desk.watch("Refining")
    with _keeping(desk) as session:
        for made in session.step(request.start, request.count, watch, lambda start: _preview(desk, start, request)):
            _tell_step(desk, made)


def _preview(desk: Desk, start: int, request: requests.Step) -> None:
    """Show what is in view of the step after `start`, where that is quicker than the step."""
    if request.view is None or desk.previewer is None:
        return
    desk.check()
    classes = desk.session.classes
    kind = request.kind if 0 <= request.kind <= len(classes) else 0
    path = desk.previewer.make(start, View(request.view, *request.view_size), kind)
    if path is not None:
        desk.send(events.Previewed(start + 1, path, kind, classes))


@contextmanager
def _keeping(desk: Desk) -> Iterator[Session]:
    """Give the session for making steps, and say what is kept of one that is broken off."""
    session = desk.session
    try:
        yield session
    finally:
        desk.tell_kept(session.unfinished())


def _tell_step(desk: Desk, made: Step) -> None:
    session = desk.session
    desk.send(
        events.Stepped(
            made.index,
            session.path(made.scores),
            session.path(made.classes_raster),
            session.classes,
            made.changed,
            made.milliseconds,
            () if made.index else _levels(session),
        )
    )
    while session.notices:
        desk.say(1.0, session.notices.pop(0))


def _levels(session: Session) -> tuple[tuple[str, str, str], ...]:
    return tuple((name, session.path(each.scores), session.path(each.classes_raster)) for name, each in session.levels)
