"""Correcting by hand: where to look, the region under a click, and what the corrections bind."""

from __future__ import annotations

from .. import protocol as p
from ..correcting import correct as correct_steps
from ..regions import region_at
from ..views import doubts_of
from .desk import Desk


def find_doubts(desk: Desk, request: p.FindDoubts) -> None:
    """Find the places of a step that are most worth a look."""
    desk.step(request.step)  # is there
    watch = desk.watch("Looking for doubtful places")
    desk.send(doubts_of(desk.session, request.step, request.count, watch))


def find_region(desk: Desk, request: p.FindRegion) -> None:
    """Find the region of one class around a point."""
    found = region_at(desk.session.path(desk.step(request.step).classes_raster), request.x, request.y)
    desk.send(p.RegionFound(found.outline.wkt, found.index, found.pixels))


def correct(desk: Desk, request: p.Correct) -> None:
    """Bind the corrections of a layer from a step on."""
    session = desk.session
    for step in correct_steps(session, request.layer, request.step, desk.watch("Binding the corrections")):
        desk.send(p.Corrected(step.index, session.path(step.scores), session.path(step.classes_raster)))
