"""Measurements of Map Refiner: the quality of its maps and the speed of its steps. Not part of the package."""
