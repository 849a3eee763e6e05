"""The algorithms of Map Refiner for QGIS's Processing, one module each."""
