"""Memory and time of classify, refine and vectorize on a large raster, each in a process of its own.

    .venv/worker/bin/python benchmarks/large_raster.py build/large [--size 12000] [--steps 5]

The raster repeats the demo scene. Prints a table: seconds, megapixels a second, peak memory (resident set).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import rasterio
from record import write_page

WEIGHTS = Path(__file__).resolve().parents[1] / "resources" / "weights"
PYTHON = Path(sys.executable)


def make_raster(scene: Path, path: Path, size: int) -> None:
    """Repeat a scene to a square of `size` pixels, row of blocks by row of blocks."""
    with rasterio.open(scene) as source:
        tile, profile = source.read(), source.profile
    profile.update(width=size, height=size, tiled=True, blockxsize=512, blockysize=512, compress="deflate", zlevel=1)
    wide = np.tile(tile, (1, 1, -(-size // tile.shape[2])))[:, :, :size]
    with rasterio.open(path, "w", **profile) as target:
        for top in range(0, size, tile.shape[1]):
            rows = min(tile.shape[1], size - top)
            target.write(wide[:, :rows], window=rasterio.windows.Window(0, top, size, rows))


def measured(*arguments: object) -> tuple[float, float]:
    """Run the command and return its seconds and its peak memory in GB."""
    started = time.monotonic()
    process = subprocess.Popen([str(PYTHON.with_name("map-refiner")), *map(str, arguments)], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"map-refiner {arguments[0]} failed")
    return time.monotonic() - started, usage.ru_maxrss * 1024 / 1e9


def main() -> None:
    """Run the chain and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--size", type=int, default=12000)
    options.add_argument("--steps", type=int, default=5)
    given = options.parse_args()
    folder = given.folder
    folder.mkdir(parents=True, exist_ok=True)
    scene, image, scores = folder / "scene" / "scene.tif", folder / "large.tif", folder / "scores.tif"
    if not image.exists():
        subprocess.run([str(PYTHON), "-m", "map_refiner.models.demo_scene", str(scene.parent)], check=True)
        make_raster(scene, image, given.size)
    coarse, refiner = (next(WEIGHTS.glob(f"{kind}*.safetensors")) for kind in ("coarse", "refiner"))
    runs = {
        "classify": ("classify", image, "--model", coarse, "-o", scores),
        f"refine, {given.steps} steps": (
            "refine", image, "--scores", scores, "--refiner", refiner, "--steps", given.steps, "-o", folder / "steps",
        ),
        "vectorize": (
            "vectorize", folder / "steps" / f"step_{given.steps:03d}.tif", "--min-area", 10, "--tolerance", 0.5,
            "-o", folder / "out.gpkg",
        ),
    }  # fmt: skip
    lines = [
        f"| {given.size} x {given.size} pixels | seconds | megapixels a second | peak memory, GB |",
        "|---|---|---|---|",
    ]
    for name, arguments in runs.items():
        seconds, memory = measured(*arguments)
        lines.append(f"| {name} | {seconds:.0f} | {given.size**2 / 1e6 / seconds:.2f} | {memory:.2f} |")
        print(lines[-1], flush=True)
    about = "Each command in a process of its own; the raster repeats the demo scene at 0.5 m, three bands of bytes."
    command = f"benchmarks/large_raster.py build/large --size {given.size}"
    write_page("large_raster", "A large raster: time and memory", command, about, "\n".join(lines))


if __name__ == "__main__":
    main()
