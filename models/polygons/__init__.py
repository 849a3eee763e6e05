"""polygons."""
