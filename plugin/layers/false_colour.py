"""False-colour display of a multiband image, with bands chosen by wavelength."""

from __future__ import annotations

from qgis.core import (
    QgsContrastEnhancement,
    QgsMultiBandColorRenderer,
    QgsRasterLayer,
    QgsRectangle,
)

from ...models.shared.band_text import Spectrum

# Wavelengths in nanometres for red, green and blue: the usual composites for forests, soils and towns.
NATURAL = (650.0, 560.0, 480.0)
INFRARED = (850.0, 650.0, 560.0)
SHORT_WAVE = (2200.0, 850.0, 650.0)
SAMPLED_PIXELS = 250_000  # sample size for the contrast stretch
DEVIATIONS = 2.0  # standard deviations on each side of the mean


def false_colour(layer: QgsRasterLayer, spectrum: Spectrum, wavelengths: tuple[float, float, float]) -> None:
    """Show the bands nearest to three wavelengths, each with a contrast stretch around its mean."""
    bands = [spectrum.nearest(centre) for centre in wavelengths]
    provider = layer.dataProvider()
    renderer = QgsMultiBandColorRenderer(provider, *bands)
    setters = (
        renderer.setRedContrastEnhancement,
        renderer.setGreenContrastEnhancement,
        renderer.setBlueContrastEnhancement,
    )
    for band, take in zip(bands, setters):
        stats = provider.bandStatistics(band, extent=QgsRectangle(), sampleSize=SAMPLED_PIXELS)
        contrast = QgsContrastEnhancement(provider.dataType(band))
        contrast.setMinimumValue(stats.mean - DEVIATIONS * stats.stdDev)
        contrast.setMaximumValue(stats.mean + DEVIATIONS * stats.stdDev)
        contrast.setContrastEnhancementAlgorithm(
            QgsContrastEnhancement.ContrastEnhancementAlgorithm.StretchToMinimumMaximum
        )
        take(contrast)
    layer.setRenderer(renderer)
    layer.triggerRepaint()
