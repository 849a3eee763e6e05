"""The command `map-refiner`: the engine without QGIS."""

from __future__ import annotations

from pathlib import Path

import click

from ..coarse.registry import COARSE_KINDS, DEFAULT_COARSE_KIND
from ..coarse.spectral.samples import SpectralSamples
from ..coarse.train_patches import TrainingOptions
from ..errors import RefinerError
from ..io.score_raster import ScoreRaster
from ..pipelines.train_coarse import train_coarse
from ..pipelines.train_refiner import ModelInfo, train_refiner
from ..pipelines.training_scenes import TrainingScenes
from ..refine.registry import DEFAULT_REFINER_KIND, TRAINERS
from ..runtime.device import choose_device
from ..runtime.process_group import join_process_group, own_device
from ..scene.examples import labelled_tile
from ..scene.labels import read_labels
from ..scene.scene import Scene
from ..shared.class_source import ClassSource
from ..weights.pretrained import SHIPPED, pretrained_for
from .maps import _working_size
from .options import (
    _bands,
    _bar,
    _check_output,
    _tell,
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
    help="Instead, a raster of class indices, background 0, unlabelled 255; or a layer of "
    "polygons or points with a field `class`.",
)
@click.option(
    "--also",
    multiple=True,
    metavar="IMAGE[=LABELS]",
    help="Another scene to learn from, with its own labels, or with the files of --class.",
)
@click.option("--model", "kind", type=click.Choice(list(COARSE_KINDS)), default=DEFAULT_COARSE_KIND, show_default=True)
@click.option("--samples", type=click.IntRange(1), help="Pixels a class at most, of kinds that learn from spectra.")
@click.option("--steps", type=click.IntRange(1), help="Updates of the weights, trees, or parameters to try; by kind.")
@click.option(
    "--trunk",
    default="",
    metavar="FILE",
    help="VGG-16's weights to begin with, for the kinds of that name: safetensors with torchvision's names.",
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
    steps: int | None,
    trunk: str,
    output: Path,
    pixel_size: float | None,
    bands: str | None,
    seed: int,
    device: str,
) -> None:
    """Train a coarse model on images and labels, which may be imprecise for the kinds that see neighbours.

    Under torchrun, several processes share each batch, and the first writes.
    """
    _check_output(output, ".safetensors")
    sources = [_source(text) for text in classes]
    if bool(labels) == any(source.path for source in sources):
        raise click.UsageError("Give either --class NAME=FILE, once or more, or --labels FILE.tif.")
    course = TrainingScenes(kind, tuple(sources), samples or 0, seed, bands or "", pixel_size)
    examples, about = course.read(image, labels, also)
    chosen = choose_device(own_device(device))
    with join_process_group(chosen) as team, _bar("Training") as bar:
        if team.size > 1 and isinstance(examples, SpectralSamples):
            raise RefinerError(
                "{kind} learns from single spectra, which one process does; leave torchrun out.", kind=kind
            )
        recipe = TrainingOptions(steps or COARSE_KINDS[kind].updates, seed, team=team)
        tell = _tell(bar) if team.is_first else lambda *_: None
        outcome = train_coarse(examples, about, recipe, str(output), chosen, lambda: False, tell, kind, trunk)
    if team.is_first:
        names = ", ".join(about.classes)
        click.echo(f"{output}: {names}; mean IoU {outcome.held_out_miou:.3f} on its held-out labels")


@click.command("train-refiner")
@click.argument("image")
@scores_option
@click.option("--labels", required=True, help="Raster of class indices, or vector layer with a field `class`.")
@click.option("--refiner", type=click.Choice(list(TRAINERS)), default=DEFAULT_REFINER_KIND, show_default=True)
@click.option("--steps", type=click.IntRange(1), help="Updates of the weights, or parameters to try; by kind.")
@click.option(
    "--from",
    "begin",
    default=SHIPPED,
    show_default=True,
    help="Weights of a refiner to go on from, `shipped` for those that ship where they fit, or `none`.",
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
    steps: int | None,
    begin: str,
    output: Path,
    pixel_size: float | None,
    bands: str | None,
    seed: int,
    device: str,
) -> None:
    """Teach a refiner on what is labelled of an image."""
    _check_output(output, ".safetensors")
    with Scene(image, _bands(image, bands), None, pixel_size or _working_size(image, scores)) as scene:
        existing = ScoreRaster(scores, scene.grid)
        truth = read_labels(labels, scene.grid, existing.classes)
        tile = labelled_tile(scene, existing.read, truth, existing.classes)
        about = ModelInfo(existing.classes, scene.pixel_size_m, Path(image).name)
        existing.close()
    if begin == SHIPPED:
        begin = pretrained_for(refiner, about.classes, len(tile.image))
    elif begin == "none":
        begin = ""
    if begin:
        click.echo(f"Going on from {Path(begin).name}.", err=True)
    with _bar("Teaching") as bar:
        taught = train_refiner(
            refiner,
            [tile],
            about,
            steps,
            seed,
            str(output),
            choose_device(device),
            lambda: False,
            _tell(bar),
            begin=begin,
        )
    by_step = ", ".join(f"{value:.3f}" for value in taught.by_step[1:])
    click.echo(f"{output}: held-out mean IoU {taught.coarse_miou:.3f} before, {by_step} after each step")
    if taught.beats_coarse:
        click.echo(f"Step {taught.best_step} has nearly all of the gain: stop there, unless the map says otherwise.")
    else:
        click.echo("It does not beat the coarse map where it was held out: keep the coarse map, or label more.")
    if taught.before_miou is not None:
        advice = "" if taught.beats_before else ": keep that one, or label more"
        click.echo(f"The refiner that it went on from has {taught.before_miou:.3f} there{advice}.")


def _source(text: str) -> ClassSource:
    """Read NAME=FILE or NAME=FILE:WIDTH; a colon that is followed by no number belongs to the file."""
    name, equals, path = text.partition("=")
    head, colon, tail = path.rpartition(":")
    try:
        width = float(tail) if colon else None
    except ValueError:
        width = None
    if not name or (equals and not path) or (width is not None and not 0 < width < 1000):
        raise RefinerError("A class is given as NAME=FILE or NAME=FILE:WIDTH in metres; found {text!r}.", text=text)
    return ClassSource(name, head if width is not None else path, width)
