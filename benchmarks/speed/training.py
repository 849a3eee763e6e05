"""How soon teaching is as good as it gets: seconds to 95 % of the final held-out score, by kind of refiner.

    .venv/worker/bin/python benchmarks/teaching.py ../shared/data [--device cpu] [--side 640] [--seeds 0 1 2]

Teaches on a labelled tile of Banepa whose coarse map the shipped coarse model makes, as an analyst would.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from limit import rate
from map_refiner.models import device as devices
from map_refiner.models.checkpoint import load_coarse
from map_refiner.models.coarse.model import score_window
from map_refiner.models.labels import raster_labels
from map_refiner.models.rasters.reading import environment
from map_refiner.models.refine import drill, teach
from map_refiner.models.refine.kinds import LESSONS, make
from map_refiner.models.refine.lesson import LabelledTile, coarse_miou
from map_refiner.models.scene import Scene
from map_refiner.models.score_maps import UNLABELLED, Window
from record import write_page
from step import EXTENDED, FIRST, FUSED, ONCE, STEPS

WEIGHTS = Path(__file__).resolve().parents[1] / "resources" / "weights" / "coarse_aerial_0.5m.safetensors"
KINDS = ("extended", "faithful", "class-agnostic", "unshared")
PIXEL_M = 0.5
NEAR = 0.95
BACK = 3  # operations of an update, of those of the steps alone: forward, and twice as much backward
DRILLED, TAUGHT = (
    each.BATCH * (each.PATCH + 2 * around) ** 2 for each, around in ((drill, drill.AROUND), (teach, teach.HALO))
)  # px a batch
OPERATIONS = {
    "extended": BACK * DRILLED * (STEPS * EXTENDED + FIRST),
    "faithful": BACK * TAUGHT * (STEPS * FUSED + ONCE),
    "class-agnostic": BACK * TAUGHT * (STEPS * FUSED + ONCE),
    "unshared": BACK * TAUGHT * STEPS * (FUSED + ONCE),
}


def labelled_tile(data: Path, side: int, device: torch.device) -> LabelledTile:
    """Classify the middle of the scene with the shipped coarse model, and read its labels."""
    model, _ = load_coarse(WEIGHTS, device)
    with Scene(data / "banepa" / "south_rgb.tif", pixel_size=PIXEL_M) as scene:
        labels = raster_labels(str(data / "banepa" / "south_label.tif"), scene.grid)
        rows, columns = np.nonzero(labels != UNLABELLED)
        stride = model.stride
        window = Window(
            max(0, (int(rows.mean()) - side // 2) // stride * stride),
            max(0, (int(columns.mean()) - side // 2) // stride * stride),
            min(side, scene.grid.height),
            min(side, scene.grid.width),
        )
        scores = torch.log_softmax(torch.from_numpy(score_window(model, scene, window, device)), dim=0).numpy()
        return LabelledTile(scores, scene.read(window)[0], labels[window.slices()])


def curve(kind: str, tile: LabelledTile, seed: int, device: torch.device) -> tuple[list[tuple[float, float]], float]:
    """Teach once; return (seconds, held-out mean IoU) whenever it was measured, and the seconds of an update."""
    torch.manual_seed(seed)
    refiner = make(kind, len(tile.scores), len(tile.image)).to(device)
    lesson = LESSONS[kind]
    points, started = [], time.perf_counter()
    for epoch in lesson.teach(refiner, [tile], lesson.updates, seed, device):
        if epoch.held_out_miou is not None:
            points.append((time.perf_counter() - started, epoch.held_out_miou))
    return points, (time.perf_counter() - started) / lesson.updates


def main() -> None:
    """Teach every kind, and write the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("--device", default="cpu")
    options.add_argument("--side", type=int, default=640, help="of the tile, in pixels of half a metre")
    options.add_argument("--seeds", type=int, nargs="+", default=[0])
    given = options.parse_args()
    devices.use_all_cores()
    device = devices.choose(given.device)
    lines = [
        f"| kind | coarse map | best held-out mean IoU | seconds to {100 * NEAR:.0f} % of it "
        f"| to {100 * NEAR:.0f} % of the gain | all updates, s | an update, ms "
        "| its limit, ms |",
        "|" + "---|" * 8,
    ]
    per_second = rate(device, torch.float32)
    with environment():
        tile = labelled_tile(given.data, given.side, device)
        for kind in KINDS:
            rows = []
            for seed in given.seeds:
                coarse = coarse_miou([tile], seed)
                points, update = curve(kind, tile, seed, device)
                best = max(score for _, score in points)
                marks = NEAR * best, coarse + NEAR * (best - coarse)
                soon = [next(seconds for seconds, score in points if score >= mark) for mark in marks]
                rows.append((coarse, best, *soon, points[-1][0], 1000 * update))
            middle = [statistics.median(column) for column in zip(*rows, strict=True)]
            figures = [f"{value:.{digits}f}" for value, digits in zip(middle, (3, 3, 1, 1, 0, 0), strict=True)]
            lines.append(f"| {kind} | {' | '.join(figures)} | {1000 * OPERATIONS[kind] / per_second:.0f} |")
            print(lines[-1], flush=True)
    about = (
        f"{devices.describe(device)}: one tile of {given.side} x {given.side} pixels of Banepa, a quarter of its "
        f"blocks held out; seeds {', '.join(map(str, given.seeds))}, medians. The score is the mean IoU after five "
        "steps on what is held out, measured every 25 or 30 updates; measuring is part of the time. The second mark "
        "counts from the coarse map's score on. The limit is the operations of an update, forth and back, over the "
        f"rate of a large matrix product, {per_second / 1e9:.0f} GFLOP/s; what separates the two is measuring, small "
        "convolutions that do not reach that rate, and what is not a product: padding, messages, bounds."
    )
    write_page("teaching", "How soon teaching is as good as it gets", "benchmarks/teaching.py", about, "\n".join(lines))


if __name__ == "__main__":
    main()
