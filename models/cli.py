"""The command `map-refiner`: the engine without QGIS."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from . import device as devices
from .assess import assess
from .bands import parse_bands, spans, wavelengths_nm
from .beginning import SHIPPED, shipped, shipped_for
from .blocks import ALIGNED
from .checkpoint import read_card
from .coarse.existing import ExistingScores
from .coarse.kinds import DEFAULT as COARSE_DEFAULT
from .coarse.kinds import KINDS as COARSE_KINDS
from .coarse.train import Recipe
from .course import Course
from .cubes import import_cube
from .errors import CheckpointError, OutputError, RefinerError
from .examples import labelled_tile
from .files import make_folder
from .ground import pixel_size_m
from .labels import read_labels
from .lessons import About, teach_refiner
from .lessons import train_coarse as train_and_save
from .pixels import Pixels
from .polygon_files import write as write_polygons
from .polygons import Outline, Place, stream
from .production import BLOCK, Made, Manner
from .production import classify as classify_scene
from .production import refine as refine_scene
from .progress import Watch
from .protocol import ClassSource
from .rasters.reading import GridReader, environment
from .refine.kinds import DEFAULT, KINDS, LESSONS, UNTAUGHT
from .results import write_classes
from .scene import Scene
from .team import joined, own_device
from .training import Epoch

device_option = click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
seed_option = click.option("--seed", type=click.IntRange(0, 2**31), default=0, show_default=True)
size_option = click.option(
    "--pixel-size", type=float, help="Working pixel size, metres on the ground; outputs keep the image's grid."
)
bands_option = click.option(
    "--bands",
    help="Bands such as 1,2,3 or 1-10 or 450-900 nm; by default the first three without alpha; of many, all good ones.",
)
out_option = click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Where to write.")
resume_option = click.option("--resume", is_flag=True, help="Go on with what an interrupted run has finished.")
scheduler_option = click.option("--scheduler", metavar="ADDRESS", help="Work on the Dask cluster with this scheduler.")
block_option = click.option(
    "--block", type=click.IntRange(ALIGNED), default=BLOCK, show_default=True,
    callback=lambda _, __, size: size // ALIGNED * ALIGNED,
    help="Pixels a side of what is finished at once: a task of a cluster, a tile of a .vrt.",
)  # fmt: skip
scores_option = click.option("--scores", required=True, help="Raster with a band of scores a class: step 0.")


def whole_options(command: Any) -> Any:
    """Add the options of commands that work on whole scenes."""
    return resume_option(scheduler_option(block_option(command)))


class BadInput(click.ClickException):
    """One line on stderr, without a traceback."""

    exit_code = 2


class Group(click.Group):
    """Commands whose expected errors are one line and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command in the environment that rasters need."""
        try:
            with environment():
                return super().invoke(ctx)
        except RefinerError as error:
            raise BadInput(" ".join(str(error).split())) from error


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="map-refiner")
def main() -> None:
    """Make class maps of aerial images, refine them step by step, and turn them into polygons."""
    devices.use_all_cores()


@main.command("train-coarse")
@click.argument("image")
@click.option("--class", "classes", multiple=True, metavar="NAME=FILE[:WIDTH]",
              help="Examples of a class: a file of polygons, or of lines with their width in metres.")  # fmt: skip
@click.option(
    "--labels",
    help="Instead, a raster of class indices, background 0, unlabelled 255; or a layer of "
    "polygons or points with a field `class`.",
)
@click.option("--also", multiple=True, metavar="IMAGE[=LABELS]",
              help="Another scene to learn from, with its own labels, or with the files of --class.")  # fmt: skip
@click.option("--model", "kind", type=click.Choice(list(COARSE_KINDS)), default=COARSE_DEFAULT, show_default=True)
@click.option("--samples", type=click.IntRange(1), help="Pixels a class at most, of kinds that learn from spectra.")
@click.option("--steps", type=click.IntRange(1), help="Updates of the weights, trees, or parameters to try; by kind.")
@click.option("--trunk", default="", metavar="FILE", help="VGG-16's weights to begin with, for the kinds of that name: "
              "safetensors with torchvision's names.")  # fmt: skip
@out_option
@size_option
@bands_option
@seed_option
@device_option
def train_coarse(
    image: str, classes: tuple[str, ...], labels: str | None, also: tuple[str, ...], kind: str, samples: int | None,
    steps: int | None, trunk: str, output: Path, pixel_size: float | None, bands: str | None, seed: int, device: str,
) -> None:  # fmt: skip
    """Train a coarse model on images and labels, which may be imprecise for the kinds that see neighbours.

    Under torchrun, several processes share each batch, and the first writes.
    """
    _check_output(output, ".safetensors")
    sources = [_source(text) for text in classes]
    if bool(labels) == any(source.path for source in sources):
        raise click.UsageError("Give either --class NAME=FILE, once or more, or --labels FILE.tif.")
    course = Course(kind, tuple(sources), samples or 0, seed, bands or "", pixel_size)
    examples, about = course.read(image, labels, also)
    chosen = devices.choose(own_device(device))
    with joined(chosen) as team, _bar("Training") as bar:
        if team.size > 1 and isinstance(examples, Pixels):
            raise RefinerError(f"{kind} learns from single spectra, which one process does; leave torchrun out.")
        recipe = Recipe(steps or COARSE_KINDS[kind].updates, seed, team=team)
        tell = _tell(bar) if team.is_first else lambda *_: None
        outcome = train_and_save(examples, about, recipe, str(output), chosen, lambda: False, tell, kind, trunk)
    if team.is_first:
        names = ", ".join(about.classes)
        click.echo(f"{output}: {names}; mean IoU {outcome.held_out_miou:.3f} on its held-out labels")


@main.command()
@click.argument("image")
@click.option("--model", required=True, help="Weights of a coarse model.")
@click.option("--multi-scale", "is_multi_scale", is_flag=True, help="Look at 0.6, 0.8 and 1 of the image's size (lrr).")
@out_option
@size_option
@bands_option
@device_option
@whole_options
def classify(
    image: str, model: str, is_multi_scale: bool, output: Path, pixel_size: float | None, bands: str | None,
    device: str, resume: bool, scheduler: str | None, block: int,
) -> None:  # fmt: skip
    """Make a score raster of an image with a coarse model: one band of probabilities a class.

    A .tif is one file, a .vrt a view of tiles.
    """
    _check_output(output, ".tif", ".vrt")
    size = pixel_size or _usable_size(image, read_card(model).pixel_size_m)
    manner = Manner(device, resume, scheduler, block)
    with Scene(image, _bands(image, bands), None, size) as scene, _bar("Classifying") as bar:
        made = classify_scene(image, model, scene, output, manner, bar, is_multi_scale)
    _tell_notices(made)
    click.echo(f"{output}: {', '.join(made.classes)}")


@main.command("train-refiner")
@click.argument("image")
@scores_option
@click.option("--labels", required=True, help="Raster of class indices, or vector layer with a field `class`.")
@click.option("--refiner", type=click.Choice(list(LESSONS)), default=DEFAULT, show_default=True)
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
def train_refiner(
    image: str, scores: str, labels: str, refiner: str, steps: int | None, begin: str, output: Path,
    pixel_size: float | None, bands: str | None, seed: int, device: str,
) -> None:  # fmt: skip
    """Teach a refiner on what is labelled of an image."""
    _check_output(output, ".safetensors")
    with Scene(image, _bands(image, bands), None, pixel_size or _working_size(image, scores)) as scene:
        existing = ExistingScores(scores, scene.grid)
        truth = read_labels(labels, scene.grid, existing.classes)
        tile = labelled_tile(scene, existing.read, truth, existing.classes)
        about = About(existing.classes, scene.pixel_size_m, Path(image).name)
        existing.close()
    if begin == SHIPPED:
        begin = shipped_for(refiner, about.classes, len(tile.image))
    elif begin == "none":
        begin = ""
    if begin:
        click.echo(f"Going on from {Path(begin).name}.", err=True)
    with _bar("Teaching") as bar:
        taught = teach_refiner(
            refiner, [tile], about, steps, seed, str(output), devices.choose(device), lambda: False, _tell(bar),
            begin=begin,
        )  # fmt: skip
    by_step = ", ".join(f"{value:.3f}" for value in taught.by_step[1:])
    click.echo(f"{output}: held-out mean IoU {taught.coarse_miou:.3f} before, {by_step} after each step")
    if taught.beats_coarse:
        click.echo(f"Step {taught.best_step} has nearly all of the gain: stop there, unless the map says otherwise.")
    else:
        click.echo("It does not beat the coarse map where it was held out: keep the coarse map, or label more.")
    if taught.before_miou is not None:
        advice = "" if taught.beats_before else ": keep that one, or label more"
        click.echo(f"The refiner that it went on from has {taught.before_miou:.3f} there{advice}.")


@main.command()
@click.argument("image")
@scores_option
@click.option("--refiner", required=True, help="Weights of a refiner, or the name of a kind that ships or needs none.")
@click.option("--steps", type=click.IntRange(1, 1000), default=5, show_default=True)
@click.option("--last-only", is_flag=True, help="Write the last step alone.")
@click.option("--vrt", is_flag=True, help="Leave tiles under step_000.vrt, ..., instead of making one file a step.")
@out_option
@size_option
@bands_option
@device_option
@whole_options
def refine(
    image: str, scores: str, refiner: str, steps: int, last_only: bool, vrt: bool, output: Path,
    pixel_size: float | None, bands: str | None, device: str, resume: bool, scheduler: str | None, block: int,
) -> None:  # fmt: skip
    """Refine scores step by step, to OUTPUT/step_000.tif (the scores as they came), step_001.tif, ..."""
    if output.is_file():
        raise OutputError(f"{output} is a file; a folder for the steps is needed.")
    weights = _refiner_file(refiner)
    remembered = None if weights in UNTAUGHT else read_card(weights).pixel_size_m
    size = pixel_size or _working_size(image, scores) or _usable_size(image, remembered)
    manner = Manner(device, resume, scheduler, block)
    with Scene(image, _bands(image, bands), None, size) as scene, _made_folder(output), _bar("Refining") as bar:
        wanted = range(steps if last_only else 0, steps + 1)
        made = refine_scene(image, scores, weights, scene, wanted, output, vrt, manner, bar)
    _tell_notices(made)
    changes = ", ".join(f"{change:.2%}" for change in made.changed)
    click.echo(f"{output}: {steps} steps; {changes} of the pixels changed")


@main.command()
@click.argument("scores", nargs=-1, required=True)
@click.option("--labels", required=True, help="Raster of class indices, or vector layer with a field `class`.")
@click.option("--report", "target", required=True, type=click.Path(path_type=Path), help="JSON file to write.")
@scheduler_option
def evaluate(scores: tuple[str, ...], labels: str, target: Path, scheduler: str | None) -> None:
    """Measure score rasters, or polygons (.gpkg, .shp, .geojson with a field `class`), against labels."""
    _check_output(target, ".json")
    with _bar("Measuring") as bar:
        found = assess(scores, labels, target, bar, scheduler)
    for path, entry in zip(scores, found, strict=True):
        click.echo(f"{path}: {entry.summary}")


@main.command()
@click.argument("scores")
@out_option
@click.option("--min-area", type=click.FloatRange(0), default=0.0, help="Smallest part in square metres.")
@click.option("--tolerance", type=click.FloatRange(0), default=0.0, help="Of the simplification, in metres.")
@click.option("--background", is_flag=True, help="Write the first class too.")
@scheduler_option
def vectorize(
    scores: str, output: Path, min_area: float, tolerance: float, background: bool, scheduler: str | None
) -> None:
    """Turn a score raster into polygons (.gpkg, .shp or .geojson), or a class raster (.tif)."""
    _check_output(output, ".gpkg", ".shp", ".geojson", ".tif")
    existing = ExistingScores(scores)
    with _bar("Vectorizing") as bar:
        if output.suffix.lower() == ".tif":
            if scheduler is not None:
                raise click.UsageError("A class raster is written on this machine; leave --scheduler out.")
            write_classes(scores, existing.grid, output, bar)
            click.echo(f"{output}: class raster")
            return
        found = stream(existing, Outline(min_area, tolerance, background), Place(output.parent, scheduler), bar)
        written = write_polygons(found, output, existing.grid.crs)
    click.echo(f"{output}: {written.count} polygons")
    if written.warning:
        click.echo(written.warning, err=True)


@main.command("import-cube")
@click.argument("file")
@click.option("--key", default="", help="The name of the array; not needed where there is one alone.")
@out_option
def import_array(file: str, key: str, output: Path) -> None:
    """Write a cube or a label map of a MATLAB file as a GeoTIFF, which QGIS and the other commands open."""
    _check_output(output, ".tif")
    with _bar("Writing") as bar:
        bands, rows, columns = import_cube(file, key, output, bar)
    click.echo(f"{output}: {bands} bands of {columns} x {rows} pixels")


@main.command()
@click.argument("file")
def info(file: str) -> None:
    """Say what a file of weights or a raster is."""
    if Path(file).suffix.lower() == ".safetensors":
        card = read_card(file)
        click.echo(card.summary())
        for name in ("trained_on", "quality", "licence"):
            if getattr(card, name):
                click.echo(f"{name.replace('_', ' ')}: {getattr(card, name)}")
        return
    with Scene(file) as scene:
        size = f"{scene.native_m:.3f} m on the ground" if scene.native_m else "unknown size (no CRS)"
        click.echo(f"{scene.image_grid.width} x {scene.image_grid.height} pixels of {size}")
        click.echo(f"bands used: {spans(scene.bands)}")
        with GridReader(file) as reader:
            centres = wavelengths_nm(reader)
        for band, mean, std in zip(scene.bands, scene.statistics.mean, scene.statistics.std, strict=True):
            centre = centres[band - 1]
            at = f" at {centre:.1f} nm" if centre is not None else ""
            click.echo(f"band {band}{at}: mean {mean:.4g}, standard deviation {std:.4g}")


@main.command()
@device_option
def doctor(device: str) -> None:
    """Say which Python, libraries and device compute, and time a step."""
    from .doctor import examine

    for line in examine(devices.choose(device)):
        click.echo(line)


@contextmanager
def _made_folder(path: Path) -> Iterator[None]:
    """Make a folder where there is none; if nothing comes to lie in it, it goes again."""
    made = not path.exists()
    make_folder(path)
    try:
        yield
    finally:
        if made and path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _tell_notices(made: Made) -> None:
    for notice in made.notices:
        click.echo(notice, err=True)


@contextmanager
def _bar(label: str) -> Iterator[Watch]:
    """Show a progress bar with the time left on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:

        def watch(fraction: float) -> None:
            bar.update(max(0, round(1000 * fraction) - bar.pos))

        yield watch


def _tell(bar: Watch) -> Callable[[Epoch, float | None], None]:
    return lambda epoch, _: bar(epoch.step / epoch.steps)


def _check_output(path: Path, *endings: str) -> None:
    if path.suffix.lower() not in endings:
        raise OutputError(f"{path.name} should end in {' or '.join(endings)}.")
    if not path.parent.is_dir():
        raise OutputError(f"There is no folder {path.parent}.")


def _bands(image: str, text: str | None) -> tuple[int, ...]:
    if not text:
        return ()
    with GridReader(image) as reader:
        return parse_bands(text, reader)


def _source(text: str) -> ClassSource:
    """Read NAME=FILE or NAME=FILE:WIDTH; a colon that is followed by no number belongs to the file."""
    name, equals, path = text.partition("=")
    head, colon, tail = path.rpartition(":")
    try:
        width = float(tail) if colon else None
    except ValueError:
        width = None
    if not name or (equals and not path) or (width is not None and not 0 < width < 1000):
        raise RefinerError(f"A class is given as NAME=FILE or NAME=FILE:WIDTH in metres; found {text!r}.")
    return ClassSource(name, head if width is not None else path, width)


def _refiner_file(text: str) -> str:
    """Return the weights that a path or the name of a kind stands for; a kind that needs none as it is."""
    if text not in KINDS or text in UNTAUGHT:
        return text
    for path in shipped():
        if read_card(path).kind == text:
            return str(path)
    raise CheckpointError(f"No weights for the refiner {text!r} ship; give a file made by train-refiner.")


def _working_size(image: str, scores: str) -> float | None:
    """Return the working pixel size that a score raster remembers, where the image has one."""
    existing = ExistingScores(scores)
    existing.close()
    return _usable_size(image, existing.pixel_size_m)


def _usable_size(image: str, wanted: float | None) -> float | None:
    with GridReader(image) as reader:
        if wanted is not None and pixel_size_m(reader.grid) is None:
            click.echo(f"{Path(image).name} has no CRS: working on its own pixels, not on {wanted:.2f} m.", err=True)
            return None
    return wanted
