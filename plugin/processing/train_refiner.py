"""The algorithm that trains a refiner on a labelled tile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
)

from ...models.shared.conventions import SHIPPED
from ...models.shared.events import Event, Trained
from ...models.shared.model_kinds import REFINER_KINDS
from ...models.shared.requests import LoadScores, Request, TrainRefiner
from ..catalogue.refiner_kinds import REFINER_KIND_TEXTS
from ..run.scene import raster_source
from ..wording import tr
from .algorithm import Algorithm
from .parameters import (
    OUTPUT,
    SCORES,
    Parameters,
    advanced,
    labels_parameter_types,
    remembered_pixel_size_m,
    scene_parameters,
)

LABELS, KIND, STEPS, SEED, BEGIN, FRESH = "LABELS", "KIND", "STEPS", "SEED", "BEGIN", "FRESH"
MIOU, COARSE_MIOU, BEST_STEP = "HELD_OUT_MIOU", "COARSE_MIOU", "BEST_STEP"
WEIGHTS_SUFFIX = ".safetensors"


class TrainRefinerAlgorithm(Algorithm):
    """Trains a refiner."""

    key = "trainrefiner"

    def title(self) -> str:
        """Return the title."""
        return tr("Train refiner")

    def help(self) -> str:
        """Return the description."""
        kinds = "".join(f"\n<b>{kind.key}</b> {kind.description()}" for kind in REFINER_KIND_TEXTS)
        return (
            tr(
                "Trains a refiner on one labelled tile of an image, from the scores of a coarse map, and "
                "saves its weights to a file for <i>Refine scores</i>. Training usually takes about a "
                "minute.\n\n"
                "The labels are polygons with a text field <i>class</i>: the classes of the map, "
                "<i>tile</i> for the outline of the labelled area (unlabelled pixels inside it count as "
                "background), and <i>ignore</i>. Or a raster of class indices with background 0 and "
                "unlabelled 255.\n\n"
                "Blocks of the tile are held out: compare the held-out mean IoU with the mean IoU of the "
                "coarse map there. A best step of 0 means that the coarse map is as good.\n\n"
                "Kinds:"
            )
            + kinds
        )

    def declared(self) -> Sequence[QgsProcessingParameterDefinition]:
        """Return the parameters."""
        number = QgsProcessingParameterNumber
        steps = number(
            STEPS,
            tr("Training iterations"),
            type=number.Type.Integer,
            defaultValue=None,
            optional=True,
            minValue=1,
            maxValue=100_000,
        )
        steps.setHelp(
            tr("For kinds without weights: the number of parameter values to try. Empty: the default of the kind.")
        )
        kinds = list(REFINER_KINDS)
        begin = QgsProcessingParameterFile(BEGIN, tr("Pretrained refiner"), extension=WEIGHTS_SUFFIX[1:], optional=True)
        begin.setHelp(
            tr(
                "Weights of a learned refiner of this kind, with the same bands and with the classes of "
                "the map, to start the training from. This usually gives a better refiner. Empty: the "
                "shipped weights, where they fit."
            )
        )
        fresh = QgsProcessingParameterBoolean(FRESH, tr("Train from scratch"), False)
        fresh.setHelp(tr("Train from random weights instead of pretrained ones."))
        return [
            *scene_parameters(tr("the pixel size of the scores.")),
            QgsProcessingParameterRasterLayer(SCORES, tr("Scores of the coarse map")),
            QgsProcessingParameterMapLayer(LABELS, tr("Labels"), types=labels_parameter_types()),
            QgsProcessingParameterEnum(
                KIND,
                tr("Kind"),
                options=kinds,
                allowMultiple=False,
                defaultValue=kinds[0],
                optional=False,
                usesStaticStrings=True,
            ),
            advanced(begin),
            advanced(fresh),
            advanced(steps),
            advanced(
                number(SEED, tr("Random seed"), type=number.Type.Integer, defaultValue=0, optional=False, minValue=0)
            ),
            QgsProcessingParameterFileDestination(OUTPUT, tr("Refiner"), tr("Weights") + f" (*{WEIGHTS_SUFFIX})"),
        ]

    def initAlgorithm(self, configuration: Mapping[str, object] | None = None) -> None:
        """Declare the numeric outputs too."""
        super().initAlgorithm(configuration)
        self.addOutput(QgsProcessingOutputNumber(MIOU, tr("Held-out mean IoU")))
        self.addOutput(QgsProcessingOutputNumber(COARSE_MIOU, tr("Held-out mean IoU of the coarse map")))
        self.addOutput(QgsProcessingOutputNumber(BEST_STEP, tr("Best step")))

    def plan(self, values: Parameters) -> Sequence[Request]:
        """Open the scene, load the scores, and train."""
        scores = raster_source(values.raster(SCORES))
        target = values.target(OUTPUT, WEIGHTS_SUFFIX)
        begin = "" if values.flag(FRESH) else values.text(BEGIN) or SHIPPED
        how = values.choice(KIND), values.integer(STEPS), values.integer(SEED) or 0, begin
        teach = TrainRefiner(values.labels(LABELS), target, *how)
        return [values.open(remembered_pixel_size_m(scores)), LoadScores(scores), teach]

    def results(self, events: Sequence[Event], values: Parameters) -> Mapping[str, object]:
        """Return the weights file and its held-out accuracy."""
        (trained,) = (event for event in events if isinstance(event, Trained))
        values.inform(
            tr("Held-out mean IoU: {:.3f} for the coarse map, {} after each step. Stop at step {}.").format(
                trained.coarse_miou or 0.0,
                ", ".join(f"{value:.3f}" for value in trained.by_step[1:]),
                trained.best_step,
            )
        )
        if not trained.best_step:
            values.warn(
                tr("The refiner does not beat the coarse map on held-out blocks. Keep the coarse map, or label more.")
            )
        before = trained.before_miou
        if before is not None and before >= trained.held_out_miou:
            values.warn(tr("The pretrained refiner is as good there: {:.3f}.").format(before))
        return {
            OUTPUT: trained.model,
            MIOU: trained.held_out_miou,
            COARSE_MIOU: trained.coarse_miou,
            BEST_STEP: trained.best_step,
        }
