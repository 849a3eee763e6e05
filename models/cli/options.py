"""Options that several commands share, and the progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..batch.scene_run import BLOCK_PX
from ..errors import OutputError
from ..io.bands import parse_bands
from ..io.raster_reader import GridReader
from ..runtime.progress import ProgressCallback
from ..tiling.memory_fallback import TILE_MULTIPLE_PX
from ..training.loop import TrainingUpdate

device_option = click.option(
    "--device", default="auto", show_default=True, help="Computing device: auto, cpu, cuda, cuda:N or mps."
)
seed_option = click.option("--seed", type=click.IntRange(0, 2**31), default=0, show_default=True)
size_option = click.option(
    "--pixel-size", type=float, help="Working pixel size in metres on the ground; outputs keep the image's grid."
)
bands_option = click.option(
    "--bands",
    help="Bands: 1,2,3, 1-10 or 450-900 nm. Default: the first three except alpha, or all good bands of many.",
)
out_option = click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="Output file or folder."
)
resume_option = click.option("--resume", is_flag=True, help="Continue an interrupted run.")
scheduler_option = click.option("--scheduler", metavar="ADDRESS", help="Address of a Dask scheduler to run on.")
block_option = click.option(
    "--block",
    type=click.IntRange(TILE_MULTIPLE_PX),
    default=BLOCK_PX,
    show_default=True,
    callback=lambda _, __, size: size // TILE_MULTIPLE_PX * TILE_MULTIPLE_PX,
    help="Side of a block in pixels: one task of a cluster, one tile of a .vrt.",
)
scores_option = click.option("--scores", required=True, help="Score raster with one band per class: step 0.")


def whole_options(command: Any) -> Any:
    """Add the options of the commands that process whole scenes."""
    return resume_option(scheduler_option(block_option(command)))


@contextmanager
def _bar(label: str) -> Iterator[ProgressCallback]:
    """Show a progress bar with the remaining time on a terminal; elsewhere show nothing."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:

        def progress(fraction: float) -> None:
            bar.update(max(0, round(1000 * fraction) - bar.pos))

        yield progress


def _report(bar: ProgressCallback) -> Callable[[TrainingUpdate, float | None], None]:
    return lambda update, _: bar(update.update / update.updates)


def _check_output(path: Path, *endings: str) -> None:
    if path.suffix.lower() not in endings:
        raise OutputError("{path_name} should end in {endings}.", path_name=path.name, endings=" or ".join(endings))
    if not path.parent.is_dir():
        raise OutputError("There is no folder {path_parent}.", path_parent=path.parent)


def _bands(image: str, text: str | None) -> tuple[int, ...]:
    if not text:
        return ()
    with GridReader(image) as reader:
        return parse_bands(text, reader)
