"""Classification and refinement of whole images on a cluster for Processing, without a session."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ...batch import scene_run
from ...errors import OutputError
from ...io.raster_reader import GridReader
from ...io.score_export import write_classes
from ...runtime.progress import ProgressCallback, sub_progress
from ...scene.scene import Scene
from ...shared.requests import ClassifyImage, RefineImage


def classify_image(request: ClassifyImage, progress: ProgressCallback) -> scene_run.RunResult:
    """Write the scores of an image by a coarse model.

    Raises:
        RefinerError: if the inputs do not fit, the cluster cannot be used, or a file cannot be read or written.
    """
    with Scene(request.image, request.bands, None, request.pixel_size_m) as scene:
        return scene_run.classify_scene(
            request.image,
            request.model,
            scene=scene,
            output=Path(request.path),
            run_options=_run_options(request.scheduler),
            progress=progress,
            is_multi_scale=request.multi_scale,
        )


def refine_image(request: RefineImage, progress: ProgressCallback) -> scene_run.RunResult:
    """Write the scores of the last step of a refiner, and optionally its classes and all steps.

    Raises:
        RefinerError: as `classify_image`.
    """
    target = Path(request.path)
    folder = Path(request.folder) if request.folder else target.with_name(f".{target.name}.steps")
    wanted = range(0 if request.folder else request.steps, request.steps + 1)
    with Scene(request.image, request.bands, None, request.pixel_size_m) as scene:
        result = scene_run.refine_scene(
            request.image,
            request.scores,
            model=request.refiner,
            scene=scene,
            steps=wanted,
            output=folder,
            lasting=False,
            run_options=_run_options(request.scheduler),
            progress=sub_progress(progress, 0, 0.9),
        )
    last = folder / f"step_{request.steps:03d}.tif"
    _give(last, target, copy=bool(request.folder))
    if not request.folder:
        shutil.rmtree(folder, ignore_errors=True)  # the result is in place; a file still open does no harm
    if request.classes_path:
        with GridReader(target) as reader:
            grid = reader.grid
        write_classes(target, grid, request.classes_path, sub_progress(progress, 0.9, 0.1))
    return result


def _run_options(scheduler: str) -> scene_run.RunOptions:
    """Return options that always resume an equal earlier run, because nobody can be asked."""
    return scene_run.RunOptions(resume=True, scheduler=scheduler)


def _give(source: Path, target: Path, copy: bool) -> None:
    """Move or copy a finished raster to its target."""
    part = target.with_name(f".{target.name}.part")
    try:
        if copy:
            shutil.copyfile(source, part)
        os.replace(part if copy else source, target)
    except OSError as error:
        raise OutputError(
            "{target} cannot be written: {value}.", target=target, value=error.strerror or error
        ) from error
    finally:
        part.unlink(missing_ok=True)
