"""Input and output of rasters, vector files and tiles."""
