"""Looking closer: at the spectra of classes, at the filters of a refiner, at what has changed or is unsure."""

from __future__ import annotations

from .. import protocol as p
from ..filters import show_filters as filters_of
from ..spectra import class_spectra
from ..views import write_view as write
from .desk import Desk


def show_spectra(desk: Desk, request: p.ShowSpectra) -> None:
    """Show the mean spectra of labelled classes."""
    desk.send(class_spectra(desk.session.scene, request.labels, desk.watch("Reading the spectra")))


def show_filters(desk: Desk, request: p.ShowFilters) -> None:
    """Show what filters of the refiner answer to a step."""
    desk.step(request.step)  # is there
    desk.send(filters_of(desk.session, request, desk.watch("Filtering the scene")))


def write_view(desk: Desk, request: p.WriteView) -> None:
    """Write what is unsure of a step, or what has changed, as a raster."""
    desk.step(request.step)  # is there
    write(desk.session, request.step, request.view, request.path, desk.watch("Writing the layer"))
    desk.send(p.ViewWritten(request.step, request.view, request.path))
