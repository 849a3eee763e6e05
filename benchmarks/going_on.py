"""Teaching a fresh refiner, or the one that ships on: what an analyst gets of one labelled tile, scene by scene.

    .venv/worker/bin/python benchmarks/going_on.py ../shared/data build/going_on [--seeds 0 1] [--threads 1]

The coarse map is that of the model that ships. The left part of a scene is taught, the right part scored. Of Banepa the
shipped weights know the left 60 %, so what is scored begins beyond. What is done is kept in the folder.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from map_refiner.models import device as devices
from map_refiner.models.checkpoint import load_coarse, load_refiner
from map_refiner.models.coarse.model import score_window
from map_refiner.models.labels import raster_labels
from map_refiner.models.lessons import About, teach_refiner
from map_refiner.models.progress import go_on
from map_refiner.models.rasters.reading import environment
from map_refiner.models.refine.lesson import LabelledTile, mean_iou_by_step
from map_refiner.models.scene import Scene
from map_refiner.models.score_maps import LOG_FLOOR, UNLABELLED, Window
from record import write_page

WEIGHTS = Path(__file__).resolve().parents[1] / "resources" / "weights"
SHIPPED = next(WEIGHTS.glob("refiner*.safetensors"))
CLASSES = ("background", "building", "road")
PIXEL_M = 0.5
TAUGHT, SCORED = 0.45, 0.62  # of the width: where the taught part ends and the scored one begins
STEPS = 5
CPU = torch.device("cpu")
SCENES = {
    "banepa_south": ("banepa/south_rgb.tif", "banepa/south_label.tif"),
    **{
        name: (f"aerial_sites/{name}_rgb.tif", f"aerial_sites/{name}_label.tif")
        for name in ("catanduanes_a", "kampala_a", "zanzibar_a", "zanzibar_b")
    },
}


def parts(data: Path, name: str) -> tuple[LabelledTile, LabelledTile]:
    """Return what is taught and what is scored of a scene, with the coarse map of the model that ships."""
    image_path, label_path = (data / path for path in SCENES[name])
    net, _ = load_coarse(next(WEIGHTS.glob("coarse*.safetensors")), CPU)
    with Scene(image_path, pixel_size=PIXEL_M) as scene:
        whole = Window(0, 0, scene.grid.height, scene.grid.width)
        image, valid = scene.read(whole)
        labels = np.where(valid, raster_labels(str(label_path), scene.grid), UNLABELLED).astype(np.uint8)
        logits = torch.from_numpy(score_window(net, scene, whole, CPU))
    scores = torch.log_softmax(logits, 0).clamp_min(np.log(LOG_FLOOR)).numpy()
    width = labels.shape[1]
    sides = slice(0, round(TAUGHT * width)), slice(round(SCORED * width), width)
    taught, scored = (LabelledTile(scores[..., side], image[..., side], labels[..., side]) for side in sides)
    return taught, scored


def one(taught: LabelledTile, scored: LabelledTile, seed: int, begin: str, folder: Path) -> dict[str, object]:
    """Teach, and return the mean IoU by step on what is scored, and what the held-out part says."""
    found = teach_refiner(
        "extended", [taught], About(CLASSES, PIXEL_M, "a tile"), None, seed, str(folder / "refiner.safetensors"), CPU,
        lambda: False, lambda *_: None, go_on, begin,
    )  # fmt: skip
    by_step = mean_iou_by_step(found.refiner, [scored], [scored.labels], STEPS, CPU)
    return {"by_step": by_step, "best_step": found.best_step, "beats_before": found.beats_before}


def main() -> None:
    """Measure what is missing, and write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("--seeds", type=int, nargs="*", default=[0, 1])
    options.add_argument("--threads", type=int, help="cores to use")
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    devices.use_all_cores()
    if given.threads:
        torch.set_num_threads(given.threads)
    lines = ["| scene | taught, px | coarse map | refiner that ships | fresh | shipped one taught on | seeds |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    gains = []
    for name in SCENES:
        with environment():
            taught, scored = parts(given.data, name)
        before = mean_iou_by_step(load_refiner(SHIPPED)[0], [scored], [scored.labels], STEPS, CPU)
        results: dict[str, list[float]] = {"fresh": [], "on": []}
        for seed in given.seeds:
            for how, begin in (("fresh", ""), ("on", str(SHIPPED))):
                path = given.folder / f"{name}.{how}.{seed}.json"
                if not path.exists():
                    path.write_text(json.dumps(one(taught, scored, seed, begin, given.folder)), encoding="utf-8")
                found = json.loads(path.read_text(encoding="utf-8"))
                results[how].append(found["by_step"][STEPS])
                print(name, how, seed, [round(value, 3) for value in found["by_step"]], flush=True)
        gains += [on - fresh for fresh, on in zip(results["fresh"], results["on"], strict=True)]
        rows, columns = taught.labels.shape
        figures = [f"{100 * value:.1f}" for value in (before[0], before[STEPS])]
        figures += [", ".join(f"{100 * value:.1f}" for value in results[how]) for how in ("fresh", "on")]
        lines.append(f"| {name} | {rows} x {columns} | {' | '.join(figures)} | {', '.join(map(str, given.seeds))} |")
    about = (
        f"Mean IoU in per cent after five steps of the extended refiner at {PIXEL_M} m, on the part right of "
        f"{SCORED:.0%} of the width; the part left of {TAUGHT:.0%} is taught, as long in both cases. The sites but "
        "Banepa have labels of buildings alone, so their roads count as background. The shipped refiner has seen none "
        f"of what is scored. Going on is ahead by {100 * float(np.mean(gains)):.1f} in the mean of the pairs, and in "
        f"{sum(gain > 0 for gain in gains)} of {len(gains)}."
    )
    write_page("going_on", "Teaching on from the refiner that ships", "benchmarks/going_on.py", about, "\n".join(lines))


if __name__ == "__main__":
    main()
