"""Looking closer: at the spectra of classes, at the filters of a refiner, at what has changed or is unsure."""

from __future__ import annotations

from ...scene.class_spectra import class_spectra
from ...session.derived_layers import write_view as write
from ...session.filters import FilterRequest
from ...session.filters import show_filters as filters_of
from ...shared import events, requests
from ..context import Desk


def show_spectra(desk: Desk, request: requests.ShowSpectra) -> None:
    """Show the mean spectra of labelled classes."""
    found = class_spectra(desk.session.scene, request.labels, desk.watch("Reading the spectra"))
    desk.send(events.SpectraShown(**vars(found)))


def show_filters(desk: Desk, request: requests.ShowFilters) -> None:
    """Show what filters of the refiner answer to a step."""
    desk.step(request.step)  # is there
    shown = filters_of(desk.session, FilterRequest(**vars(request)), desk.watch("Filtering the scene"))
    desk.send(events.FiltersShown(path=request.path, step=request.step, class_index=request.class_index, **vars(shown)))


def write_view(desk: Desk, request: requests.WriteView) -> None:
    """Write what is unsure of a step, or what has changed, as a raster."""
    desk.step(request.step)  # is there
    write(desk.session, request.step, request.view, request.path, desk.watch("Writing the layer"))
    desk.send(events.ViewWritten(request.step, request.view, request.path))
