"""The time from a click on Step to the pixels on the map, in a real QGIS on a virtual screen.

    .venv/worker/bin/python -m benchmarks latency [--side 2000] [--steps 50]

Requires qgis and xvfb-run. Each case runs the shipped refiner on a synthetic scene, ten steps at a time, then returns
to the coarse map. A step counts as drawn when the map has painted one of its layers: the preview, or the step itself
if there is no preview.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import rasterio
from map_refiner.models.refine.extended import FEATURES, HIDDEN_CHANNELS, WIDTH
from rasterio.transform import from_origin
from scipy import ndimage

from ..harness import ROOT, Benchmark, Cell, Option, Page, Results, Settings, UsageError, Values, markdown_table
from ..machine import matmul_rate

SCRIPT = Path(__file__).with_name("latency_in_qgis.py")
VIEW = 1000  # side of the map in pixels
CLASSES = ("background", "building", "road")
FOREIGN = ("QGIS_", "QT_", "PYTHON", "VIRTUAL_ENV", "GDAL_", "PROJ_")
BUDGET_MS = 300
CHANNELS = len(CLASSES) + HIDDEN_CHANNELS
PER_PIXEL = 2 * (2 * 9 * CHANNELS * WIDTH + WIDTH * CHANNELS)  # operations per step
CASES = {  # side of the scene in pixels, None for the --side option; view; text
    "large, close": (None, "close", "zoomed in to 1:1"),
    "large, whole": (None, "whole", "whole scene in view"),
    "small, whole": (1000, "whole", "whole scene in view"),
}
INI = "[PythonPlugins]\nmap_refiner=true\n\n[qgis]\nshowTips=false\ncheckVersion=false\n"


def make_scene(folder: Path, side: int) -> None:
    """Write an image and scores of smooth noise: the time per step does not depend on the content."""
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


def step_in_qgis(scene: Path, view: str, steps: int) -> dict[str, list[float]]:
    """Run the steps in a new QGIS; `view` is "close" (one scene pixel per screen pixel) or "whole".

    Raises:
        UsageError: if QGIS fails.
    """
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
            raise UsageError(f"QGIS ended with {ended.returncode} and no result:\n{ended.stderr[-2000:]}")
        found = json.loads(report.read_text(encoding="utf-8"))
        if "error" in found:
            raise UsageError(found["error"])
        return dict(found)


def side_of(settings: Settings, kind: str) -> int:
    """Return the side of a case's scene in pixels."""
    return CASES[kind][0] or int(settings.options.side)


def run(settings: Settings, cell: Cell) -> Values:
    """Run the steps of one case; return the times of every step."""
    rate = matmul_rate()
    with tempfile.TemporaryDirectory() as scratch:
        make_scene(Path(scratch), side_of(settings, cell.kind))
        return {"rate": rate, **step_in_qgis(Path(scratch), CASES[cell.kind][1], settings.options.steps)}


def summary(values: Values) -> str:
    """Return the median time from click to pixels as text."""
    return f"median {statistics.median(values['drawn_ms']):.0f} ms"


def table(settings: Settings, results: Results) -> Page:
    """Return a page of the times of every case."""
    rate = next(iter(results.values()))["rate"]
    rows = []
    for cell, values in results.items():
        side, drawn = side_of(settings, cell.kind), sorted(values["drawn_ms"])
        soon = sum(value <= BUDGET_MS for value in drawn) / len(drawn)
        pixels = statistics.median(values["pixels"])
        times = [statistics.median(drawn), drawn[int(0.9 * (len(drawn) - 1))], drawn[-1]]
        times += [statistics.median(values["answered_ms"]), statistics.median(values["whole_ms"])]
        limit = 1000 * pixels * PER_PIXEL / rate
        rows.append(
            [f"{side} x {side}, {CASES[cell.kind][2]}", str(len(drawn)), f"{pixels / 1e6:.2f}"]
            + [f"{value:.0f}" for value in times]
            + [f"{100 * soon:.0f} %", f"{limit:.0f}"]
        )
    heads = [
        "case",
        "steps",
        "preview, Mpx",
        "click to pixels, ms: median",
        "90 %",
        "maximum",
        "worker's answer",
        "complete step",
        f"within {BUDGET_MS} ms",
        "limit, ms",
    ]
    about = (
        f"A map of {VIEW} x {VIEW} pixels shows the class map of the shipped refiner (extended, {FEATURES} features) "
        f"with {len(CLASSES)} classes. The latency runs from the click on *Step* to the moment when QGIS has painted "
        "the map with a layer of that step. The preview comes first: the visible area at the resolution of the screen, "
        "or at a coarser one where the machine would need longer. The complete step replaces it as soon as it is "
        "written.\n\n"
        "The limit is the number of operations of the preview divided by the rate of a matrix product, "
        f"{rate / 1e9:.0f} GFLOP/s. Small convolutions that do not reach that rate, files and drawing make up the "
        "difference. Other work on the machine affects the times."
    )
    return Page(about, markdown_table(heads, rows))


BENCHMARK = Benchmark(
    name="latency",
    title="Latency from the click to the pixels",
    run=run,
    table=table,
    kinds=tuple(CASES),
    options=(
        Option("side", 2000, "side of the large scene in pixels"),
        Option("steps", 50, "steps per case"),
    ),
    reads_data=False,
    is_timed=True,
    summary=summary,
)
