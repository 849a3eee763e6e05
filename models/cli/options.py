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
    "--block",
    type=click.IntRange(TILE_MULTIPLE_PX),
    default=BLOCK_PX,
    show_default=True,
    callback=lambda _, __, size: size // TILE_MULTIPLE_PX * TILE_MULTIPLE_PX,
    help="Pixels a side of what is finished at once: a task of a cluster, a tile of a .vrt.",
)
scores_option = click.option("--scores", required=True, help="Raster with a band of scores a class: step 0.")


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
