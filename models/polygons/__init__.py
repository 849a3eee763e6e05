"""Vectorization of score rasters into polygons."""
