"""Teaching a fresh refiner, or the one that ships on: what an analyst gets of one labelled tile, scene by scene.

    .venv/worker/bin/python benchmarks/going_on.py ../shared/data build/going_on [--seeds 0 1] [--threads 1]

The coarse map is that of the model that ships, or of a net of two classes that learnt from imprecise labels of the
scene itself. Of Banepa the shipped weights know the left 60 %, so what is scored begins beyond. What is done is kept in
the folder.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from map_refiner.models import device as devices
from map_refiner.models.beginning import begun
from map_refiner.models.checkpoint import load_coarse
from map_refiner.models.coarse.model import score_window
from map_refiner.models.labels import raster_labels
from map_refiner.models.lessons import About, teach_refiner
from map_refiner.models.rasters.reading import environment
from map_refiner.models.refine.lesson import LabelledTile, mean_iou_by_step
from map_refiner.models.refine.refiner import Refiner
from map_refiner.models.scene import Scene
from map_refiner.models.score_maps import LOG_FLOOR, UNLABELLED, Window
from record import write_page
from scenes import places, prepared

WEIGHTS = Path(__file__).resolve().parents[1] / "resources" / "weights"
SHIPPED = next(WEIGHTS.glob("refiner*.safetensors"))
CLASSES = ("background", "building", "road")
PIXEL_M = 0.5
TAUGHT, SCORED = 0.45, 0.62  # of the width: where the taught part ends and the scored one begins
STEPS = 5
HOW = ("shipped", "fresh", "on")
OWN = ("kampala_a", "zanzibar_a", "zanzibar_b", "epfl_roads")  # of which the shipped refiner has seen nothing
Tiles = list[LabelledTile]
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


def taught_refiner(classes: tuple[str, ...], taught: Tiles, seed: int, begin: str, folder: Path) -> Refiner:
    """Teach a refiner as the product does."""
    path = str(folder / "refiner.safetensors")
    about = About(classes, PIXEL_M, "a tile")
    return teach_refiner(
        "extended", taught, about, None, seed, path, CPU, lambda: False, lambda *_: None, begin=begin
    ).refiner


def scores_of(refiner: Refiner, scored: Tiles) -> tuple[float, ...]:
    """Return the mean IoU by step on what is scored."""
    return mean_iou_by_step(refiner, scored, [tile.labels for tile in scored], STEPS, CPU)


def cases(data: Path, folder: Path, seed: int) -> Iterator[tuple[str, tuple[str, ...], Tiles, Tiles]]:
    """Yield the name of each scene, its classes, what is taught and what is scored."""
    for name in SCENES:
        with environment():
            taught, scored = parts(data, name)
        yield f"{name}, shipped coarse model", CLASSES, [taught], [scored]
    with environment():
        found = places(data, folder)
    for name in OWN:
        yield f"{name}, coarse net of its own", found[name].classes, *prepared(found[name], seed, folder, CPU)


def main() -> None:
    """Measure what is missing, and write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("--seeds", type=int, nargs="*", default=[0, 1])
    options.add_argument("--threads", type=int, help="cores to use")
    options.add_argument("--only-write", action="store_true", help="write the page of what is there")
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    devices.use_all_cores()
    if given.threads:
        torch.set_num_threads(given.threads)
    if not given.only_write:
        measure(given.data, given.folder, given.seeds)
    names = [*(f"{name}, shipped coarse model" for name in SCENES), *(f"{name}, coarse net of its own" for name in OWN)]
    paths = {name: [kept(given.folder, name, seed) for seed in given.seeds] for name in names}
    write({name: [json.loads(path.read_text(encoding="utf-8")) for path in each if path.exists()]
           for name, each in paths.items()})  # fmt: skip


def kept(folder: Path, name: str, seed: int) -> Path:
    """Return the file that holds what was measured."""
    return folder / f"{name.replace(', ', '.').replace(' ', '_')}.{seed}.json"


def measure(data: Path, folder: Path, seeds: Sequence[int]) -> None:
    """Measure what is not measured yet."""
    for seed in seeds:
        for name, classes, taught, scored in cases(data, folder, seed):
            path = kept(folder, name, seed)
            if path.exists():
                continue
            shipped = begun("extended", str(SHIPPED), classes, 3, CPU)[0]
            found = {"shipped": scores_of(shipped, scored)}
            for how, begin in (("fresh", ""), ("on", str(SHIPPED))):
                found[how] = scores_of(taught_refiner(classes, taught, seed, begin, folder), scored)
            path.write_text(json.dumps(found), encoding="utf-8")
            print(name, seed, *(f"{how} {found[how][STEPS]:.3f}" for how in found), flush=True)


def write(results: dict[str, list[dict[str, list[float]]]]) -> None:
    """Write the page."""
    lines = ["| scene and coarse map | coarse map | refiner that ships | fresh | gone on |", "|---|---|---|---|---|"]
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
        f"Mean IoU in per cent after {STEPS} steps of the extended refiner, a figure a seed, on ground that is not "
        f"taught: with the coarse model that ships the part right of {SCORED:.0%} of the width, where that left of "
        f"{TAUGHT:.0%} is taught; with a coarse net of its own, the parts of [the tables](refiners_measured.md). Sites "
        "have labels of buildings alone: with the shipped model, which knows roads, these count as background; with a "
        "net of two classes, the shipped refiner's weights for the third are left away. Both teachings take as long. "
        f"Going on is ahead by {100 * float(np.mean(gains)):.1f} in the mean, in {sum(gain > 0 for gain in gains)} of "
        f"{len(gains)} pairs; at worst it is {-100 * min(gains):.1f} behind. Steps 0 to {STEPS} in the mean: {by_step}."
    )
    write_page("going_on", "Teaching on from the refiner that ships", "benchmarks/going_on.py", about, "\n".join(lines))


if __name__ == "__main__":
    main()
