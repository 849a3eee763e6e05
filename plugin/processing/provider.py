"""The Processing provider: the algorithms and the shipped models."""

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
MOST_KEPT = 500  # references to styles; an algorithm has few results
MODELS = RESOURCES / "models"


class Provider(QgsProcessingProvider):
    """The provider of the algorithms."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: deque[object] = deque(maxlen=MOST_KEPT)

    def keep(self, style: object) -> None:
        """Keep a style until QGIS has opened its layer; QGIS holds no reference to it."""
        self._kept.append(style)

    def id(self) -> str:
        """Return the prefix of the algorithm names."""
        return ID

    def name(self) -> str:
        """Return the plugin's name."""
        return QCoreApplication.translate("MapRefiner", "Map Refiner")

    def icon(self) -> QIcon:
        """Return the plugin's icon."""
        return plugin_icon()

    def loadAlgorithms(self) -> None:
        """Create the algorithms first and then the models, which need them."""
        for kind in ALGORITHMS:
            self.addAlgorithm(kind())
        if QgsApplication.processingRegistry().providerById(ID) is not None:
            for path in sorted(MODELS.glob("*.model3")):
                model = QgsProcessingModelAlgorithm()
                if model.fromFile(str(path)):
                    self.addAlgorithm(model)

    def supportedOutputVectorLayerExtensions(self) -> list[str]:
        """Return the vector file extensions, the default first."""
        return ["gpkg", "shp", "geojson"]

    def supportedOutputRasterLayerExtensions(self) -> list[str]:
        """Return the raster file extension."""
        return ["tif", "tiff"]

    def supportsNonFileBasedOutput(self) -> bool:
        """Return False: results are files, never database tables."""
        return False


def register() -> Provider:
    """Register the algorithms with Processing, and then the models that use them."""
    provider = Provider()
    QgsApplication.processingRegistry().addProvider(provider)
    provider.refreshAlgorithms()
    return provider


def unregister(provider: Provider) -> None:
    """Remove the algorithms; Processing deletes the provider."""
    QgsApplication.processingRegistry().removeProvider(provider)
