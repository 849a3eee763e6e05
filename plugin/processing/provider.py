"""The algorithms of Map Refiner as QGIS's Processing lists them, with the models that ship."""

from __future__ import annotations

from collections import deque

from qgis.core import QgsApplication, QgsProcessingModelAlgorithm, QgsProcessingProvider
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ...models.shared.paths import RESOURCES
from ..icons import plugin_icon
from .classify import ClassifyAlgorithm
from .evaluate import EvaluateAlgorithm
from .refine import RefineAlgorithm
from .train_coarse import TrainCoarseAlgorithm
from .train_refiner import TrainRefinerAlgorithm
from .vectorize import VectorizeAlgorithm

ID = "map_refiner"
ALGORITHMS = (
    TrainCoarseAlgorithm,
    ClassifyAlgorithm,
    TrainRefinerAlgorithm,
    RefineAlgorithm,
    EvaluateAlgorithm,
    VectorizeAlgorithm,
)
MOST_KEPT = 500  # of an algorithm's few results
MODELS = RESOURCES / "models"


class Provider(QgsProcessingProvider):
    """Lists the algorithms."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: deque[object] = deque(maxlen=MOST_KEPT)

    def keep(self, style: object) -> None:
        """Hold what styles a result until QGIS has opened it: nobody else does, and it outlives its algorithm."""
        self._kept.append(style)

    def id(self) -> str:
        """Return what stands before the names of the algorithms."""
        return ID

    def name(self) -> str:
        """Return the plugin's name."""
        return QCoreApplication.translate("MapRefiner", "Map Refiner")

    def icon(self) -> QIcon:
        """Return the plugin's icon."""
        return plugin_icon()

    def loadAlgorithms(self) -> None:
        """Make one of each, and the models, which find their parts only where those are listed already."""
        for kind in ALGORITHMS:
            self.addAlgorithm(kind())
        if QgsApplication.processingRegistry().providerById(ID) is not None:
            for path in sorted(MODELS.glob("*.model3")):
                model = QgsProcessingModelAlgorithm()
                if model.fromFile(str(path)):
                    self.addAlgorithm(model)

    def supportedOutputVectorLayerExtensions(self) -> list[str]:
        """Return what polygons can be written as, the usual first."""
        return ["gpkg", "shp", "geojson"]

    def supportedOutputRasterLayerExtensions(self) -> list[str]:
        """Return what rasters are written as."""
        return ["tif", "tiff"]

    def supportsNonFileBasedOutput(self) -> bool:
        """Say that results are files: the worker writes no databases."""
        return False


def register() -> Provider:
    """Let Processing list the algorithms, and then the models that are made of them."""
    provider = Provider()
    QgsApplication.processingRegistry().addProvider(provider)
    provider.refreshAlgorithms()
    return provider


def unregister(provider: Provider) -> None:
    """Take the algorithms away; Processing deletes the provider."""
    QgsApplication.processingRegistry().removeProvider(provider)
