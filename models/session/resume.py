"""Resumption of an earlier run after the end of its worker or of QGIS."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from ..errors import CheckpointError, LabelError, RefinerError
from ..scene.corrections import read_corrections
from ..scene.scene import Scene
from .session import SESSION_RECORD, Session
from .step_files import StepFiles


def resume_session(run_dir: str | Path, device: torch.device) -> Session:
    """Reopen the scene of an earlier run, with the steps whose files still exist.

    Raises:
        RefinerError: if the folder does not belong to a run.
    """
    folder = Path(run_dir)
    try:
        content = json.loads((folder / SESSION_RECORD).read_text(encoding="utf-8"))
        area = content["area"]
        scene = Scene(content["image"], content["bands"], tuple(area) if area else None, content["pixel_size_m"])
        session = Session(scene, folder, device)
        history: list[StepFiles] = []
        for entry in content["history"]:
            step = StepFiles.from_record(entry)
            if not all((folder / name).is_file() for name in (step.scores, step.classes_raster, step.state)):
                break
            history.append(step)
        session.restore(tuple(content["classes"]), history, int(content["serial"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RefinerError(
            "{folder} is not the folder of a run that can be resumed: {error}.", folder=folder, error=error
        ) from error
    for left in folder.glob(".*.part"):  # left by a worker that was killed while writing
        left.unlink(missing_ok=True)
    if content.get("corrections"):
        try:
            path = content["corrections"]
            session.set_corrections(read_corrections(path, scene.grid, session.classes), path)
        except LabelError as error:
            session.notify("The corrections no longer apply: {reason}", reason=error)
    if content["refiner"]:
        try:
            session.load_refiner(content["refiner"])
        except CheckpointError as error:
            session.notify("The refiner cannot be loaded: {reason} Choose a refiner again.", reason=error)
    return session
