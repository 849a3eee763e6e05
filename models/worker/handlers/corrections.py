"""Manual corrections: uncertain places, the region under a click, and applying the corrections."""

from __future__ import annotations

from ...polygons.region_at_point import region_at
from ...session.apply_corrections import apply_corrections
from ...session.derived_layers import uncertain_places
from ...shared import events, requests
from ..context import RequestContext


def on_find_uncertain_places(context: RequestContext, request: requests.FindUncertainPlaces) -> None:
    """Find the most uncertain places of a step."""
    context.step(request.step)  # raises if the step does not exist
    progress = context.progress("Finding uncertain places")
    found = uncertain_places(context.session, request.step, request.count, progress)
    context.send(events.UncertainPlacesFound(request.step, found.places, found.radius))


def on_find_region(context: RequestContext, request: requests.FindRegion) -> None:
    """Find the region of one class around a point."""
    found = region_at(context.session.path(context.step(request.step).classes_raster), request.x, request.y)
    context.send(events.RegionFound(found.outline.wkt, found.index, found.pixels))


def on_apply_corrections(context: RequestContext, request: requests.Correct) -> None:
    """Apply the corrections of a layer from a step onwards."""
    session = context.session
    for step in apply_corrections(session, request.layer, request.step, context.progress("Applying the corrections")):
        context.send(events.Corrected(step.index, session.path(step.scores), session.path(step.classes_raster)))
