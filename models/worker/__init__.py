"""The worker process, which computes for QGIS."""
