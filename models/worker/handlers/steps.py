"""The coarse map, and the refined steps after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...session.preview import View
from ...session.session import Session
from ...session.step_files import StepFiles
from ...shared import events, requests
from ..context import RequestContext


def on_classify(context: RequestContext, request: requests.Classify) -> None:
    """Make step 0 with a coarse model."""
    with _keeping(context) as session:
        _send_step(context, session.classify(request.model, context.progress("Classifying"), request.multi_scale))


def on_load_scores(context: RequestContext, request: requests.LoadScores) -> None:
    """Make step 0 from a score raster."""
    with _keeping(context) as session:
        _send_step(context, session.load_scores(request.path, context.progress("Reading scores")))


def on_load_refiner(context: RequestContext, request: requests.LoadRefiner) -> None:
    """Load the refiner for the next steps."""
    card = context.session.load_refiner(request.path)
    context.send(events.RefinerLoaded(request.path, card.summary(), card.best_step))


def on_step(context: RequestContext, request: requests.Step) -> None:
    """Refine a number of times; preview the visible area before each step."""
    progress = context.progress("Refining")
    with _keeping(context) as session:
        for step in session.step(
            request.start, request.count, progress, lambda start: _preview(context, start, request)
        ):
            _send_step(context, step)


def _preview(context: RequestContext, start: int, request: requests.Step) -> None:
    """Send a preview of the step after `start`, if it is quicker than the step itself."""
    if request.view is None or context.previewer is None:
        return
    context.check()
    classes = context.session.classes
    kind = request.kind if 0 <= request.kind <= len(classes) else 0
    path = context.previewer.make(start, View(request.view, *request.view_size), kind)
    if path is not None:
        context.send(events.Previewed(start + 1, path, kind, classes))


@contextmanager
def _keeping(context: RequestContext) -> Iterator[Session]:
    """Yield the session, and finally report the finished tiles of an unfinished step."""
    session = context.session
    try:
        yield session
    finally:
        context.send_kept_tiles(session.unfinished())


def _send_step(context: RequestContext, step: StepFiles) -> None:
    session = context.session
    context.send(
        events.Stepped(
            step.index,
            session.path(step.scores),
            classes_raster=session.path(step.classes_raster),
            classes=session.classes,
            changed=step.changed,
            milliseconds=step.milliseconds,
            levels=() if step.index else _levels(session),
        )
    )
    context.send_notices(session.take_notices())


def _levels(session: Session) -> tuple[tuple[str, str, str], ...]:
    return tuple((name, session.path(each.scores), session.path(each.classes_raster)) for name, each in session.levels)
