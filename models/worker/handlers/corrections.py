"""Correcting by hand: where to look, the region under a click, and what the corrections bind."""

from __future__ import annotations

from ...polygons.region_at_point import region_at
from ...session.apply_corrections import apply_corrections
from ...session.derived_layers import uncertain_places
from ...shared import events, requests
from ..context import RequestContext


def on_find_uncertain_places(context: RequestContext, request: requests.FindUncertainPlaces) -> None:
    """Find the places of a step that are most worth a look."""
    context.step(request.step)  # is there
    progress = context.progress("Finding uncertain places")
    found = uncertain_places(context.session, request.step, request.count, progress)
    context.send(events.UncertainPlacesFound(request.step, found.places, found.radius))


def on_find_region(context: RequestContext, request: requests.FindRegion) -> None:
    """Find the region of one class around a point."""
    found = region_at(context.session.path(context.step(request.step).classes_raster), request.x, request.y)
    context.send(events.RegionFound(found.outline.wkt, found.index, found.pixels))


def on_apply_corrections(context: RequestContext, request: requests.Correct) -> None:
    """Bind the corrections of a layer from a step on."""
    session = context.session
    for step in apply_corrections(session, request.layer, request.step, context.progress("Applying the corrections")):
        context.send(events.Corrected(step.index, session.path(step.scores), session.path(step.classes_raster)))
