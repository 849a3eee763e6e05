"""The QGIS side: sees qgis, never torch or rasterio."""
