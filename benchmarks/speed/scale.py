"""Peak memory and throughput of classify and refine, for growing scenes and for more workers.

    .venv/worker/bin/python -m benchmarks scale [--megapixels 10 100 1000] [--steps 5] [--workers 1 2]

The scene is a virtual raster that repeats the demo scene. Each command runs in a separate process. Its processor time
is measured as well as its wall-clock time, which is meaningless on a busy machine. The Dask workers are
single-threaded processes on this machine, so two workers on two cores represent two machines.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from map_refiner.models.arrays.grid import Window
from map_refiner.models.io.raster_reader import GridReader
from map_refiner.models.io.vrt import BandSchema, VrtSource, write_vrt

from ..harness import Benchmark, Cell, Option, Page, Results, Settings, Values, markdown_table
from ..scenes import SHIPPED_COARSE, SHIPPED_REFINER

BIN = Path(sys.executable).parent
PORT = 18786
BLOCK = 1024  # side of the cluster's blocks in pixels
ALONE = "one process"


def repeat_scene(scene: Path, path: Path, side: int) -> None:
    """Write a virtual raster of `side` x `side` pixels that repeats a scene."""
    with GridReader(scene) as reader:
        grid = reader.grid
    places = [(row, column) for row in range(0, side, grid.height) for column in range(0, side, grid.width)]
    sources = [
        VrtSource(scene, Window(row, column, grid.height, grid.width), grid.width, grid.height)
        for row, column in places
    ]
    whole = grid.crop(Window(0, 0, side, side))
    write_vrt(path, whole, BandSchema(("red", "green", "blue"), 0, "Byte"), sources)


@dataclass(frozen=True)
class Cost:
    """The cost of a command."""

    command: str
    seconds: float  # wall clock
    processor: float  # processor seconds of all threads
    memory: float  # peak, in GB


def cost_of(name: str, *arguments: object) -> Cost:
    """Run the command and return its cost."""
    started = time.monotonic()
    process = subprocess.Popen([str(BIN / "map-refiner"), *map(str, arguments)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"map-refiner {' '.join(map(str, arguments))} failed")
    spent = usage.ru_utime + usage.ru_stime
    return Cost(name, time.monotonic() - started, spent, usage.ru_maxrss * 1024 / 1e9)


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Run a Dask scheduler and single-threaded workers."""
    address, quiet = f"tcp://127.0.0.1:{PORT}", subprocess.DEVNULL
    wanted = [["scheduler", "--host", "127.0.0.1", "--port", str(PORT), "--no-dashboard"]]
    wanted += [["worker", address, "--nthreads", "1", "--no-dashboard", "--memory-limit", "0"]] * workers
    running = [subprocess.Popen([str(BIN / "dask"), *words], stdout=quiet, stderr=quiet) for words in wanted]
    try:
        from distributed import Client

        with Client(address, timeout="60s") as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(workers, timeout=60)
        yield address
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait()


def commands(folder: Path, image: Path, steps: int, options: Sequence[object] = ()) -> Iterator[Cost]:
    """Classify and refine an image; yield the cost of each command."""
    scores, out = folder / "scores.tif", folder / "steps"
    yield cost_of("classify", "classify", image, "--model", SHIPPED_COARSE, "-o", scores, *options)
    refine = ("refine", image, "--scores", scores, "--refiner", SHIPPED_REFINER, "--steps", steps, "--vrt", "-o", out)
    yield cost_of(f"refine, {steps} step{'s' * (steps > 1)}", *refine, *options)
    shutil.rmtree(out)
    scores.unlink()


def workers_of(cell: Cell) -> int:
    """Return the number of Dask workers of a cell, or 0 for one process without Dask."""
    return 0 if cell.kind == ALONE else int(cell.kind.split()[0])


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield every size in one process, and the first size with each number of workers."""
    given = settings.options
    for megapixels in given.megapixels:
        yield Cell(f"{megapixels} megapixels", ALONE)
    for workers in given.workers:
        yield Cell(f"{given.megapixels[0]} megapixels", f"{workers} workers")


def run(settings: Settings, cell: Cell) -> Values:
    """Return the cost of each command on one scene."""
    folder, megapixels = settings.work_folder("scenes"), int(cell.scene.split()[0])
    scene, image = folder / "scene" / "scene.tif", folder / f"image_{megapixels}.vrt"
    if not scene.exists():
        subprocess.run([sys.executable, "-m", "map_refiner.demo_scene", str(scene.parent)], check=True)
    repeat_scene(scene, image, round(math.sqrt(megapixels * 1e6)))
    workers, steps = workers_of(cell), settings.options.steps
    if not workers:
        found = list(commands(folder, image, steps))
    else:
        with cluster(workers) as address:
            found = list(commands(folder, image, steps, ("--scheduler", address, "--block", BLOCK)))
    return {"megapixels": megapixels, "workers": workers, "costs": [asdict(cost) for cost in found]}


def summary(values: Values) -> str:
    """Return the seconds of each command."""
    return ", ".join(f"{cost['command']} {cost['seconds']:.0f} s" for cost in values["costs"])


def table(settings: Settings, results: Results) -> Page:
    """Return a page of each command's cost by size, and its speed-up by the number of workers."""
    runs = sorted(results.values(), key=lambda values: (values["workers"], values["megapixels"]))
    rows, cluster_rows = [], []
    first_rate: dict[str, float] = {}
    first_seconds: dict[str, float] = {}
    for values in runs:
        for cost in values["costs"]:
            name, seconds = cost["command"], cost["seconds"]
            if values["workers"]:
                faster = first_seconds.setdefault(name, seconds) / seconds
                cluster_rows.append([str(values["workers"]), name, f"{seconds:.0f}", f"{faster:.2f}"])
                continue
            rate = values["megapixels"] / cost["processor"]
            share = rate / first_rate.setdefault(name, rate)
            times = f"{seconds:.0f}", f"{cost['processor']:.0f}", f"{rate:.3f}", f"{share:.0%}"
            rows.append([str(values["megapixels"]), name, *times, f"{cost['memory']:.2f}"])
    heads = [
        "megapixels",
        "command",
        "seconds",
        "processor seconds",
        "megapixels per processor second",
        "rate relative to the smallest scene",
        "peak memory, GB",
    ]
    parts = [markdown_table(heads, rows)]
    if cluster_rows:
        size = next(values["megapixels"] for values in runs if values["workers"])
        parts.append(f"{size} megapixels on a Dask cluster, in blocks of {BLOCK} x {BLOCK} pixels:")
        parts.append(markdown_table(["workers", "command", "seconds", "speed-up"], cluster_rows))
    about = (
        "Each command runs in a process of its own; its start and the writing of its results count. The scene repeats "
        "the demo scene at 0.5 m with three 8-bit bands. Processor seconds are those of all threads together. Other "
        "processes shared the machine, so the elapsed seconds mean little. Small scenes are slower per megapixel "
        "because of the start."
    )
    return Page(about, "\n\n".join(parts))


BENCHMARK = Benchmark(
    name="scale",
    title="Time and memory on large scenes",
    run=run,
    table=table,
    scenes=(),
    kinds=(),
    options=(
        Option("megapixels", (10, 100, 1000), "sizes of the scene", changes_results=False),
        Option("steps", 5, "refinement steps"),
        Option("workers", (1, 2), "numbers of Dask workers for the first size", changes_results=False),
    ),
    reads_data=False,
    is_timed=True,
    cells=cells,
    summary=summary,
)
