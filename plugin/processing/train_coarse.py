"""The algorithm that trains a coarse model on vector layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterNumber,
    QgsVectorLayer,
)

from ...models.shared.class_source import ClassSource
from ...models.shared.conventions import CLASS_FIELD
from ...models.shared.events import Event, Trained
from ...models.shared.model_kinds import COARSE_KINDS
from ...models.shared.requests import Request, TrainCoarse
from ..catalogue.coarse_kinds import COARSE_KIND_TEXTS
from ..errors import UserError
from ..run.scene import default_pixel_size_m
from ..wording import tr
from .algorithm import Algorithm
from .parameters import OUTPUT, Parameters, advanced, labels_parameter_types, scene_parameters

BUILDINGS, ROADS, ROAD_WIDTH, OTHERS, FIELD = "BUILDINGS", "ROADS", "ROAD_WIDTH", "OTHERS", "CLASS_FIELD"
LABELS, KIND, SAMPLES, TRUNK = "LABELS", "KIND", "SAMPLES", "TRUNK"
STEPS, SEED, MIOU = "STEPS", "SEED", "HELD_OUT_MIOU"
WEIGHTS_SUFFIX = ".safetensors"
MOST_CLASSES = 30  # a field with more distinct values hardly holds classes


class TrainCoarseAlgorithm(Algorithm):
    """Trains a coarse model."""

    key = "traincoarse"

    def title(self) -> str:
        """Return the title."""
        return tr("Train coarse model")

    def help(self) -> str:
        """Return the description."""
        kinds = "".join(f"\n<b>{kind.key}</b> {kind.description()}" for kind in COARSE_KIND_TEXTS)
        text = tr(
            "Trains a classification network for an image from vector layers, and saves its weights to a "
            "file for <i>Classify image</i>.\n\n"
            "Choose polygons of buildings, lines or polygons of roads, or one layer of polygons of any "
            "classes with a text field that names them. Uncovered pixels are background. OpenStreetMap "
            "is good enough: the refiner corrects its shifts and omissions. Or choose labels instead, "
            "which define their own classes: polygons or points with a text field <i>class</i>, or a "
            "raster of class indices. Unlabelled pixels are ignored.\n\n"
            "Training usually takes two minutes on a processor. The held-out mean IoU is measured on "
            "parts of the image that are not used for training, against the same layers.\n\n"
            "Kinds:"
        )
        return text + kinds

    def declared(self) -> Sequence[QgsProcessingParameterDefinition]:
        """Return the parameters."""
        number = QgsProcessingParameterNumber
        polygon, line = QgsProcessing.SourceType.TypeVectorPolygon, QgsProcessing.SourceType.TypeVectorLine
        width = number(
            ROAD_WIDTH,
            tr("Width of road lines, in metres"),
            type=number.Type.Double,
            defaultValue=7.0,
            optional=False,
            minValue=0.1,
            maxValue=999,
        )
        others = QgsProcessingParameterFeatureSource(OTHERS, tr("Polygons of any classes"), [polygon], optional=True)
        field = QgsProcessingParameterField(
            FIELD,
            tr("Field with the class"),
            CLASS_FIELD,
            OTHERS,
            QgsProcessingParameterField.DataType.String,
            optional=True,
        )
        kinds = list(COARSE_KINDS)
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
        samples = number(
            SAMPLES, tr("Pixels per class"), type=number.Type.Integer, defaultValue=None, optional=True, minValue=1
        )
        samples.setHelp(tr("Maximum, for spectral kinds. Empty: the default."))
        backbone = QgsProcessingParameterFile(TRUNK, tr("VGG-16 weights"), extension=WEIGHTS_SUFFIX[1:], optional=True)
        backbone.setHelp(
            tr("A file with pretrained weights in the naming of torchvision. Only for the kinds on VGG-16.")
        )
        return [
            *scene_parameters(tr("the image's own pixel size, but at least 0.5 m.")),
            QgsProcessingParameterFeatureSource(BUILDINGS, tr("Buildings"), [polygon], optional=True),
            QgsProcessingParameterFeatureSource(ROADS, tr("Roads"), [line, polygon], optional=True),
            width,
            others,
            field,
            QgsProcessingParameterMapLayer(LABELS, tr("Or labels"), optional=True, types=_label_types()),
            QgsProcessingParameterEnum(
                KIND,
                tr("Kind"),
                options=kinds,
                allowMultiple=False,
                defaultValue=kinds[0],
                optional=False,
                usesStaticStrings=True,
            ),
            advanced(samples),
            advanced(backbone),
            advanced(steps),
            advanced(
                number(SEED, tr("Random seed"), type=number.Type.Integer, defaultValue=0, optional=False, minValue=0)
            ),
            QgsProcessingParameterFileDestination(OUTPUT, tr("Coarse model"), tr("Weights") + f" (*{WEIGHTS_SUFFIX})"),
        ]

    def initAlgorithm(self, configuration: Mapping[str, object] | None = None) -> None:
        """Declare the numeric outputs too."""
        super().initAlgorithm(configuration)
        self.addOutput(QgsProcessingOutputNumber(MIOU, tr("Held-out mean IoU")))

    def plan(self, values: Parameters) -> Sequence[Request]:
        """Open the scene and train on the sources."""
        opening = values.open(default_pixel_size_m(values.own_pixel_size_m()))
        labels = values.labels(LABELS) if values.is_given(LABELS) else ""
        request = TrainCoarse(
            () if labels else self._sources(values),
            values.target(OUTPUT, WEIGHTS_SUFFIX),
            updates=values.integer(STEPS),
            seed=values.integer(SEED) or 0,
            kind=values.choice(KIND),
            labels=labels,
            samples=values.integer(SAMPLES) or 0,
            backbone=self._backbone(values),
        )
        return [opening, request]

    def _backbone(self, values: Parameters) -> str:
        path, kind = values.text(TRUNK), values.choice(KIND)
        chosen = COARSE_KINDS.get(kind)
        if path and not Path(path).is_file():
            raise UserError(tr("There is no file of weights {}.").format(path))
        if path and not (chosen and chosen.has_backbone):
            able = ", ".join(each.key for each in COARSE_KINDS.values() if each.has_backbone)
            raise UserError(tr("The kind {} has no VGG-16 backbone; {} have one.").format(kind, able))
        return path

    def _sources(self, values: Parameters) -> tuple[ClassSource, ...]:
        sources = []
        if values.is_given(BUILDINGS):
            sources.append(ClassSource("building", values.vectors(BUILDINGS)))
        if values.is_given(ROADS):
            sources.append(ClassSource("road", values.vectors(ROADS), values.number(ROAD_WIDTH)))
        if values.is_given(OTHERS):
            sources += classes_of(values.vectors(OTHERS), values.text(FIELD))
        if not sources:
            raise UserError(tr("No layer is given. Choose buildings, roads, polygons of any classes, or labels."))
        return tuple(sources)

    def results(self, events: Sequence[Event], values: Parameters) -> Mapping[str, object]:
        """Return the weights file and its held-out accuracy."""
        (trained,) = (event for event in events if isinstance(event, Trained))
        return {OUTPUT: trained.model, MIOU: trained.held_out_miou}


def classes_of(source: str, field: str) -> list[ClassSource]:
    """Return one source per class in a text field of a layer.

    Raises:
        UserError: if the field is missing or holds no classes.
    """
    layer = QgsVectorLayer(source, "", "ogr")
    index = layer.fields().indexOf(field)
    if index < 0:
        found = ", ".join(layer.fields().names()) or "-"
        raise UserError(tr("There is no field “{}”; the fields are {}.").format(field, found))
    names = sorted(str(value).strip() for value in layer.uniqueValues(index, MOST_CLASSES + 1) if value)
    if not 0 < len(names) <= MOST_CLASSES:
        text = tr("The field “{}” has {} distinct values; 1 to {} classes are needed.")
        raise UserError(text.format(field, len(names), MOST_CLASSES))
    quoted = field.replace('"', '""')
    subset = "|subset=\"{}\" = '{}'"
    return [ClassSource(name, source + subset.format(quoted, name.replace("'", "''"))) for name in names]


def _label_types() -> list[int]:
    return [*labels_parameter_types(), QgsProcessing.SourceType.TypeVectorPoint]
