"""Whole scenes from files to files, block by block: what the command does, on one machine or on many.

Finished blocks are tile files in a folder beside the result, so that an interrupted run can be gone on with. The result
itself appears when it is whole, and the folder goes.
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
from ..io.files import make_folder, move_into, resolve_path, write_whole
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
from ..shared.text import Text, stored_text
from ..weights.checkpoint import load_coarse, load_refiner
from ..weights.compatibility import check_bands, check_classes
from .block_runner import release, run_block
from .job import BlockOutcome, Job, kind_of

BLOCK_PX = 2048  # px, of what is finished at once
MAX_HALO_PX = 64  # px around a tile that is read for the steps of one pass: more would be computed twice than once
CPU = torch.device("cpu")


@dataclass(frozen=True)
class RunOptions:
    """How a whole scene is worked on."""

    device: str = "auto"
    resume: bool = False
    scheduler: str | None = None
    block: int = BLOCK_PX


@dataclass(frozen=True)
class RunResult:
    """What a run has made."""

    classes: tuple[str, ...]
    changed: tuple[float, ...]  # by step, the fraction of pixels whose class changed
    notices: tuple[Text, ...]


def classify_scene(
    image: str,
    model: str,
    scene: Scene,
    output: Path,
    manner: RunOptions,
    watch: ProgressCallback,
    is_multi_scale: bool = False,
) -> RunResult:
    """Write the scores of an image by a coarse model: a *.tif, or a *.vrt over tiles.

    Raises:
        RefinerError: for what does not fit, or cannot be read or written.
    """
    _, card = load_coarse(model, CPU, is_multi_scale)
    check_bands(card, scene, model)
    job = _job(
        image,
        model,
        scene=scene,
        classes=card.classes,
        manner=manner,
        files=TileStore(output.with_name(f".{output.name}.tiles")),
    )
    job = replace(job, lasting=output.suffix.lower() == ".vrt", is_multi_scale=is_multi_scale)
    run = _Run(job, scene, manner, {"model": fingerprint(model), "multi_scale": is_multi_scale})
    outcomes = run.computed([job], model, sub_progress(watch, 0, 0.8))
    if job.lasting:
        run.leave(output.with_suffix(".tiles"), [output])
    else:
        write_scores(run.mosaic(0), scene.image_grid, output, sub_progress(watch, 0.8, 0.2))
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
    manner: RunOptions,
    watch: ProgressCallback,
) -> RunResult:
    """Write the scores of some steps of a refiner to a folder: step_000.tif, ..., or *.vrt over lasting tiles.

    Raises:
        RefinerError: for what does not fit, or cannot be read or written.
    """
    existing = ScoreRaster(scores, scene.grid)
    existing.close()
    job = _job(image, model, scene=scene, classes=existing.classes, manner=manner, files=TileStore(output / ".tiles"))
    job = replace(job, scores=resolve_path(scores), last=steps[-1], lasting=lasting, wanted=tuple(steps))
    refiner = _fitting(job, model, scene)
    run = _Run(job, scene, manner, {"model": fingerprint(model), "scores": fingerprint(scores)}, refiner.channels)
    jobs = _passes(job, refiner)
    outcomes = run.computed(jobs, model, sub_progress(watch, 0, 0.8))
    names = [f"{kind_of(step)}{'.vrt' if lasting else '.tif'}" for step in steps]
    if lasting:
        run.leave(output / "tiles", [output / name for name in names])
    else:
        run.write(names, output, sub_progress(watch, 0.8, 0.2))
    run.files.clear()
    return _made(job.classes, outcomes, scene)


def _job(image: str, model: str, scene: Scene, classes: tuple[str, ...], manner: RunOptions, files: TileStore) -> Job:
    if manner.scheduler is None:
        choose_device(manner.device)  # refused before anything is made
    weights = model if model in TRAINING_FREE else str(files.folder.resolve() / "model.safetensors")
    return Job(
        str(files.folder.resolve()),
        resolve_path(image),
        bands=scene.bands,
        pixel_size_m=scene.asked_pixel_size_m,
        statistics=scene.statistics,
        classes=classes,
        model=weights,
        device=manner.device,
        began=time.time_ns(),
    )


def _fitting(job: Job, model: str, scene: Scene) -> Refiner:
    """Load a refiner, and check that it fits."""
    if model in TRAINING_FREE:
        return make_refiner(model, len(job.classes), len(job.bands))
    refiner, card = load_refiner(model, CPU)
    check_bands(card, scene, model)
    check_classes(card, job.classes, model)
    return refiner


def _passes(job: Job, refiner: Refiner) -> list[Job]:
    """Divide steps into runs over the scene, so that no tile is mostly halo."""
    at_once = max(1, 1 + (MAX_HALO_PX - total_halo(refiner)) // max(1, refiner.halo))
    jobs = []
    for first in range(0, job.last, at_once):
        last = min(first + at_once, job.last)
        state = str(Path(job.folder) / f"{kind_of(first, state=True)}.vrt") if first else ""
        jobs.append(replace(job, first=first, last=last, state=state, keeps_state=last < job.last))
    return jobs


class _Run:
    """The blocks of a scene, those that are finished and those to come."""

    def __init__(
        self, job: Job, scene: Scene, manner: RunOptions, inputs: dict[str, object], channels: int = 0
    ) -> None:
        self.job, self.scene, self.manner, self.files = job, scene, manner, TileStore(job.folder)
        self.channels = channels  # of a state
        grid = scene.grid
        self.blocks = [tile.core for tile in tiles(grid.height, grid.width, manner.block, 0)]
        self.about = {
            "image": fingerprint(job.image),
            "bands": job.bands,
            "pixel_size_m": job.pixel_size_m,
            "steps": job.last,
            "wanted": job.wanted,
            "block": manner.block,
            "lasting": job.lasting,
            **inputs,
        }

    def computed(self, jobs: Sequence[Job], model: str, watch: ProgressCallback) -> list[list[BlockOutcome]]:
        """Do what is not yet done of each job; return the outcomes of all blocks by job."""
        going_on = self.files.begin(self.about, self.manner.resume)
        try:
            if model not in TRAINING_FREE:
                write_whole(self.job.model, Path(model).read_bytes())  # the workers may not see the original
            found = []
            for n, job in enumerate(jobs):
                found.append(self._computed(job, sub_progress(watch, n / len(jobs), 1 / len(jobs))))
                if not any(outcome.pixels for outcome in found[-1]):
                    raise RefinerError(
                        "There is no data within the scene; choose another area, or scores that lie on it."
                    )
        except BaseException as error:
            if not going_on and not self._worth_keeping():
                self.files.clear()
            elif isinstance(error, RefinerError):
                error.args = (f"{error} What is finished is kept: --resume, or the same algorithm again, goes on.",)
            raise
        finally:
            release()
        return found

    def _computed(self, job: Job, watch: ProgressCallback) -> list[BlockOutcome]:
        notes = {block: self.files.finished(block, job.first) for block in self.blocks}
        todo = [block for block, note in notes.items() if note is None]
        done = len(self.blocks) - len(todo)
        watch(done / len(self.blocks))
        for n, _ in enumerate(map_blocks(partial(run_block, job), todo, self.manner.scheduler, job.folder), start=1):
            watch((done + n) / len(self.blocks))
        if job.keeps_state:
            self.mosaic(job.last, state=True)
        outcomes = [self.files.finished(block, job.first) for block in self.blocks]
        return [
            BlockOutcome(
                note["pixels"], tuple(note["flips"]), note["milliseconds"], tuple(map(stored_text, note["notices"]))
            )
            for note in outcomes
            if note is not None
        ]

    def _worth_keeping(self) -> bool:
        return len(self.blocks) > 1 and any(self.files.finished(block, 0) for block in self.blocks)

    def mosaic(self, step: int, state: bool = False) -> Path:
        """Write a virtual raster over the tiles of a step, or of its state."""
        kind = kind_of(step, state)
        path = self.files.folder / f"{kind}.vrt"
        sources = [VrtSource(self.files.path(kind, b), b, b.width, b.height) for b in self.blocks]
        bands = tuple(f"channel {n + 1}" for n in range(self.channels)) if state else self.job.classes
        write_vrt(path, self.scene.grid, BandSchema(bands, NODATA, tags=score_tags(self.scene.pixel_size_m)), sources)
        return path

    def write(self, names: Sequence[str], output: Path, watch: ProgressCallback) -> None:
        """Write the raster of each step to a folder, when all of them are whole."""
        drafts = self.files.folder / "whole"
        make_folder(drafts)
        try:
            for n, (step, name) in enumerate(zip(self.job.wanted, names, strict=True)):
                each_watch = sub_progress(watch, n / len(names), 1 / len(names))
                write_scores(self.mosaic(step), self.scene.image_grid, drafts / name, each_watch)
            move_into(output, [drafts / name for name in names])
        except BaseException:
            if len(self.blocks) == 1:
                self.files.clear()
            raise

    def leave(self, folder: Path, views: Sequence[Path]) -> None:
        """Leave the tiles where they are seen, and write a virtual raster for each step on the grid of the image."""
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
        look = BandSchema(self.job.classes, NODATA, tags=score_tags(self.scene.pixel_size_m))
        for view, name in zip(views, inner, strict=True):
            write_vrt(view, self.scene.image_grid, look, [_all_of(folder / name, self.scene)])


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
