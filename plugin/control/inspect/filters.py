"""Controller of the filters: kernels and responses."""

from __future__ import annotations

from pathlib import Path

from ....models.shared.events import FiltersShown
from ....models.shared.model_kinds import TRAINING_FREE
from ....models.shared.requests import ShowFilters
from ...catalogue.refiner_kinds import refiner_kind_text
from ...dock.widgets.kernels import KernelDialog, Kernels
from ...layers.filter_layers import FilterLayers
from ...state import Task
from ..context import AppContext, SectionController, shows_errors
from ..steps import StepControl


class FilterControl(SectionController):
    """Controller of the filter button in section three and of its dialog."""

    def __init__(self, context: AppContext, steps: StepControl) -> None:
        super().__init__(context)
        self.handlers = {FiltersShown: self._on_shown}
        self.steps = steps
        self.layers = FilterLayers(context.project, context.layers, self)
        self.dialog = KernelDialog(self.dock)
        self._run = ""  # name of the run with the shown filters
        self.dialog.answers_requested.connect(self._on_answers_requested)
        self.dialog.finished.connect(self._on_closed)
        self.dock.refine.filters_requested.connect(self._on_requested)
        self.dock.refine.refiner.choice_changed.connect(self._on_refiner_chosen)
        self._on_refiner_chosen()

    def _on_refiner_chosen(self) -> None:
        key = self.steps.refiner_kind()
        kind = refiner_kind_text(key)
        reason = ""
        if kind is None:
            reason = self.tr("The kind of this refiner is unknown.")
        elif key in TRAINING_FREE:
            reason = self.tr("“{}” has no learned filters: it follows a formula.").format(kind.title())
        self.dock.refine.set_no_filters(reason)

    @shows_errors
    def _on_requested(self) -> None:
        layer = self.context.kind()
        self._ask(layer - 1 if layer else 1, None, None)

    @shows_errors
    def _on_answers_requested(self, index: int, scores: tuple[int, ...], image: tuple[int, ...]) -> None:
        self._ask(index, scores, image)

    def _ask(self, index: int, scores: tuple[int, ...] | None, image: tuple[int, ...] | None) -> None:
        context, run = self.context, self.context.mapped_run()
        request = ShowFilters(run.shown, index, str(_new_file(run.folder)), scores, image)
        requests = context.on_run(*self.steps.refiner_requests(), request)
        context.ask(Task.FILTERS, self.tr("Filtering the scene…"), *requests)

    def _on_shown(self, event: FiltersShown) -> None:
        run = self.context.run
        if run is None:
            return  # the project was closed meanwhile
        self._run = run.name
        self.layers.show(run.name, event.path, event.step, event.names, event.limits)
        scores = Kernels(event.score_kernels, event.score_size, 1, event.score_filters)
        image = Kernels(event.image_kernels, event.image_size, event.bands, event.image_filters)
        self.dialog.set_kernels(run.classes, event.class_index, event.step, scores, image)
        self.dialog.show()

    def _on_closed(self) -> None:
        self.layers.hide(self._run)  # they would cover the next steps

    def shut_down(self) -> None:
        """Discard the layers that are still to be added."""
        self.layers.clear()
        self.dialog.hide()


def _new_file(folder: Path) -> Path:
    """Return a new raster path in a run's folder, because QGIS may have the existing files open."""
    number = 1
    while (path := folder / f"filters_{number}.tif").exists():
        number += 1
    return path
