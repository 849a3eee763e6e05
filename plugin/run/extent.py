"""An extent in a CRS."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QCoreApplication

from ..errors import UserError


@dataclass(frozen=True)
class Extent:
    """An extent, its CRS, and the context to transform it to others."""

    extent: QgsRectangle
    crs: QgsCoordinateReferenceSystem
    context: QgsCoordinateTransformContext

    def in_crs(self, crs: QgsCoordinateReferenceSystem) -> QgsRectangle:
        """Return the extent in another CRS, or unchanged if either CRS is unknown.

        Raises:
            UserError: if it cannot be transformed.
        """
        if not (crs.isValid() and self.crs.isValid()):
            return QgsRectangle(self.extent)
        try:
            return QgsCoordinateTransform(self.crs, crs, self.context).transformBoundingBox(self.extent)
        except QgsCsException:
            sentence = QCoreApplication.translate("MapRefiner", "The area cannot be transformed from {} to {}.")
            raise UserError(sentence.format(self.crs.userFriendlyIdentifier(), crs.userFriendlyIdentifier())) from None
