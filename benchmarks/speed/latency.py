"""From the click on Step to the pixels on the map, in a real QGIS on a virtual screen, over 50 steps a case.

    .venv/worker/bin/python benchmarks/latency.py [--side 2000] [--steps 50]

Needs qgis and xvfb-run. Each case steps the shipped refiner on a made-up scene, ten steps on and back to the coarse
map again. A step is drawn when the map has painted a layer of it: the preview, or the step itself where there is none.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from limit import rate
from map_refiner.models.refine.extended import FEATURES, MEMORY, WIDTH
from rasterio.transform import from_origin
from record import write_page
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = Path(__file__).with_name("latency_in_qgis.py")
VIEW = 1000  # px, a side
CLASSES = ("background", "building", "road")
FOREIGN = ("QGIS_", "QT_", "PYTHON", "VIRTUAL_ENV", "GDAL_", "PROJ_")
BUDGET_MS = 300
PER_PIXEL = 2 * (2 * 9 * (len(CLASSES) + MEMORY) * WIDTH + WIDTH * (len(CLASSES) + MEMORY))  # operations of a step
INI = "[PythonPlugins]\nmap_refiner=true\n\n[qgis]\nshowTips=false\ncheckVersion=false\n"


def make_scene(folder: Path, side: int) -> None:
    """Write an image and scores, smooth noise both: the time of a step does not hang on what is seen."""
    generator = np.random.default_rng(0)
    kind = {
        "driver": "GTiff",
        "tiled": True,
        "count": 3,
        "crs": "EPSG:32633",
        "transform": from_origin(500_000, 4_000_000, 0.5, 0.5),
        "height": side,
        "width": side,
    }
    noise = np.stack([ndimage.gaussian_filter(generator.normal(size=(side, side)), 3) for _ in CLASSES])
    noise /= noise.std()
    with rasterio.open(folder / "image.tif", "w", dtype="uint8", **kind) as file:
        file.write(np.clip(128 + 40 * noise, 1, 255).astype(np.uint8))
    scores = np.exp(2 * noise)
    with rasterio.open(folder / "scores.tif", "w", dtype="float32", **kind) as file:
        file.write((scores / scores.sum(axis=0)).astype(np.float32))
        for number, name in enumerate(CLASSES, start=1):
            file.set_band_description(number, name)


def measured(scene: Path, view: str, steps: int) -> dict[str, list[float]]:
    """Step in a QGIS of its own; `view` is "close" (a pixel of the scene on one of the screen) or "whole"."""
    with tempfile.TemporaryDirectory() as home:
        profile = Path(home) / "profiles" / "default"
        (profile / "python" / "plugins").mkdir(parents=True)
        (profile / "python" / "plugins" / "map_refiner").symlink_to(ROOT)
        (profile / "QGIS").mkdir()
        (profile / "QGIS" / "QGIS3.ini").write_text(INI, encoding="utf-8")
        report = Path(home) / "report.json"
        environment = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
        environment |= {
            "HOME": home,
            "QT_QPA_PLATFORM": "xcb",
            "MAP_REFINER_PYTHON": sys.executable,
            "LATENCY": json.dumps(
                {"scene": str(scene), "report": str(report), "view": view, "size": VIEW, "steps": steps, "home": home}
            ),
        }
        command = ["timeout", "-k", "5", "3000", "xvfb-run", "-a", "-s", "-screen 0 1600x1300x24", "qgis"]
        command += ["--nologo", "--noversioncheck", "--profiles-path", home, "--code", str(SCRIPT)]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True)
        if not report.exists():
            raise SystemExit(f"QGIS ended with {ended.returncode} before it had measured:\n{ended.stderr[-2000:]}")
        found = json.loads(report.read_text(encoding="utf-8"))
        if "error" in found:
            raise SystemExit(found["error"])
        return dict(found)


def row(name: str, found: dict[str, list[float]], per_second: float) -> str:
    """Return a line of the table."""
    drawn = sorted(found["drawn_ms"])
    soon = sum(value <= BUDGET_MS for value in drawn) / len(drawn)
    pixels = statistics.median(found["pixels"])
    figures = [statistics.median(drawn), drawn[int(0.9 * (len(drawn) - 1))], drawn[-1]]
    figures += [statistics.median(found["answered_ms"]), statistics.median(found["whole_ms"])]
    times = " | ".join(f"{value:.0f}" for value in figures)
    limit = 1000 * pixels * PER_PIXEL / per_second
    return f"| {name} | {len(drawn)} | {pixels / 1e6:.2f} | {times} | {100 * soon:.0f} % | {limit:.0f} |"


def main() -> None:
    """Measure every case and write the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--side", type=int, default=2000, help="of the large scene, in pixels")
    options.add_argument("--steps", type=int, default=50)
    given = options.parse_args()
    lines = [
        "| case | steps | Mpx seen first | click to pixels, ms: median | 90 % | most | the worker's answer "
        f"| whole step | within {BUDGET_MS} ms | limit, ms |",
        "|" + "---|" * 10,
    ]
    cases = [(f"{given.side} x {given.side}, zoomed in to 1:1", given.side, "close")]
    cases += [(f"{given.side} x {given.side}, all of it in view", given.side, "whole")]
    cases += [("1000 x 1000, all of it in view", 1000, "whole")]
    with tempfile.TemporaryDirectory() as scratch:
        per_second = rate()
        for number, (name, side, view) in enumerate(cases):
            scene = Path(scratch) / str(number)
            scene.mkdir()
            make_scene(scene, side)
            lines.append(row(name, measured(scene, view, given.steps), per_second))
    about = (
        f"A map of {VIEW} x {VIEW} pixels, the class map, the shipped refiner (extended, {FEATURES} features), "
        f"{len(CLASSES)} classes. From the click on Step to the paint of the map with a layer of that step in it. What "
        "is seen first is the part in view at the pixels of the screen, or fewer where the machine would take longer "
        "than a moment; the whole step takes its place when it is there. The limit is the operations of what is seen "
        f"first over the rate of a matrix product, {per_second / 1e9:.0f} GFLOP/s; what separates the two is "
        "computing (small convolutions do not reach that rate), files, and the drawing. Other work on the machine "
        "shows in the figures."
    )
    write_page("latency", "From the click to the pixels", "benchmarks/latency.py", about, "\n".join(lines))


if __name__ == "__main__":
    main()
