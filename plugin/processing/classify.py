"""The algorithm that classifies an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from qgis.core import (
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterFile,
    QgsProcessingParameterRasterDestination,
)

from ...models.shared.events import Event
from ...models.shared.requests import Classify, ClassifyImage, ExportScores, Request
from ..catalogue.weights import pixel_size_m, shipped
from ..errors import UserError
from ..wording import tr
from . import output_styles
from .algorithm import Algorithm
from .parameters import OUTPUT, Parameters, advanced, scene_parameters, scheduler_parameter

MODEL, SCALES = "MODEL", "MULTI_SCALE"


class ClassifyAlgorithm(Algorithm):
    """Makes a coarse map."""

    key = "classify"

    def title(self) -> str:
        """Return the title."""
        return tr("Classify image")

    def help(self) -> str:
        """Return the description."""
        return tr(
            "Makes a coarse map of an image with a trained model: a raster with one band of "
            "probabilities per class, background first, on the image's own pixels.\n\n"
            "The shipped model finds buildings and roads in three colour bands of aerial images of "
            "0.25-1 m. <i>Train coarse model</i> makes other models. The result is the input of "
            "<i>Refine scores</i>."
        )

    def declared(self) -> Sequence[QgsProcessingParameterDefinition]:
        """Return the parameters."""
        model = QgsProcessingParameterFile(MODEL, tr("Coarse model"), extension="safetensors", optional=True)
        model.setHelp(tr("A file of weights. Empty: the shipped model."))
        scales = QgsProcessingParameterBoolean(SCALES, tr("Look at several scales"), False)
        scales.setHelp(
            tr(
                "Also classify at 0.6 and 0.8 of the image's size. Only for models of the kind "
                "lrr; three times as slow."
            )
        )
        return [
            *scene_parameters(tr("the pixel size of the training.")),
            model,
            advanced(scales),
            scheduler_parameter(),
            QgsProcessingParameterRasterDestination(OUTPUT, tr("Scores")),
        ]

    def plan(self, values: Parameters) -> Sequence[Request]:
        """Open the scene, classify it, and write the scores."""
        model = weights_file(values.text(MODEL), "coarse")
        opening, target = values.open(pixel_size_m(Path(model))), values.target(OUTPUT, ".tif", ".tiff")
        scales = values.flag(SCALES)
        if scheduler := values.scheduler(opening):
            return [
                ClassifyImage(
                    opening.image,
                    model,
                    path=target,
                    scheduler=scheduler,
                    bands=opening.bands,
                    pixel_size_m=opening.pixel_size_m,
                    multi_scale=scales,
                )
            ]
        return [opening, Classify(model, scales), ExportScores(0, target)]

    def results(self, events: Sequence[Event], values: Parameters) -> Mapping[str, object]:
        """Return the score raster."""
        path = values.target(OUTPUT, ".tif", ".tiff")
        values.show(path, output_styles.SCORES)
        return {OUTPUT: path}


def weights_file(text: str, role: str) -> str:
    """Return a weights file, or the first shipped one if none is given.

    Raises:
        UserError: if there is none.
    """
    if not text:
        found = [weights.path for weights in shipped(role)]
        if not found:
            raise UserError(tr("This version ships no weights. Choose a file of weights."))
        return found[0]
    if not Path(text).is_file():
        raise UserError(tr("There is no file of weights {}.").format(text))
    return text
