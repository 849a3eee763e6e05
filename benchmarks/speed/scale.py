"""Peak memory and throughput as scenes grow, and with more workers: classify, refine and vectorize.

    .venv/worker/bin/python benchmarks/scale.py build/scale [--megapixels 10 100 1000] [--steps 5] [--workers 1 2]

The scene is a virtual raster that repeats the demo scene. Each command runs in a process of its own, whose time on the
processor counts beside that on the clock: on a busy machine the clock tells nothing. The Dask workers are processes of
one thread each on this machine, so that two of them are to two cores what two machines would be.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from map_refiner.models.mosaic import Look, Source, write_mosaic
from map_refiner.models.rasters.reading import GridReader
from map_refiner.models.score_maps import Window
from record import write_page

WEIGHTS = Path(__file__).resolve().parents[1] / "resources" / "weights"
BIN = Path(sys.executable).parent
PORT = 18786


def repeated(scene: Path, path: Path, side: int) -> None:
    """Write a virtual raster of `side` pixels a side that repeats a scene as often as is needed."""
    with GridReader(scene) as reader:
        grid = reader.grid
    places = [(row, column) for row in range(0, side, grid.height) for column in range(0, side, grid.width)]
    sources = [Source(scene, Window(row, column, grid.height, grid.width), grid.width, grid.height)
               for row, column in places]  # fmt: skip
    whole = grid.crop(Window(0, 0, side, side))
    write_mosaic(path, whole, Look(("red", "green", "blue"), 0, "Byte"), sources)


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    seconds: float  # on the clock
    processor: float  # seconds of all threads
    memory: float  # GB, at most


def measured(*arguments: object) -> Cost:
    """Run the command and return what it took."""
    started = time.monotonic()
    process = subprocess.Popen([str(BIN / "map-refiner"), *map(str, arguments)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"map-refiner {' '.join(map(str, arguments))} failed")
    spent = usage.ru_utime + usage.ru_stime
    return Cost(time.monotonic() - started, spent, usage.ru_maxrss * 1024 / 1e9)


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Run a scheduler and workers of one thread each."""
    address, quiet = f"tcp://127.0.0.1:{PORT}", subprocess.DEVNULL
    wanted = [["scheduler", "--host", "127.0.0.1", "--port", str(PORT), "--no-dashboard"]]
    wanted += [["worker", address, "--nthreads", "1", "--no-dashboard", "--memory-limit", "0"]] * workers
    running = [subprocess.Popen([str(BIN / "dask"), *words], stdout=quiet, stderr=quiet) for words in wanted]
    try:
        from distributed import Client

        with Client(address, timeout="60s") as client:
            client.wait_for_workers(workers, timeout=60)
        yield address
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait()


def chain(folder: Path, image: Path, steps: int, options: Sequence[object] = ()) -> Iterator[tuple[str, Cost]]:
    """Classify and refine an image; yield each command with what it took."""
    coarse, refiner = (next(WEIGHTS.glob(f"{kind}*.safetensors")) for kind in ("coarse", "refiner"))
    scores, out = folder / "scores.tif", folder / "steps"
    yield "classify", measured("classify", image, "--model", coarse, "-o", scores, *options)
    refine = ("refine", image, "--scores", scores, "--refiner", refiner, "--steps", steps, "--vrt", "-o", out)
    yield f"refine, {steps} step{'s' * (steps > 1)}", measured(*refine, *options)
    shutil.rmtree(out)
    scores.unlink()


def with_workers(given: argparse.Namespace, image: Path) -> list[str]:
    """Run the commands on clusters, and return the lines of their table."""
    lines = ["", f"{given.megapixels[0]} megapixels on a Dask cluster, in blocks of 1024 pixels a side:", "",
             "| workers | command | seconds | times as fast as the first |", "|---|---|---|---|"]  # fmt: skip
    alone: dict[str, float] = {}
    for workers in given.workers:
        with cluster(workers) as address:
            for name, cost in chain(given.folder, image, given.steps, ("--scheduler", address, "--block", 1024)):
                faster = alone.setdefault(name, cost.seconds) / cost.seconds
                lines.append(f"| {workers} | {name} | {cost.seconds:.0f} | {faster:.2f} |")
                print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Measure, and write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--megapixels", type=int, nargs="+", default=[10, 100, 1000])
    options.add_argument("--steps", type=int, default=5)
    options.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    scene = given.folder / "scene" / "scene.tif"
    if not scene.exists():
        subprocess.run([sys.executable, "-m", "map_refiner.models.demo_scene", str(scene.parent)], check=True)
    lines = ["| megapixels | command | seconds | processor seconds | megapixels a processor second "
             "| of the smallest scene's | peak memory, GB |", "|---|---|---|---|---|---|---|"]  # fmt: skip
    first: dict[str, float] = {}
    for megapixels in given.megapixels:
        image = given.folder / f"image_{megapixels}.vrt"
        repeated(scene, image, round(math.sqrt(megapixels * 1e6)))
        for name, cost in chain(given.folder, image, given.steps):
            rate = megapixels / cost.processor
            share = rate / first.setdefault(name, rate)
            lines.append(f"| {megapixels} | {name} | {cost.seconds:.0f} | {cost.processor:.0f} | {rate:.3f} "
                         f"| {share:.0%} | {cost.memory:.2f} |")  # fmt: skip
            print(lines[-1], flush=True)
    if given.workers:
        lines += with_workers(given, given.folder / f"image_{given.megapixels[0]}.vrt")
    about = (
        "Each command in a process of its own, with its start and the writing of its results; the scene repeats the "
        "demo scene at 0.5 m, three bands of bytes. Processor seconds are those of all threads together: where others "
        "use the machine, the clock tells nothing. Ratios are within this run, and small scenes pay for the start."
    )
    workers = " ".join(map(str, given.workers))
    words = f"--megapixels {' '.join(map(str, given.megapixels))} --steps {given.steps} --workers {workers}".rstrip()
    write_page("scale", "Large scenes: time and memory", f"benchmarks/scale.py build/scale {words}", about,
               "\n".join(lines))  # fmt: skip


if __name__ == "__main__":
    main()
