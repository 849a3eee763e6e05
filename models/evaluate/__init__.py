"""Evaluation of score rasters and polygons against labels."""
