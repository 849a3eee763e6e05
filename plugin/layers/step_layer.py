"""The layers of a step: kinds, custom properties and opening."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qgis.core import QgsRasterLayer

from ...models.shared.events import Stepped
from ..run.run import Level
from ..wording import tr
from .styles import choose_band, write_class_style, write_heat_style
from .temporal import put_on_timeline

RUN_PROPERTY = "map_refiner/run"
STEP_PROPERTY = "map_refiner/step"
KIND_PROPERTY = "map_refiner/kind"
PREVIEW = "map_refiner/preview"
CLASS_MAP = 0  # kind of the class map; kind k > 0 is the heat map of band k


@dataclass(frozen=True)
class Due:
    """A pending layer of a step."""

    run: str
    step: Stepped
    kind: int


def open_step(step: Stepped, kind: int) -> QgsRasterLayer:
    """Open the class map of a step, or the heat map of band `kind`, in the fixed style."""
    what = step.classes[kind - 1] if kind else tr("classes")
    path = Path(step.scores if kind else step.classes_raster)
    if kind:
        write_heat_style(path)
    else:
        write_class_style(path, step.classes)
    name = tr("Coarse {}").format(step.title) if isinstance(step, Level) else tr("Step {}").format(step.index)
    layer = QgsRasterLayer(str(path), f"{name} · {what}", "gdal")
    if layer.isValid() and kind:
        choose_band(layer, kind)
    return layer


def open_due(due: Due) -> QgsRasterLayer:
    """Open a pending layer, with its custom properties and its day on the timeline."""
    step, kind = due.step, due.kind
    layer = open_step(step, kind)
    put_on_timeline(layer, step.index)
    for key, value in ((RUN_PROPERTY, due.run), (STEP_PROPERTY, step.index), (KIND_PROPERTY, kind)):
        layer.setCustomProperty(key, value)
    return layer
