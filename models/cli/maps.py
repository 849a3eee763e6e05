"""Commands that make maps: `classify` and `refine`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ..batch.scene_run import RunOptions, RunResult, classify_scene, refine_scene
from ..errors import CheckpointError, OutputError
from ..io.crs import pixel_size_m
from ..io.files import make_folder
from ..io.raster_reader import GridReader
from ..io.score_raster import ScoreRaster
from ..scene.scene import Scene
from ..shared.model_kinds import REFINER_KINDS, TRAINING_FREE
from ..weights.checkpoint import read_card
from ..weights.pretrained import shipped
from .options import (
    _bands,
    _bar,
    _check_output,
    bands_option,
    device_option,
    out_option,
    scores_option,
    size_option,
    whole_options,
)


@click.command("classify")
@click.argument("image")
@click.option("--model", required=True, help="Weights file of a coarse model.")
@click.option("--multi-scale", "is_multi_scale", is_flag=True, help="Classify at three scales (lrr only).")
@out_option
@size_option
@bands_option
@device_option
@whole_options
def classify_command(
    image: str,
    model: str,
    is_multi_scale: bool,
    output: Path,
    pixel_size: float | None,
    bands: str | None,
    device: str,
    resume: bool,
    scheduler: str | None,
    block: int,
) -> None:
    """Classify an image with a coarse model into a score raster, one band per class.

    A .tif output is one file, a .vrt output a mosaic of tiles.
    """
    _check_output(output, ".tif", ".vrt")
    size = pixel_size or _usable_size(image, read_card(model).pixel_size_m)
    run_options = RunOptions(device, resume, scheduler, block)
    with Scene(image, _bands(image, bands), None, size) as scene, _bar("Classifying") as bar:
        result = classify_scene(
            image,
            model,
            scene=scene,
            output=output,
            run_options=run_options,
            progress=bar,
            is_multi_scale=is_multi_scale,
        )
    _print_notices(result)
    click.echo(f"{output}: {', '.join(result.classes)}")


@click.command("refine")
@click.argument("image")
@scores_option
@click.option("--refiner", required=True, help="Weights file, or a kind that ships or needs no training.")
@click.option("--steps", type=click.IntRange(1, 1000), default=5, show_default=True)
@click.option("--last-only", is_flag=True, help="Write only the last step.")
@click.option("--vrt", is_flag=True, help="Keep tiles under step_000.vrt, ..., instead of one file per step.")
@out_option
@size_option
@bands_option
@device_option
@whole_options
def refine_command(
    image: str,
    scores: str,
    refiner: str,
    steps: int,
    last_only: bool,
    vrt: bool,
    output: Path,
    pixel_size: float | None,
    bands: str | None,
    device: str,
    resume: bool,
    scheduler: str | None,
    block: int,
) -> None:
    """Refine scores step by step into OUTPUT/step_000.tif (the input scores), step_001.tif, ..."""
    if output.is_file():
        raise OutputError("{output} is a file; a folder for the steps is needed.", output=output)
    weights = _refiner_file(refiner)
    remembered = None if weights in TRAINING_FREE else read_card(weights).pixel_size_m
    size = pixel_size or _working_size(image, scores) or _usable_size(image, remembered)
    run_options = RunOptions(device, resume, scheduler, block)
    with Scene(image, _bands(image, bands), None, size) as scene, _output_folder(output), _bar("Refining") as bar:
        wanted = range(steps if last_only else 0, steps + 1)
        result = refine_scene(
            image,
            scores,
            model=weights,
            scene=scene,
            steps=wanted,
            output=output,
            lasting=vrt,
            run_options=run_options,
            progress=bar,
        )
    _print_notices(result)
    changes = ", ".join(f"{change:.2%}" for change in result.changed)
    click.echo(f"{output}: {steps} steps; {changes} of the pixels changed")


@contextmanager
def _output_folder(path: Path) -> Iterator[None]:
    """Make a folder if it does not exist; delete a new one that stays empty."""
    is_new = not path.exists()
    make_folder(path)
    try:
        yield
    finally:
        if is_new and path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _print_notices(result: RunResult) -> None:
    for notice in result.notices:
        click.echo(str(notice), err=True)


def _refiner_file(text: str) -> str:
    """Return the weights file for a path or a kind; a training-free kind is returned unchanged."""
    if text not in REFINER_KINDS or text in TRAINING_FREE:
        return text
    for path in shipped("refiner"):
        if read_card(path).kind == text:
            return str(path)
    raise CheckpointError("No weights for the refiner {text!r} ship; give a file made by train-refiner.", text=text)


def _working_size(image: str, scores: str) -> float | None:
    """Return the working pixel size that a score raster stores, if it can be used for the image."""
    raster = ScoreRaster(scores)
    raster.close()
    return _usable_size(image, raster.pixel_size_m)


def _usable_size(image: str, wanted: float | None) -> float | None:
    with GridReader(image) as reader:
        if wanted is not None and pixel_size_m(reader.grid) is None:
            click.echo(f"{Path(image).name} has no CRS: working on its own pixels, not on {wanted:.2f} m.", err=True)
            return None
    return wanted
