"""All computing code: uses torch, numpy and rasterio, never qgis."""
