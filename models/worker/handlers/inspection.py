"""Inspection of class spectra, refiner filters, changes and uncertainty."""

from __future__ import annotations

from ...scene.class_spectra import class_spectra
from ...session.derived_layers import write_derived_layer
from ...session.filters import FilterRequest, write_filter_responses
from ...shared import events, requests
from ..context import RequestContext


def on_show_spectra(context: RequestContext, request: requests.ShowSpectra) -> None:
    """Show the mean spectra of labelled classes."""
    found = class_spectra(context.session.scene, request.labels, context.progress("Reading the spectra"))
    context.send(events.SpectraShown(**vars(found)))


def on_show_filters(context: RequestContext, request: requests.ShowFilters) -> None:
    """Show the filter responses of the refiner at a step."""
    context.step(request.step)  # raises if the step does not exist
    shown = write_filter_responses(
        context.session, FilterRequest(**vars(request)), context.progress("Filtering the scene")
    )
    context.send(
        events.FiltersShown(path=request.path, step=request.step, class_index=request.class_index, **vars(shown))
    )


def on_write_derived_layer(context: RequestContext, request: requests.WriteDerivedLayer) -> None:
    """Write the uncertainty or the changes of a step as a raster."""
    context.step(request.step)  # raises if the step does not exist
    write_derived_layer(
        context.session, request.step, request.view, request.path, context.progress("Writing the layer")
    )
    context.send(events.DerivedLayerWritten(request.step, request.view, request.path))
