"""A refiner trained from scratch, or from the shipped weights, on one labelled tile: the result scene by scene.

    .venv/worker/bin/python -m benchmarks pretrained --data FOLDER [--seeds 0 1]

The coarse map is that of the shipped model, or of a model of two classes that was trained on imprecise labels of the
scene. The shipped weights were trained on the left 60 % of Banepa, so its scored part lies further right.
"""

from __future__ import annotations

import numpy as np
import torch
from map_refiner.models.beginning import begun
from map_refiner.models.checkpoint import load_coarse
from map_refiner.models.coarse.model import score_window
from map_refiner.models.labels import raster_labels
from map_refiner.models.lessons import About, teach_refiner
from map_refiner.models.refine.lesson import LabelledTile, mean_iou_by_step
from map_refiner.models.refine.refiner import Refiner
from map_refiner.models.scene import Scene
from map_refiner.models.score_maps import LOG_FLOOR, UNLABELLED, Window

from ..harness import Benchmark, Cell, Page, Results, Settings, Values, markdown_table
from ..scenes import CPU, SHIPPED_COARSE, SHIPPED_REFINER, load_scene, tiles_with_coarse_maps

CLASSES = ("background", "building", "road")
PIXEL_M = 0.5
TRAINING, SCORED = 0.45, 0.62  # of the width: the end of the training part and the start of the scored part
STEPS = 5
Tiles = list[LabelledTile]
FILES = {
    "banepa_south": ("banepa/south_rgb.tif", "banepa/south_label.tif"),
    **{
        name: (f"aerial_sites/{name}_rgb.tif", f"aerial_sites/{name}_label.tif")
        for name in ("catanduanes_a", "kampala_a", "zanzibar_a", "zanzibar_b")
    },
}
SHIPPED_MODEL = {f"{name}, shipped coarse model": name for name in FILES}
OWN_MODEL = {  # scenes that the shipped refiner was not trained on
    f"{name}, coarse net of its own": name for name in ("kampala_a", "zanzibar_a", "zanzibar_b", "epfl_roads")
}


def tiles_with_shipped_coarse_map(settings: Settings, name: str) -> tuple[LabelledTile, LabelledTile]:
    """Return the training tile and the scored tile of a scene, with the coarse map of the shipped model."""
    image_path, label_path = (settings.data / path for path in FILES[name])
    net, _ = load_coarse(SHIPPED_COARSE, CPU)
    with Scene(image_path, pixel_size=PIXEL_M) as scene:
        whole = Window(0, 0, scene.grid.height, scene.grid.width)
        image, valid = scene.read(whole)
        labels = np.where(valid, raster_labels(str(label_path), scene.grid), UNLABELLED).astype(np.uint8)
        logits = torch.from_numpy(score_window(net, scene, whole, CPU))
    scores = torch.log_softmax(logits, 0).clamp_min(np.log(LOG_FLOOR)).numpy()
    width = labels.shape[1]
    sides = slice(0, round(TRAINING * width)), slice(round(SCORED * width), width)
    training, scored = (LabelledTile(scores[..., side], image[..., side], labels[..., side]) for side in sides)
    return training, scored


def train(classes: tuple[str, ...], tiles: Tiles, seed: int, begin: str, settings: Settings) -> Refiner:
    """Train a refiner as the product does, from a file of weights or from scratch."""
    path = str(settings.work_folder("trained") / "refiner.safetensors")
    about = About(classes, PIXEL_M, "a tile")
    return teach_refiner(
        "extended", tiles, about, None, seed, path, CPU, lambda: False, lambda *_: None, begin=begin
    ).refiner


def evaluate(refiner: Refiner, scored: Tiles) -> tuple[float, ...]:
    """Return the mean IoU by step on the scored tiles."""
    return mean_iou_by_step(refiner, scored, [tile.labels for tile in scored], STEPS, CPU)


def run(settings: Settings, cell: Cell) -> Values:
    """Evaluate the shipped refiner, one trained from scratch, and one trained from the shipped weights."""
    if cell.scene in SHIPPED_MODEL:
        training, scored = ([tile] for tile in tiles_with_shipped_coarse_map(settings, SHIPPED_MODEL[cell.scene]))
        classes: tuple[str, ...] = CLASSES
    else:
        name = OWN_MODEL[cell.scene]
        training, scored = tiles_with_coarse_maps(settings, name, cell.seed)
        classes = load_scene(settings, name).classes
    shipped = begun("extended", str(SHIPPED_REFINER), classes, 3, CPU)[0]
    return {
        "shipped": evaluate(shipped, scored),
        "scratch": evaluate(train(classes, training, cell.seed, "", settings), scored),
        "pretrained": evaluate(train(classes, training, cell.seed, str(SHIPPED_REFINER), settings), scored),
    }


def summary(values: Values) -> str:
    """Return the mean IoU of each refiner after the last step."""
    return ", ".join(f"{name} {by_step[STEPS]:.3f}" for name, by_step in values.items())


def table(settings: Settings, results: Results) -> Page:
    """Return the mean IoU of each refiner, scene by scene."""
    rows = []
    for scene in BENCHMARK.scenes:
        runs = results.by_seed(scene).values()
        if runs:
            columns = [[run["scratch"][0] for run in runs]]
            columns += [[run[name][STEPS] for run in runs] for name in ("shipped", "scratch", "pretrained")]
            rows.append([scene, *(", ".join(f"{100 * value:.1f}" for value in each) for each in columns)])
    gains = [values["pretrained"][STEPS] - values["scratch"][STEPS] for values in results.values()]
    by_step = "; ".join(
        f"{text} " + " ".join(f"{100 * v:.1f}" for v in np.mean([values[name] for values in results.values()], axis=0))
        for name, text in (("scratch", "fresh"), ("pretrained", "gone on"))
    )
    about = (
        f"Mean IoU in per cent after {STEPS} steps of the extended refiner, a figure a seed, on ground that is not "
        f"taught: with the coarse model that ships the part right of {SCORED:.0%} of the width, where that left of "
        f"{TRAINING:.0%} is taught; with a coarse net of its own, the parts of [the tables](refiners_measured.md). "
        "Sites have labels of buildings alone: with the shipped model, which knows roads, these count as background; "
        "with a net of two classes, the shipped refiner's weights for the third are left away. Both teachings take as "
        f"long. Going on is ahead by {100 * float(np.mean(gains)):.1f} in the mean, in "
        f"{sum(gain > 0 for gain in gains)} of {len(gains)} pairs; at worst it is {-100 * min(gains):.1f} behind. "
        f"Steps 0 to {STEPS} in the mean: {by_step}."
    )
    return Page(
        about, markdown_table(["scene and coarse map", "coarse map", "refiner that ships", "fresh", "gone on"], rows)
    )


BENCHMARK = Benchmark(
    name="pretrained",
    page="going_on",
    title="Teaching on from the refiner that ships",
    run=run,
    table=table,
    scenes=(*SHIPPED_MODEL, *OWN_MODEL),
    seeds=(0, 1),
    summary=summary,
)
