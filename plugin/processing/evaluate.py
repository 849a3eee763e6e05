"""The algorithm that evaluates scores against labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterMultipleLayers,
)

from ...models.shared.events import Evaluated, Event
from ...models.shared.requests import EvaluateFiles, Request
from ..errors import UserError
from ..wording import tr
from .algorithm import Algorithm
from .parameters import OUTPUT, SCORES, Parameters, labels_parameter_types, scheduler_parameter

LABELS, ACCURACY, MIOU = "LABELS", "OVERALL_ACCURACY", "MEAN_IOU"


class EvaluateAlgorithm(Algorithm):
    """Evaluates score rasters."""

    key = "evaluate"

    def title(self) -> str:
        """Return the title."""
        return tr("Evaluate accuracy")

    def help(self) -> str:
        """Return the description."""
        return tr(
            "Evaluates score rasters against labels: overall accuracy, mean IoU, the IoU of each class, "
            "and the boundary IoU within two pixels of the outlines. The log lists them; the report, a "
            "JSON file, also has the confusion matrices and other distances. The returned numbers belong "
            "to the last raster.\n\n"
            "The labels are polygons with a text field <i>class</i> (the classes, <i>tile</i>, "
            "<i>ignore</i>), or a raster of class indices with background 0 and unlabelled 255. Scores "
            "are optimistic on labels that the refiner was trained on."
        )

    def declared(self) -> Sequence[QgsProcessingParameterDefinition]:
        """Return the parameters."""
        rasters = QgsProcessing.SourceType.TypeRaster
        return [
            QgsProcessingParameterMultipleLayers(SCORES, tr("Scores"), rasters),
            QgsProcessingParameterMapLayer(LABELS, tr("Labels"), types=labels_parameter_types()),
            scheduler_parameter(),
            QgsProcessingParameterFileDestination(OUTPUT, tr("Report"), "JSON (*.json)"),
        ]

    def initAlgorithm(self, configuration: Mapping[str, object] | None = None) -> None:
        """Declare the numeric outputs too."""
        super().initAlgorithm(configuration)
        self.addOutput(QgsProcessingOutputNumber(ACCURACY, tr("Overall accuracy")))
        self.addOutput(QgsProcessingOutputNumber(MIOU, tr("Mean IoU")))

    def plan(self, values: Parameters) -> Sequence[Request]:
        """Evaluate every raster."""
        self._scores = values.rasters(SCORES)
        if not self._scores:
            raise UserError(tr("No score raster is given."))
        return [EvaluateFiles(self._scores, values.labels(LABELS), values.target(OUTPUT, ".json"), values.scheduler())]

    def results(self, events: Sequence[Event], values: Parameters) -> Mapping[str, object]:
        """Return the report, and the accuracy of the last raster."""
        found = [event for event in events if isinstance(event, Evaluated)]
        for event in found:
            values.inform(f"{self._scores[event.index]}: {_summary(event)}")
        return {
            OUTPUT: values.target(OUTPUT, ".json"),
            ACCURACY: found[-1].overall_accuracy,
            MIOU: found[-1].mean_iou,
        }


def _summary(event: Evaluated) -> str:
    classes = ", ".join(f"{name} {_figure(iou)}" for name, iou in zip(event.classes, event.iou))
    text = tr("overall accuracy {:.4f}, mean IoU {:.4f} ({})")
    return text.format(event.overall_accuracy, event.mean_iou, classes)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
