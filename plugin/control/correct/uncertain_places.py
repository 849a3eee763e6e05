"""Controller of the uncertain places: the list, and the gain from correcting them."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import QgsCoordinateTransform, QgsCsException, QgsGeometry, QgsPointXY, QgsRectangle

from ....models.shared.events import Evaluated, UncertainPlacesFound
from ....models.shared.requests import Evaluate, FindUncertainPlaces
from ...state import Task
from ..context import AppContext, SectionController, shows_errors
from ..training import TrainingControl
from .correction_tools import CorrectionToolControl

COUNT = 20  # places in a list
AROUND = 8  # half-width of the shown area, in radii of a place


@dataclass
class _Spot:
    """An uncertain place in the CRS of the scene."""

    point: QgsPointXY
    done: bool = False


class UncertainPlaceControl(SectionController):
    """Controller of the list of uncertain places in section five."""

    def __init__(self, context: AppContext, correction_tools: CorrectionToolControl, training: TrainingControl) -> None:
        super().__init__(context)
        self.corrections, self.training = correction_tools.corrections, training
        self.handlers = {UncertainPlacesFound: self._on_found, Evaluated: self._on_evaluated}
        self._spots: list[_Spot] = []
        self._radius, self._step = 1.0, 0
        self._before: float | None = None  # mean IoU when the list was made
        self._measured = False  # whether evaluating the gain was requested
        self.dock.correct.places_requested.connect(self._on_requested)
        self.dock.correct.place_chosen.connect(self._on_chosen)
        self.corrections.bound.connect(self._on_corrected)
        correction_tools.shortcuts.add("Next", self.tr("Map Refiner: Next Place to Look at"), "Ctrl+Alt+N", self.next)

    @shows_errors
    def _on_requested(self) -> None:
        context, run = self.context, self.context.mapped_run()
        labels = self.training.labels_if_any(run)
        first = (Evaluate(labels),) if labels and run.shown not in run.accuracy else ()
        context.ask(
            Task.UNCERTAIN_PLACES,
            self.tr("Finding uncertain places…"),
            *context.on_run(*first, FindUncertainPlaces(run.shown, COUNT)),
        )

    def _on_found(self, event: UncertainPlacesFound) -> None:
        run = self.context.run
        if run is None:
            return  # the project was closed meanwhile
        self._spots = [_Spot(QgsPointXY(place[0], place[1])) for place in event.places]
        self._radius, self._step, self._measured = event.radius, event.step, False
        accuracy = run.accuracy.get(event.step)
        self._before = None if accuracy is None else accuracy.mean_iou
        texts = [
            self.tr("{}. {} or {}? Uncertainty {:.0f} %").format(
                number, run.classes[place[3]], run.classes[place[4]], 100 * place[2]
            )
            for number, place in enumerate(event.places, start=1)
        ]
        self.dock.correct.set_places(texts)
        self.dock.correct.set_gain(self._sentence())

    def next(self) -> None:
        """Select the next place that is not corrected yet."""
        if rows := [row for row, spot in enumerate(self._spots) if not spot.done]:
            self.dock.correct.choose_next_place(rows)

    def _on_chosen(self, row: int) -> None:
        run = self.context.run
        if run is None or not 0 <= row < len(self._spots):
            return
        point, reach = self._spots[row].point, AROUND * self._radius
        box = QgsRectangle(point.x() - reach, point.y() - reach, point.x() + reach, point.y() + reach)
        crs = self.context.canvas.mapSettings().destinationCrs()
        if crs.isValid() and run.extent.crs.isValid():
            try:
                way = QgsCoordinateTransform(run.extent.crs, crs, self.context.project.transformContext())
                box = way.transformBoundingBox(box)
            except QgsCsException:
                return
        self.context.canvas.setExtent(box)
        self.context.canvas.refresh()

    def _on_corrected(self) -> None:
        """Tick the corrected places in the list and update the text about the gain."""
        layer, run = self.corrections.layer(), self.context.run
        if layer is None or run is None or not self._spots:
            return
        back = QgsCoordinateTransform(run.extent.crs, layer.crs(), self.context.project.transformContext())
        is_placed = run.extent.crs.isValid() and layer.crs().isValid()
        shapes = [feature.geometry() for feature in layer.getFeatures()]
        for row, spot in enumerate(self._spots):
            place = QgsGeometry.fromPointXY(back.transform(spot.point) if is_placed else spot.point)
            spot.done = any(shape.distance(place) <= self._radius / 2 for shape in shapes)
            self.dock.correct.check_place(row, spot.done)
        self.dock.correct.set_gain(self._sentence())

    def on_ended(self) -> None:
        """Evaluate the gain once all places are corrected and the worker is idle."""
        run = self.context.run
        ready = self._before is not None and not self._measured and self._spots and run is not None
        if (
            ready
            and run is not None
            and all(spot.done for spot in self._spots)
            and self.context.task is Task.NONE
            and not self.context.playing
        ):
            labels = self.training.labels_if_any(run)
            if labels:
                self._measured = True
                self.context.ask(
                    Task.MEASURE, self.tr("Evaluating the accuracy…"), *self.context.on_run(Evaluate(labels))
                )

    def _on_evaluated(self, event: Evaluated) -> None:
        if self.context.run is not None and self._spots and event.index == self.context.run.shown:
            self.dock.correct.set_gain(self._sentence(event.mean_iou))

    def _sentence(self, now: float | None = None) -> str:
        if not self._spots:
            return self.tr("No place is uncertain.")
        text = self.tr("{} of {} places corrected.").format(sum(spot.done for spot in self._spots), len(self._spots))
        if self._before is None:
            return text + " " + self.tr("Choose labels under Train to measure the gain.")
        if now is None:
            return text + " " + self.tr("Mean IoU on the labels when the list was made: {:.3f}.").format(self._before)
        gain = 100 * (now - self._before)
        return (
            text
            + " "
            + self.tr("Mean IoU on the labels: {:.3f}, and now {:.3f} ({:+.1f} points).").format(
                self._before, now, gain
            )
        )

    def clear(self) -> None:
        """Clear the list."""
        self._spots = []
        self.dock.correct.set_places(())
        self.dock.correct.set_gain("")
