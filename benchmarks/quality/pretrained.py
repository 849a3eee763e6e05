"""A refiner trained on one labelled tile, from scratch or from the shipped weights: results by scene.

    .venv/worker/bin/python -m benchmarks pretrained --data FOLDER [--seeds 0 1]

The coarse map is from the shipped model, or from a two-class model trained on imprecise labels of the scene. The
shipped weights were trained on the left 60 % of Banepa, so its scored part lies further right.
"""

from __future__ import annotations

import numpy as np
import torch
from map_refiner.models.arrays.grid import Window
from map_refiner.models.arrays.score_maps import LOG_FLOOR, UNLABELLED
from map_refiner.models.pipelines.train_refiner import ModelInfo, train_refiner
from map_refiner.models.refine.refiner import Refiner
from map_refiner.models.refine.training.held_out import mean_iou_by_step
from map_refiner.models.refine.training.samples import LabelledTile
from map_refiner.models.scene.labels import raster_labels
from map_refiner.models.scene.scene import Scene
from map_refiner.models.tiling.classify_tile import score_window
from map_refiner.models.weights.checkpoint import load_coarse
from map_refiner.models.weights.pretrained import load_pretrained

from ..harness import Benchmark, Cell, Page, Results, Settings, Values, markdown_table
from ..scenes import CPU, SHIPPED_COARSE, SHIPPED_REFINER, load_scene, tiles_with_coarse_maps

CLASSES = ("background", "building", "road")
PIXEL_M = 0.5
TRAINING, SCORED = 0.45, 0.62  # fractions of the width: end of the training part, start of the scored part
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
    f"{name}, own coarse model": name for name in ("kampala_a", "zanzibar_a", "zanzibar_b", "epfl_roads")
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
    """Train a refiner as the product does, from a weights file or from scratch."""
    path = str(settings.work_folder("trained") / "refiner.safetensors")
    about = ModelInfo(classes, PIXEL_M, "a tile")
    return train_refiner(
        "extended",
        tiles,
        about,
        updates=None,
        seed=seed,
        path=path,
        device=CPU,
        stop=lambda: False,
        report=lambda *_: None,
        pretrained=begin,
    ).refiner


def evaluate(refiner: Refiner, scored: Tiles) -> tuple[float, ...]:
    """Return the mean IoU on the scored tiles, by step."""
    return mean_iou_by_step(refiner, scored, [tile.labels for tile in scored], STEPS, CPU)


def run(settings: Settings, cell: Cell) -> Values:
    """Evaluate the shipped refiner, a refiner trained from scratch, and one fine-tuned from the shipped weights."""
    if cell.scene in SHIPPED_MODEL:
        training, scored = ([tile] for tile in tiles_with_shipped_coarse_map(settings, SHIPPED_MODEL[cell.scene]))
        classes: tuple[str, ...] = CLASSES
    else:
        name = OWN_MODEL[cell.scene]
        training, scored = tiles_with_coarse_maps(settings, name, cell.seed)
        classes = load_scene(settings, name).classes
    shipped = load_pretrained("extended", str(SHIPPED_REFINER), classes, 3, CPU)[0]
    return {
        "shipped": evaluate(shipped, scored),
        "scratch": evaluate(train(classes, training, cell.seed, "", settings), scored),
        "pretrained": evaluate(train(classes, training, cell.seed, str(SHIPPED_REFINER), settings), scored),
    }


def summary(values: Values) -> str:
    """Return the mean IoU of each refiner after the last step."""
    return ", ".join(f"{name} {by_step[STEPS]:.3f}" for name, by_step in values.items())


def table(settings: Settings, results: Results) -> Page:
    """Return a page of each refiner's mean IoU, by scene."""
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
        for name, text in (("scratch", "from scratch"), ("pretrained", "from the shipped weights"))
    )
    about = (
        f"Mean IoU in per cent after {STEPS} steps of the extended refiner, one value per seed, on pixels that are not "
        f"in the training part. With the shipped coarse model, the refiner is trained on the left {TRAINING:.0%} of "
        f"the width and scored right of {SCORED:.0%}. With the scene's own coarse model, the parts are those of [the "
        "accuracy of the refiners](refiners.md).\n\n"
        "Most sites have labels of buildings only. The shipped coarse model knows roads as well, and these count as "
        "background. For coarse models of two classes, the weights of the third class are removed from the shipped "
        "refiner. Both trainings take the same time.\n\n"
        f"Training from the shipped weights is ahead by {100 * float(np.mean(gains)):.1f} on average and in "
        f"{sum(gain > 0 for gain in gains)} of {len(gains)} pairs; at worst it is {-100 * min(gains):.1f} behind. Mean "
        f"over all pairs at steps 0 to {STEPS}: {by_step}."
    )
    return Page(
        about,
        markdown_table(
            [
                "scene and coarse map",
                "coarse map",
                "shipped refiner",
                "trained from scratch",
                "trained from the shipped weights",
            ],
            rows,
        ),
    )


BENCHMARK = Benchmark(
    name="pretrained",
    title="Training from the shipped weights compared with training from scratch",
    run=run,
    table=table,
    scenes=(*SHIPPED_MODEL, *OWN_MODEL),
    seeds=(0, 1),
    summary=summary,
)
