"""The vector layer with the examples of one class."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClassSource:
    """A class and the vector layer of its examples: polygons, or lines that are buffered to a width."""

    name: str
    path: str  # a vector file, optionally with "|layername=NAME" and "|subset=SQL" as in QGIS
    width_m: float | None = None  # width of lines in metres on the ground
