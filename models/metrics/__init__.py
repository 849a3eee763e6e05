"""Accuracy metrics of maps and polygons."""
