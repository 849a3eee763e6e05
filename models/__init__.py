"""Everything that computes: sees torch, numpy and rasterio, never qgis."""
