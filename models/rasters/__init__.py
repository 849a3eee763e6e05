"""Rasters in and out: the only package that imports rasterio."""
