"""Teaching a fresh refiner, or the one that ships on, on maps of the coarse model that ships, scene by scene.

    .venv/worker/bin/python benchmarks/going_on.py ../shared/data build/going_on build/refiners [--seeds 0]

With coarse nets of the scenes' own it is what benchmarks/refiners.py measured, with the option `--kinds extended
extended-fresh faithful`, in the second folder. Of Banepa the
shipped coarse model knows the left 60 %, so what is scored begins beyond. What is done is kept in the folder.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from map_refiner.models import device as devices
from map_refiner.models.borders import WHOLE
from map_refiner.models.checkpoint import load_coarse, load_refiner
from map_refiner.models.coarse.model import score_window
from map_refiner.models.labels import raster_labels
from map_refiner.models.lessons import About, teach_refiner
from map_refiner.models.metrics import Accuracy, confusion
from map_refiner.models.rasters.reading import environment
from map_refiner.models.refine.lesson import LabelledTile
from map_refiner.models.refine.refiner import Refiner
from map_refiner.models.refine.run import refine
from map_refiner.models.scene import Scene
from map_refiner.models.score_maps import LOG_FLOOR, UNLABELLED, Window
from record import write_page
from refiner_tables import against, by_place, read, recommended, stepping_on
from refiner_tables import by_step as by_step_table

WEIGHTS = Path(__file__).resolve().parents[1] / "resources" / "weights"
SHIPPED = next(WEIGHTS.glob("refiner*.safetensors"))
CLASSES = ("background", "building", "road")
PIXEL_M = 0.5
TAUGHT, SCORED = 0.45, 0.62  # of the width: where the taught part ends and the scored one begins
STEPS = 5
HOW = ("shipped", "fresh", "on")
KINDS = ("extended", "extended-fresh", "faithful")  # of benchmarks/refiners.py
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


def taught_refiner(taught: LabelledTile, seed: int, begin: str, folder: Path) -> Refiner:
    """Teach a refiner as the product does."""
    path = str(folder / "refiner.safetensors")
    about = About(CLASSES, PIXEL_M, "a tile")
    return teach_refiner(
        "extended", [taught], about, None, seed, path, CPU, lambda: False, lambda *_: None, begin=begin
    ).refiner


def scores_of(refiner: Refiner, scored: LabelledTile) -> tuple[float, ...]:
    """Return the mean IoU by step on what is scored; a class that the labels do not know is background."""
    last = int(scored.labels[scored.labels != UNLABELLED].max())
    scores, image = torch.from_numpy(scored.scores), torch.from_numpy(scored.image)
    found = []
    for maps in [scores, *refine(refiner, scores, image, WHOLE, STEPS)]:
        predicted = maps.argmax(0).to(torch.uint8).numpy()
        predicted = np.where(predicted > last, 0, predicted).astype(np.uint8)
        found.append(Accuracy(CLASSES, confusion(scored.labels, predicted, len(CLASSES))).mean_iou)
    return tuple(found)


def main() -> None:
    """Measure what is missing, and write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("refiners", type=Path, help="the folder of benchmarks/refiners.py")
    options.add_argument("--seeds", type=int, nargs="*", default=[0])
    options.add_argument("--threads", type=int, help="cores to use")
    options.add_argument("--only-write", action="store_true", help="write the page of what is there")
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    devices.use_all_cores()
    if given.threads:
        torch.set_num_threads(given.threads)
    if not given.only_write:
        measure(given.data, given.folder, given.seeds)
    paths = {name: [kept(given.folder, name, seed) for seed in given.seeds] for name in SCENES}
    write({name: [json.loads(path.read_text(encoding="utf-8")) for path in each if path.exists()]
           for name, each in paths.items()}, given.refiners)  # fmt: skip


def kept(folder: Path, name: str, seed: int) -> Path:
    """Return the file that holds what was measured."""
    return folder / f"{name}.{seed}.json"


def measure(data: Path, folder: Path, seeds: Sequence[int]) -> None:
    """Measure what is not measured yet."""
    for seed in seeds:
        for name in SCENES:
            path = kept(folder, name, seed)
            if path.exists():
                continue
            with environment():
                taught, scored = parts(data, name)
            found = {"shipped": scores_of(load_refiner(SHIPPED, CPU)[0], scored)}
            for how, begin in (("fresh", ""), ("on", str(SHIPPED))):
                found[how] = scores_of(taught_refiner(taught, seed, begin, folder), scored)
            path.write_text(json.dumps(found), encoding="utf-8")
            print(name, seed, *(f"{how} {found[how][STEPS]:.3f}" for how in found), flush=True)


def write(results: dict[str, list[dict[str, list[float]]]], refiners: Path) -> None:
    """Write the page."""
    lines = ["| scene | coarse map | refiner that ships | fresh | gone on |", "|---|---|---|---|---|"]
    gains = []
    for name, runs in results.items():
        gains += [run["on"][STEPS] - run["fresh"][STEPS] for run in runs]
        columns = [[run["fresh"][0] for run in runs], *([run[how][STEPS] for run in runs] for how in HOW)]
        lines.append(
            f"| {name} | " + " | ".join(", ".join(f"{100 * value:.1f}" for value in each) for each in columns) + " |"
        )
    steps = {how: np.mean([run[how] for runs in results.values() for run in runs], axis=0) for how in HOW[1:]}
    by_step = "; ".join(
        f"{said} " + " ".join(f"{100 * value:.1f}" for value in steps[how])
        for how, said in (("fresh", "fresh"), ("on", "gone on"))
    )
    about = (
        f"Mean IoU in per cent after {STEPS} steps of the extended refiner, a figure a seed, on maps of the coarse "
        f"model that ships: taught left of {TAUGHT:.0%} of the width, scored right of {SCORED:.0%}. But for Banepa the "
        "labels know buildings alone: roads count as background, in what is taught and what is scored. Both teachings "
        "take as long. "
        f"Going on differs by {100 * float(np.mean(gains)):+.1f} in the mean, is ahead in "
        f"{sum(gain > 0 for gain in gains)} of {len(gains)} pairs, at best by {100 * max(gains):.1f}, and at worst "
        f"{-100 * min(gains):.1f} behind. Steps 0 to {STEPS} in the mean: {by_step}."
    )
    own = {key: runs for key, runs in read(refiners).items() if key[0] in ("coarse", *KINDS)}
    lines += [
        "", "## With a coarse net of the scene's own", "",
        "The scenes, parts and seeds of [the tables](refiners_measured.md), beside the faithful refiner. The one "
        "that ships has learnt from the taught half of Banepa south, the pictures of GSI that are not scored, and "
        "synthetic scenes of other seeds, and from nothing of the other four.",
        "", "Mean IoU:", "", by_place(own, "mean_iou"), "",
        "Boundary IoU, 2 px:", "", by_place(own, "boundary_iou_2px"), "", against(own), "",
        by_step_table(own, "mean_iou"), "", stepping_on(own), "", recommended(own),
    ]  # fmt: skip
    write_page("going_on", "Teaching on from the refiner that ships", "benchmarks/going_on.py", about, "\n".join(lines))


if __name__ == "__main__":
    main()
