"""The QGIS plugin; it imports neither torch nor rasterio."""
