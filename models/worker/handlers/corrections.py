"""Correcting by hand: where to look, the region under a click, and what the corrections bind."""

from __future__ import annotations

from ...polygons.region_at_point import region_at
from ...session.apply_corrections import correct as correct_steps
from ...session.derived_layers import doubts_of
from ...shared import events, requests
from ..context import Desk


def find_doubts(desk: Desk, request: requests.FindDoubts) -> None:
    """Find the places of a step that are most worth a look."""
    desk.step(request.step)  # is there
    watch = desk.watch("Looking for doubtful places")
    found = doubts_of(desk.session, request.step, request.count, watch)
    desk.send(events.DoubtsFound(request.step, found.places, found.radius))


def find_region(desk: Desk, request: requests.FindRegion) -> None:
    """Find the region of one class around a point."""
    found = region_at(desk.session.path(desk.step(request.step).classes_raster), request.x, request.y)
    desk.send(events.RegionFound(found.outline.wkt, found.index, found.pixels))


def correct(desk: Desk, request: requests.Correct) -> None:
    """Bind the corrections of a layer from a step on."""
    session = desk.session
    for step in correct_steps(session, request.layer, request.step, desk.watch("Binding the corrections")):
        desk.send(events.Corrected(step.index, session.path(step.scores), session.path(step.classes_raster)))
