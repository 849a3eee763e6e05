"""Whole scenes from files to files, block by block, on one machine or on a cluster.

Finished blocks are tile files in a folder next to the result, so that an interrupted run can resume. The result
appears only when it is complete; the folder is then deleted.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from ..arrays.grid import Grid, Window
from ..arrays.tiles import tiles
from ..errors import OutputError, RefinerError
from ..io.files import make_folder, move_into, refuse_inputs, resolve_path, write_whole
from ..io.raster_writer import NODATA, score_tags
from ..io.score_export import write_scores
from ..io.score_raster import ScoreRaster
from ..io.tile_store import TileStore, fingerprint
from ..io.vrt import BandSchema, VrtSource, write_vrt
from ..refine.refiner import Refiner
from ..refine.registry import make_refiner
from ..refine.unroll import total_halo
from ..runtime.dask_cluster import map_blocks
from ..runtime.device import choose_device
from ..runtime.progress import ProgressCallback, sub_progress
from ..scene.scene import Scene
from ..shared.model_kinds import TRAINING_FREE
from ..shared.text import Text, stored_text, text
from ..weights.checkpoint import load_coarse, load_refiner
from ..weights.compatibility import check_bands, check_class_names
from .block_runner import release, run_block
from .job import BlockOutcome, Job, kind_of
from .step_folder import check_folder, record_steps

BLOCK_PX = 2048  # px per side of a block, the unit of finished work
MOST_HALO_PX = 64  # px of halo for the steps of one pass; with more, most pixels would be computed twice
CPU = torch.device("cpu")


@dataclass(frozen=True)
class RunOptions:
    """Options of a run over a whole scene."""

    device: str = "auto"
    resume: bool = False
    scheduler: str | None = None
    block: int = BLOCK_PX


@dataclass(frozen=True)
class RunResult:
    """Result of a run."""

    classes: tuple[str, ...]
    changed: tuple[float, ...]  # by step, the fraction of pixels with a changed class
    notices: tuple[Text, ...]


def classify_scene(
    image: str,
    model: str,
    scene: Scene,
    output: Path,
    run_options: RunOptions,
    progress: ProgressCallback,
    is_multi_scale: bool = False,
) -> RunResult:
    """Write the scores of an image by a coarse model: a *.tif, or a *.vrt over tiles.

    Raises:
        RefinerError: if inputs do not fit each other, or a file cannot be read or written.
    """
    refuse_inputs(output, image, model)
    _, card = load_coarse(model, CPU, is_multi_scale)
    check_bands(card, scene, model)
    job = _job(
        image,
        model,
        scene=scene,
        classes=card.classes,
        run_options=run_options,
        files=TileStore(output.with_name(f".{output.name}.tiles")),
    )
    job = replace(job, lasting=output.suffix.lower() == ".vrt", is_multi_scale=is_multi_scale)
    run = _Run(job, scene, run_options, {"model": fingerprint(model), "multi_scale": is_multi_scale})
    outcomes = run.computed([job], model, sub_progress(progress, 0, 0.8))
    if job.lasting:
        run.leave(output.with_suffix(".tiles"), [output])
    else:
        write_scores(run.mosaic(0), scene.image_grid, output, sub_progress(progress, 0.8, 0.2))
    run.files.clear()
    return _made(job.classes, outcomes, scene)


def refine_scene(
    image: str,
    scores: str,
    model: str,
    scene: Scene,
    steps: range,
    output: Path,
    lasting: bool,
    run_options: RunOptions,
    progress: ProgressCallback,
) -> RunResult:
    """Write the scores of some steps of a refiner to a folder: step_000.tif, ..., or *.vrt over lasting tiles.

    Raises:
        RefinerError: if inputs do not fit each other, or a file cannot be read or written.
    """
    names = [f"{kind_of(step)}{'.vrt' if lasting else '.tif'}" for step in steps]
    for name in names:
        refuse_inputs(output / name, image, scores)
    check_folder(output, names)
    existing = ScoreRaster(scores, scene.grid)
    existing.close()
    job = _job(
        image, model, scene=scene, classes=existing.classes, run_options=run_options, files=TileStore(output / ".tiles")
    )
    job = replace(job, scores=resolve_path(scores), last=steps[-1], lasting=lasting, wanted=tuple(steps))
    refiner = _fitting(job, model, scene)
    run = _Run(job, scene, run_options, {"model": fingerprint(model), "scores": fingerprint(scores)}, refiner.channels)
    jobs = _passes(job, refiner)
    outcomes = run.computed(jobs, model, sub_progress(progress, 0, 0.8))
    if lasting:
        run.leave(output / "tiles", [output / name for name in names])
    else:
        run.write(names, output, sub_progress(progress, 0.8, 0.2))
    run.files.clear()
    result = _made(job.classes, outcomes, scene)
    if stale := record_steps(output, names):
        notice = text("{names} of the earlier run were removed from {folder}.", names=", ".join(stale), folder=output)
        result = replace(result, notices=(*result.notices, notice))
    return result


def _job(
    image: str, model: str, scene: Scene, classes: tuple[str, ...], run_options: RunOptions, files: TileStore
) -> Job:
    if run_options.scheduler is None:
        choose_device(run_options.device)  # raises before any file is written
    weights = model if model in TRAINING_FREE else str(files.folder.resolve() / "model.safetensors")
    return Job(
        str(files.folder.resolve()),
        resolve_path(image),
        bands=scene.bands,
        pixel_size_m=scene.asked_pixel_size_m,
        statistics=scene.statistics,
        classes=classes,
        model=weights,
        device=run_options.device,
        began=time.time_ns(),
    )


def _fitting(job: Job, model: str, scene: Scene) -> Refiner:
    """Load a refiner, and check that it fits the bands and the classes."""
    if model in TRAINING_FREE:
        return make_refiner(model, len(job.classes), len(job.bands))
    refiner, card = load_refiner(model, CPU)
    check_bands(card, scene, model)
    check_class_names(card, job.classes, model)
    return refiner


def _passes(job: Job, refiner: Refiner) -> list[Job]:
    """Divide the steps into passes over the scene, so that no tile is mostly halo."""
    at_once = max(1, 1 + (MOST_HALO_PX - total_halo(refiner)) // max(1, refiner.halo))
    jobs = []
    for first in range(0, job.last, at_once):
        last = min(first + at_once, job.last)
        state = str(Path(job.folder) / f"{kind_of(first, state=True)}.vrt") if first else ""
        jobs.append(replace(job, first=first, last=last, state=state, keeps_state=last < job.last))
    return jobs


class _Run:
    """Blocks of a scene, finished and pending."""

    def __init__(
        self, job: Job, scene: Scene, run_options: RunOptions, inputs: dict[str, object], channels: int = 0
    ) -> None:
        self.job, self.scene, self.run_options, self.files = job, scene, run_options, TileStore(job.folder)
        self.channels = channels  # of a state
        grid = scene.grid
        self.blocks = [tile.core for tile in tiles(grid.height, grid.width, run_options.block, 0)]
        self.manifest = {
            "image": fingerprint(job.image),
            "bands": job.bands,
            "pixel_size_m": job.pixel_size_m,
            "steps": job.last,
            "wanted": job.wanted,
            "block": run_options.block,
            "lasting": job.lasting,
            **inputs,
        }

    def computed(self, jobs: Sequence[Job], model: str, progress: ProgressCallback) -> list[list[BlockOutcome]]:
        """Compute the unfinished blocks of each job; return the outcomes of all blocks by job."""
        is_resumed = self.files.start(self.manifest, self.run_options.resume)
        try:
            if model not in TRAINING_FREE:
                write_whole(self.job.model, Path(model).read_bytes())  # workers may be unable to read the original
            found = []
            for n, job in enumerate(jobs):
                found.append(self._computed(job, sub_progress(progress, n / len(jobs), 1 / len(jobs))))
                if not any(outcome.pixels for outcome in found[-1]):
                    raise RefinerError(
                        "There is no data within the scene; choose another area, or scores that lie on it."
                    )
        except BaseException as error:
            if not is_resumed and not self._worth_keeping():
                self.files.clear()
            elif isinstance(error, RefinerError):
                error.add_sentence(
                    "Finished parts are kept; --resume, or the same algorithm again, continues from them."
                )
            raise
        finally:
            release()
        return found

    def _computed(self, job: Job, progress: ProgressCallback) -> list[BlockOutcome]:
        records = {block: self.files.finished(block, job.first) for block in self.blocks}
        todo = [block for block, record in records.items() if record is None]
        done = len(self.blocks) - len(todo)
        progress(done / len(self.blocks))
        for n, _ in enumerate(
            map_blocks(partial(run_block, job), todo, self.run_options.scheduler, job.folder), start=1
        ):
            progress((done + n) / len(self.blocks))
        if job.keeps_state:
            self.mosaic(job.last, state=True)
        outcomes = [self.files.finished(block, job.first) for block in self.blocks]
        return [
            BlockOutcome(
                record["pixels"],
                tuple(record["flips"]),
                record["milliseconds"],
                tuple(map(stored_text, record["notices"])),
            )
            for record in outcomes
            if record is not None
        ]

    def _worth_keeping(self) -> bool:
        return len(self.blocks) > 1 and any(self.files.finished(block, 0) for block in self.blocks)

    def mosaic(self, step: int, state: bool = False) -> Path:
        """Write a virtual raster over the tiles of a step or of its state."""
        kind = kind_of(step, state)
        path = self.files.folder / f"{kind}.vrt"
        sources = [VrtSource(self.files.path(kind, b), b, b.width, b.height) for b in self.blocks]
        bands = tuple(f"channel {n + 1}" for n in range(self.channels)) if state else self.job.classes
        write_vrt(path, self.scene.grid, BandSchema(bands, NODATA, tags=score_tags(self.scene.pixel_size_m)), sources)
        return path

    def write(self, names: Sequence[str], output: Path, progress: ProgressCallback) -> None:
        """Write the raster of each step, and move them to a folder once all are complete."""
        drafts = self.files.folder / "whole"
        make_folder(drafts)
        try:
            for n, (step, name) in enumerate(zip(self.job.wanted, names, strict=True)):
                block_progress = sub_progress(progress, n / len(names), 1 / len(names))
                write_scores(self.mosaic(step), self.scene.image_grid, drafts / name, block_progress)
            move_into(output, [drafts / name for name in names])
        except BaseException:
            if len(self.blocks) == 1:
                self.files.clear()
            raise

    def leave(self, folder: Path, views: Sequence[Path]) -> None:
        """Move the tiles to their final folder, and write a virtual raster per step on the grid of the image."""
        inner = [self.mosaic(step).name for step in self.job.wanted]
        try:
            for view in views:
                view.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(self.files.folder, folder)
        except OSError as error:
            raise OutputError(
                "{folder} cannot be written: {value}.", folder=folder, value=error.strerror or error
            ) from error
        TileStore(folder).forget()
        schema = BandSchema(self.job.classes, NODATA, tags=score_tags(self.scene.pixel_size_m))
        for view, name in zip(views, inner, strict=True):
            write_vrt(view, self.scene.image_grid, schema, [_all_of(folder / name, self.scene)])


def _all_of(path: Path, scene: Scene) -> VrtSource:
    whole: Grid = scene.image_grid
    return VrtSource(path, Window(0, 0, whole.height, whole.width), scene.grid.width, scene.grid.height)


def _made(classes: tuple[str, ...], outcomes: Sequence[Sequence[BlockOutcome]], scene: Scene) -> RunResult:
    changed, notices = [], list(scene.notices)
    for done in outcomes:
        pixels = max(1, sum(outcome.pixels for outcome in done))
        changed += [sum(flips) / pixels for flips in zip(*(outcome.flips for outcome in done), strict=True)]
        notices += [notice for outcome in done for notice in outcome.notices]
    return RunResult(classes, tuple(changed), tuple(dict.fromkeys(notices)))
