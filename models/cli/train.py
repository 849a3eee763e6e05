"""Commands for training: `train-coarse` and `train-refiner`."""

from __future__ import annotations

from pathlib import Path

import click

from ..coarse.spectral.samples import SpectralSamples
from ..coarse.train_patches import TrainingOptions
from ..errors import RefinerError
from ..io.score_raster import ScoreRaster
from ..pipelines.train_coarse import train_coarse
from ..pipelines.train_refiner import ModelInfo, train_refiner
from ..pipelines.training_scenes import TrainingScenes
from ..runtime.device import choose_device
from ..runtime.process_group import join_process_group, own_device
from ..scene.examples import labelled_tile
from ..scene.labels import read_labels
from ..scene.scene import Scene
from ..shared.class_source import ClassSource
from ..shared.conventions import SHIPPED
from ..shared.model_kinds import COARSE_KINDS, DEFAULT_COARSE_KIND, DEFAULT_REFINER_KIND, REFINER_KINDS
from ..weights.pretrained import pretrained_for
from .maps import _working_size
from .options import (
    _bands,
    _bar,
    _check_output,
    _report,
    bands_option,
    device_option,
    out_option,
    scores_option,
    seed_option,
    size_option,
)


@click.command("train-coarse")
@click.argument("image")
@click.option(
    "--class",
    "classes",
    multiple=True,
    metavar="NAME=FILE[:WIDTH]",
    help="Examples of a class: a file of polygons, or of lines with their width in metres.",
)
@click.option(
    "--labels",
    help="Instead of --class: a raster of class indices (0 background, 255 unlabelled), or a layer of "
    "polygons or points with a field `class`.",
)
@click.option(
    "--also",
    multiple=True,
    metavar="IMAGE[=LABELS]",
    help="Another training scene, with its own labels or with the files of --class.",
)
@click.option("--model", "kind", type=click.Choice(list(COARSE_KINDS)), default=DEFAULT_COARSE_KIND, show_default=True)
@click.option("--samples", type=click.IntRange(1), help="Maximum training pixels per class, for spectral kinds.")
@click.option(
    "--updates",
    "--steps",
    "updates",
    type=click.IntRange(1),
    help="Number of weight updates, trees or parameter values.",
)
@click.option(
    "--backbone",
    "--trunk",
    "backbone",
    default="",
    metavar="FILE",
    help="Pretrained VGG-16 weights for the -vgg16 kinds: safetensors with torchvision's names.",
)
@out_option
@size_option
@bands_option
@seed_option
@device_option
def train_coarse_command(
    image: str,
    classes: tuple[str, ...],
    labels: str | None,
    also: tuple[str, ...],
    kind: str,
    samples: int | None,
    updates: int | None,
    backbone: str,
    output: Path,
    pixel_size: float | None,
    bands: str | None,
    seed: int,
    device: str,
) -> None:
    """Train a coarse model on images and labels; kinds that use neighbouring pixels tolerate imprecise labels.

    Under torchrun, several processes share each batch, and the first one writes the weights.
    """
    _check_output(output, ".safetensors")
    sources = [_source(text) for text in classes]
    if bool(labels) == any(source.path for source in sources):
        raise click.UsageError("Give either --class NAME=FILE, once or more, or --labels FILE.tif.")
    training_scenes = TrainingScenes(
        kind, tuple(sources), samples=samples or 0, seed=seed, bands=bands or "", pixel_size_m=pixel_size
    )
    examples, info = training_scenes.read(image, labels, also)
    chosen = choose_device(own_device(device))
    with join_process_group(chosen) as group, _bar("Training") as bar:
        if group.size > 1 and isinstance(examples, SpectralSamples):
            raise RefinerError(
                "{kind} learns from single spectra, which one process does; leave torchrun out.", kind=kind
            )
        options = TrainingOptions(updates or COARSE_KINDS[kind].updates, seed, process_group=group)
        report = _report(bar) if group.is_first else lambda *_: None
        outcome = train_coarse(
            examples,
            info,
            options,
            path=str(output),
            device=chosen,
            stop=lambda: False,
            report=report,
            kind=kind,
            backbone=backbone,
        )
    if group.is_first:
        names = ", ".join(info.classes)
        click.echo(f"{output}: {names}; mean IoU {outcome.held_out_miou:.3f} on its held-out labels")


@click.command("train-refiner")
@click.argument("image")
@scores_option
@click.option("--labels", required=True, help="Raster of class indices, or vector layer with a field `class`.")
@click.option("--refiner", type=click.Choice(list(REFINER_KINDS)), default=DEFAULT_REFINER_KIND, show_default=True)
@click.option(
    "--updates",
    "--steps",
    "updates",
    type=click.IntRange(1),
    help="Number of weight updates or parameter values.",
)
@click.option(
    "--pretrained",
    "--from",
    "pretrained",
    default=SHIPPED,
    show_default=True,
    help="Weights file to start from, `shipped` for the shipped weights if they fit, or `none`.",
)
@out_option
@size_option
@bands_option
@seed_option
@device_option
def train_refiner_command(
    image: str,
    scores: str,
    labels: str,
    refiner: str,
    updates: int | None,
    pretrained: str,
    output: Path,
    pixel_size: float | None,
    bands: str | None,
    seed: int,
    device: str,
) -> None:
    """Train a refiner on a labelled image."""
    _check_output(output, ".safetensors")
    with Scene(image, _bands(image, bands), None, pixel_size or _working_size(image, scores)) as scene:
        raster = ScoreRaster(scores, scene.grid)
        truth = read_labels(labels, scene.grid, raster.classes)
        tile = labelled_tile(scene, raster.read, truth, raster.classes)
        info = ModelInfo(raster.classes, scene.pixel_size_m, Path(image).name)
        raster.close()
    if pretrained == SHIPPED:
        pretrained = pretrained_for(refiner, info.classes, len(tile.image))
    elif pretrained == "none":
        pretrained = ""
    if pretrained:
        click.echo(f"Starting from {Path(pretrained).name}.", err=True)
    with _bar("Training") as bar:
        trained = train_refiner(
            refiner,
            [tile],
            info,
            updates=updates,
            seed=seed,
            path=str(output),
            device=choose_device(device),
            stop=lambda: False,
            report=_report(bar),
            pretrained=pretrained,
        )
    by_step = ", ".join(f"{value:.3f}" for value in trained.by_step[1:])
    click.echo(f"{output}: held-out mean IoU {trained.coarse_miou:.3f} before, {by_step} after each step")
    if trained.beats_coarse:
        click.echo(f"Step {trained.best_step} has nearly all of the gain: stop there, unless a later map looks better.")
    else:
        click.echo("The refiner does not beat the coarse map on held-out blocks: keep the coarse map, or label more.")
    if trained.before_miou is not None:
        advice = "" if trained.beats_before else ": keep that one, or label more"
        click.echo(f"The pretrained refiner has {trained.before_miou:.3f} there{advice}.")


def _source(text: str) -> ClassSource:
    """Parse NAME=FILE or NAME=FILE:WIDTH; a colon that is not followed by a number is part of the file name."""
    name, equals, path = text.partition("=")
    head, colon, tail = path.rpartition(":")
    try:
        width = float(tail) if colon else None
    except ValueError:
        width = None
    if not name or (equals and not path) or (width is not None and not 0 < width < 1000):
        raise RefinerError("A class is given as NAME=FILE or NAME=FILE:WIDTH in metres; found {text!r}.", text=text)
    return ClassSource(name, head if width is not None else path, width)
