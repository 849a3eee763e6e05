"""The algorithm that vectorizes scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterVectorDestination,
)

from ...models.shared.events import Event, Exported
from ...models.shared.requests import Request, Vectorize
from ..layers.exported_layers import POLYGON_ENDINGS
from ..run.scene import raster_source
from ..wording import tr
from . import output_styles
from .algorithm import Algorithm
from .parameters import OUTPUT, SCORES, Parameters, scheduler_parameter

MIN_AREA, TOLERANCE, BACKGROUND, COUNT = "MIN_AREA", "TOLERANCE", "BACKGROUND", "COUNT"


class VectorizeAlgorithm(Algorithm):
    """Vectorizes scores."""

    key = "vectorize"

    def title(self) -> str:
        """Return the title."""
        return tr("Scores to polygons")

    def help(self) -> str:
        """Return the description."""
        return tr(
            "Converts a score raster to polygons of the most probable class. Neighbours share their "
            "edges, without gaps or overlaps; each polygon has its true area and mean probability.\n\n"
            "Parts below the smallest area are merged into their largest neighbour. The tolerance "
            "simplifies all outlines, including shared edges. GeoPackage, Shapefile or GeoJSON, by the "
            "ending of the file."
        )

    def declared(self) -> Sequence[QgsProcessingParameterDefinition]:
        """Return the parameters."""
        number = QgsProcessingParameterNumber
        return [
            QgsProcessingParameterRasterLayer(SCORES, tr("Scores")),
            number(
                MIN_AREA,
                tr("Smallest area, in square metres"),
                type=number.Type.Double,
                defaultValue=10.0,
                optional=False,
                minValue=0.0,
            ),
            number(
                TOLERANCE,
                tr("Tolerance of the outlines, in metres"),
                type=number.Type.Double,
                defaultValue=0.5,
                optional=False,
                minValue=0.0,
            ),
            QgsProcessingParameterBoolean(BACKGROUND, tr("Include background"), False),
            scheduler_parameter(),
            QgsProcessingParameterVectorDestination(OUTPUT, tr("Polygons"), QgsProcessing.SourceType.TypeVectorPolygon),
        ]

    def initAlgorithm(self, configuration: Mapping[str, object] | None = None) -> None:
        """Declare the numeric output too."""
        super().initAlgorithm(configuration)
        self.addOutput(QgsProcessingOutputNumber(COUNT, tr("Number of polygons")))

    def plan(self, values: Parameters) -> Sequence[Request]:
        """Vectorize the scores."""
        scores, target = raster_source(values.raster(SCORES)), values.target(OUTPUT, *POLYGON_ENDINGS)
        area, tolerance = values.number(MIN_AREA) or 0.0, values.number(TOLERANCE) or 0.0
        return [
            Vectorize(
                scores,
                target,
                min_area_m2=area,
                tolerance_m=tolerance,
                background=values.flag(BACKGROUND),
                scheduler=values.scheduler(),
            )
        ]

    def results(self, events: Sequence[Event], values: Parameters) -> Mapping[str, object]:
        """Return the polygons and their number."""
        (exported,) = (event for event in events if isinstance(event, Exported))
        values.show(exported.path, output_styles.POLYGONS)
        return {OUTPUT: exported.path, COUNT: exported.features or 0}
