"""The complete command-line workflow on a real scene: Banepa south, three classes, 0.53 m working resolution.

    .venv/worker/bin/python -m benchmarks banepa --data FOLDER

The coarse model is trained on the imprecise vectors of the whole scene, as it would be on OpenStreetMap, without any
accurate labels. The paper's refiner is trained on the accurate labels of columns 0-767 and scored on columns 800-1535;
the gap between them is wider than its context. Nothing is tuned on the scored part. The seeds change the weights, the
patches and the held-out blocks.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import rasterio

from ..harness import Benchmark, Cell, Option, Page, Results, Settings, Values, markdown_table

STEPS = 5
TRAINING, SCORED = slice(0, 768), slice(800, 1536)  # columns
PIXEL_M = "0.53"
CLASSES = ("background", "building", "road")
COMMAND = Path(sys.executable).with_name("map-refiner")


def run_command(*arguments: object) -> float:
    """Run the command and return the elapsed seconds."""
    started = time.monotonic()
    subprocess.run([str(COMMAND), *map(str, arguments)], check=True, stderr=subprocess.DEVNULL)
    return time.monotonic() - started


def write_labels(source: Path, columns: slice, target: Path) -> Path:
    """Write a copy of the labels in which only the given columns are labelled."""
    with rasterio.open(source) as labels:
        values, profile = labels.read(1), labels.profile
    kept = np.full_like(values, 255)
    kept[:, columns] = values[:, columns]
    with rasterio.open(target, "w", **profile) as copy:
        copy.write(kept, 1)
    return target


def imprecise_classes(data: Path) -> tuple[str, ...]:
    """Return the `train-coarse` options for the imprecise vectors of the scene."""
    buildings, roads = data / "south_buildings_imprecise.geojson", data / "south_road_centrelines.geojson"
    return "--class", f"building={buildings}", "--class", f"road={roads}:7"


def run(settings: Settings, cell: Cell) -> Values:
    """Run the complete workflow with one seed and return the report of each step."""
    data, seed = settings.data / "banepa", ("--seed", cell.seed)
    folder = settings.work_folder(f"seed_{cell.seed}")
    image, label = data / "south_rgb.tif", data / "south_label.tif"
    training = write_labels(label, TRAINING, folder / "training.tif")
    scored = write_labels(label, SCORED, folder / "scored.tif")
    coarse, scores, refiner = folder / "coarse.safetensors", folder / "scores.tif", folder / "refiner.safetensors"
    size = ("--pixel-size", PIXEL_M)
    if not coarse.exists():
        updates = ("--steps", settings.options.coarse_updates)
        run_command(
            "train-coarse", image, "--model", "fcn", *imprecise_classes(data), *size, *seed, *updates, "-o", coarse
        )
    run_command("classify", image, "--model", coarse, *size, "-o", scores)
    updates = ("--steps", settings.options.refiner_updates)
    inputs: tuple[object, ...] = ("--refiner", "faithful", "--scores", scores, "--labels", training)
    seconds = run_command("train-refiner", image, *inputs, *size, *seed, *updates, "-o", refiner)
    inputs = ("--scores", scores, "--refiner", refiner)
    run_command("refine", image, *inputs, *size, "--steps", STEPS, "-o", folder / "steps")
    steps = [folder / "steps" / f"step_{step:03d}.tif" for step in range(STEPS + 1)]
    run_command("evaluate", *steps, "--labels", scored, "--report", folder / "report.json")
    return {"seconds": seconds, "report": json.loads((folder / "report.json").read_text(encoding="utf-8"))}


def summary(values: Values) -> str:
    """Return the mean IoU of each step."""
    return f"mean IoU {[round(step['mean_iou'], 4) for step in values['report']]}, trained in {values['seconds']:.0f} s"


def mean_with_spread(values: list[float]) -> str:
    """Return the mean in per cent, with the standard deviation if there are several values."""
    spread = f" ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{100 * statistics.mean(values):.1f}{spread}"


def table(settings: Settings, results: Results) -> Page:
    """Return a page of means and standard deviations over the seeds, by step."""
    heads = ["step", "overall accuracy", "mean IoU", *CLASSES, "boundary IoU 2 px, building", "road"]
    lines = []
    for step in range(STEPS + 1):
        rows = [values["report"][step] for values in results.values()]
        columns = [[row["overall_accuracy"] for row in rows], [row["mean_iou"] for row in rows]]
        columns += [[row["iou"][name] for row in rows] for name in CLASSES]
        columns += [[row["boundary_iou"]["2"][name] for row in rows] for name in CLASSES[1:]]
        lines.append(["0 (coarse)" if step == 0 else str(step), *map(mean_with_spread, columns)])
    about = (
        "Three classes at 0.53 m. The coarse model was trained on the imprecise vectors of the whole scene and on no "
        "accurate label. The refiner was trained on the accurate labels of columns 0-767 "
        f"({settings.options.refiner_updates} updates). Both are scored on columns 800-1535. Values are per cent: mean "
        f"± standard deviation over seeds {', '.join(map(str, results.seeds()))}."
    )
    return Page(about, markdown_table(heads, lines))


BENCHMARK = Benchmark(
    name="banepa",
    title="Accuracy of the paper's refiner on Banepa, step by step",
    run=run,
    table=table,
    seeds=(0, 1, 2),
    options=(
        Option("coarse_updates", 500, "updates of the coarse model"),
        Option("refiner_updates", 300, "updates of the refiner"),
    ),
    summary=summary,
)
