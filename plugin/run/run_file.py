"""The file that describes a run in its folder, so that the run can be resumed."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransformContext, QgsRectangle

from ...models.shared.events import Stepped
from ..errors import UserError
from ..state import StepAccuracy
from ..wording import tr
from .extent import Extent
from .run import Run
from .scene import SceneChoice

RECORD = "run.json"


@dataclass(frozen=True)
class Choices:
    """The choices in the dock other than the scene."""

    models: tuple[tuple[str, str], ...] = ()  # coarse models as title and file, without the shipped ones
    model: str = ""
    refiners: tuple[tuple[str, str], ...] = ()
    refiner: str = ""
    kind: str = ""  # of the refiner to train
    go_on: bool = True  # start from pretrained weights
    labels: str = ""  # source of the label layer


def write(run: Run, choices: Choices) -> None:
    """Write the record of a run completely or not at all; if that fails, the previous record stays."""
    content = {
        "scene": asdict(run.scene),
        "extent": [getattr(run.extent.extent, side)() for side in ("xMinimum", "yMinimum", "xMaximum", "yMaximum")],
        "crs": run.extent.crs.toWkt(),
        "steps": [_entry(step) for step in run.steps],
        "shown": run.shown,
        "refiner": run.refiner,
        "coarse": run.coarse,
        "made_by": run.made_by,
        "best_steps": run.best_steps,
        "accuracy": {index: asdict(value) for index, value in run.accuracy.items()},
        "choices": asdict(choices),
    }
    part = run.folder / f".{RECORD}.part"
    try:
        part.write_text(json.dumps(content, indent=1), encoding="utf-8")
        os.replace(part, run.folder / RECORD)
    except OSError:
        part.unlink(missing_ok=True)


def read(folder: Path, context: QgsCoordinateTransformContext) -> tuple[Run, Choices]:
    """Read a run and its choices, with the steps before the first one with missing files.

    Raises:
        UserError: if the folder is missing or holds no run.
    """
    if not folder.is_dir():
        raise UserError(
            tr("The folder of the run is missing: {}. Restore it, or make a coarse map again.").format(folder)
        )
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        extent = Extent(
            QgsRectangle(*content["extent"]), QgsCoordinateReferenceSystem.fromWkt(content["crs"] or ""), context
        )
        scene = _made(SceneChoice, content["scene"])
        area = None if scene.area is None else tuple(scene.area)
        run = Run(replace(scene, bands=tuple(scene.bands), area=area), folder, extent, refiner=content["refiner"])
        for entry, maker in zip(content["steps"], content["made_by"]):
            step = _step(folder, entry)
            if step is None:
                break
            run.steps.append(step)
            run.made_by.append(maker)
        run.best_steps = {str(path): int(best) for path, best in content["best_steps"].items()}
        for index, value in content["accuracy"].items():
            if int(index) <= run.last:
                found = _made(StepAccuracy, value)
                by_class = {name: tuple(getattr(found, name)) for name in ("iou", "boundary_iou")}
                counts = tuple(tuple(row) for row in found.confusion)
                run.accuracy[int(index)] = replace(found, **by_class, confusion=counts)
        run.coarse = str(content.get("coarse", ""))
        run.shown = min(int(content["shown"]), run.last)
        choices = _made(Choices, content["choices"])
        pairs = {name: tuple((str(a), str(b)) for a, b in getattr(choices, name)) for name in ("models", "refiners")}
        return run, replace(choices, go_on=bool(choices.go_on), **pairs)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(tr("{} holds no run that can be resumed: {}").format(folder, error)) from error


def _entry(step: Stepped) -> dict[str, Any]:
    levels = [(title, _name(scores), _name(classes)) for title, scores, classes in step.levels]
    files = {"scores": _name(step.scores), "classes_raster": _name(step.classes_raster), "levels": levels}
    return {**asdict(step), **files}


def _step(folder: Path, entry: dict[str, Any]) -> Stepped | None:
    step = _made(Stepped, entry)
    scores, classes = (folder / _name(name) for name in (step.scores, step.classes_raster))
    if not (scores.is_file() and classes.is_file()):
        return None
    levels = [(str(title), [folder / _name(name) for name in names]) for title, *names in step.levels]
    there = tuple((title, *map(str, paths)) for title, paths in levels if all(path.is_file() for path in paths))
    files = {"scores": str(scores), "classes_raster": str(classes), "levels": there}
    return replace(step, classes=tuple(step.classes), **files)


def _made(kind: type, values: dict[str, Any]) -> Any:
    """Build a value from the entries that are fields of this version."""
    return kind(**{field.name: values[field.name] for field in fields(kind) if field.name in values})


def _name(path: str) -> str:
    return Path(path).name
