"""The algorithm that refines scores step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from qgis.core import (
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFile,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
)

from ...models.shared.events import Event, RunFinished, Stepped
from ...models.shared.requests import ExportRaster, ExportScores, LoadRefiner, LoadScores, RefineImage, Request, Step
from ..catalogue.refiner_kinds import TRAINING_FREE_TEXTS
from ..catalogue.weights import pixel_size_m
from ..run.scene import raster_source
from ..wording import tr
from . import output_styles
from .algorithm import Algorithm
from .classify import weights_file
from .parameters import OUTPUT, SCORES, Parameters, remembered_pixel_size_m, scene_parameters, scheduler_parameter

METHOD, REFINER, STEPS, FOLDER, CLASSES = "METHOD", "REFINER", "STEPS", "FOLDER", "CLASSES"
WEIGHTS_METHOD = "weights"  # the refiner is a file
TIFF_SUFFIXES = (".tif", ".tiff")


class RefineAlgorithm(Algorithm):
    """Refines scores."""

    key = "refine"

    def title(self) -> str:
        """Return the title."""
        return tr("Refine scores")

    def help(self) -> str:
        """Return the description."""
        kinds = "".join(f"\n<b>{kind.key}</b> {kind.description()}" for kind in TRAINING_FREE_TEXTS)
        return (
            tr(
                "Refines the scores of a coarse map step by step, each step from the previous scores and "
                "the image, and writes the last step: its scores, and optionally its class map. Choose a "
                "folder to get the scores of all steps, starting with step_000.tif (the input scores).\n\n"
                "The scores come from <i>Classify image</i>, or from any raster with one band of "
                "probabilities, percentages, bytes or raw scores per class, background first.\n\n"
                "The method <b>weights</b> is a trained refiner: from <i>Train refiner</i>, or the "
                "shipped one. The other methods need no training:"
            )
            + kinds
        )

    def declared(self) -> Sequence[QgsProcessingParameterDefinition]:
        """Return the parameters."""
        number = QgsProcessingParameterNumber
        methods = [WEIGHTS_METHOD, *(kind.key for kind in TRAINING_FREE_TEXTS)]
        refiner = QgsProcessingParameterFile(REFINER, tr("Refiner"), extension="safetensors", optional=True)
        refiner.setHelp(tr("A file of weights. Empty: the shipped refiner."))
        raster = QgsProcessingParameterRasterDestination
        return [
            *scene_parameters(tr("the pixel size of the scores, or of the refiner.")),
            QgsProcessingParameterRasterLayer(SCORES, tr("Scores of the coarse map")),
            QgsProcessingParameterEnum(
                METHOD,
                tr("Method"),
                options=methods,
                allowMultiple=False,
                defaultValue=WEIGHTS_METHOD,
                optional=False,
                usesStaticStrings=True,
            ),
            refiner,
            scheduler_parameter(),
            number(
                STEPS, tr("Steps"), type=number.Type.Integer, defaultValue=5, optional=False, minValue=1, maxValue=1000
            ),
            raster(OUTPUT, tr("Refined scores")),
            raster(CLASSES, tr("Class map"), optional=True, createByDefault=False),
            QgsProcessingParameterFolderDestination(FOLDER, tr("All steps"), optional=True, createByDefault=False),
        ]

    def plan(self, values: Parameters) -> Sequence[Request]:
        """Open the scene, load the scores, step, and write the requested outputs."""
        scores = raster_source(values.raster(SCORES))
        method, steps = values.choice(METHOD), values.integer(STEPS) or 1
        refiner = weights_file(values.text(REFINER), "refiner") if method == WEIGHTS_METHOD else method
        remembered = remembered_pixel_size_m(scores) or (
            pixel_size_m(Path(refiner)) if method == WEIGHTS_METHOD else None
        )
        opening, target = values.open(remembered), values.target(OUTPUT, *TIFF_SUFFIXES)
        folder, classes = values.target_folder(FOLDER), values.target(CLASSES, *TIFF_SUFFIXES)
        if scheduler := values.scheduler(opening):
            size, all_steps = opening.pixel_size_m, str(folder) if folder else ""
            files = (opening.image, scores, refiner, steps, target, scheduler)
            return [RefineImage(*files, opening.bands, size, classes, all_steps)]
        writing: list[Request] = [ExportScores(steps, target)]
        if classes:
            writing.append(ExportRaster(steps, classes))
        if folder:
            writing += [ExportScores(k, str(folder / f"step_{k:03d}.tif")) for k in range(steps + 1)]
        return [opening, LoadScores(scores), LoadRefiner(refiner), Step(0, steps), *writing]

    def results(self, events: Sequence[Event], values: Parameters) -> Mapping[str, object]:
        """Return the output files."""
        names = next(event.classes for event in events if isinstance(event, (RunFinished, Stepped)))
        outputs: dict[str, object] = {OUTPUT: values.target(OUTPUT, *TIFF_SUFFIXES)}
        values.show(str(outputs[OUTPUT]), output_styles.SCORES)
        if classes := values.target(CLASSES, *TIFF_SUFFIXES):
            outputs[CLASSES] = classes
            values.show(classes, output_styles.CLASSES, names)
        if folder := values.target_folder(FOLDER):
            outputs[FOLDER] = str(folder)
        return outputs
