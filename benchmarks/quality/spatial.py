"""The coarse models with spatial context on real scenes, before and after five steps of the default refiner.

    .venv/worker/bin/python -m benchmarks spatial --data FOLDER [--scenes gsi_roads zanzibar_b]

Each coarse model is trained on the imprecise labels of a scene; the refiner is trained on a part with accurate labels
and scored on another part, as in the refiners benchmark. The levels of LRR are also scored within bands along the
outlines (a trimap).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from map_refiner.models.arrays.score_maps import Labels, Scores
from map_refiner.models.coarse.lrr import LRR
from map_refiner.models.coarse.model import Pyramid
from map_refiner.models.coarse.multi_scale import MultiScale
from map_refiner.models.coarse.registry import COARSE_CLASSES, COARSE_TRAINERS
from map_refiner.models.coarse.train_patches import TrainingImage, TrainingOptions
from map_refiner.models.metrics.pixels import ConfusionAccuracy, trimap_confusion

from ..harness import Benchmark, Cell, Option, Page, Results, Settings, Values, markdown_table
from ..scenes import CPU, SCENES, LabelledScene, coarse_logits, load_scene, split_tiles
from .refiners import evaluate_steps, train_and_evaluate

REFINER = "extended"
SIMPLE = ("fcn", "fcn-32s", "fcn-16s", "fcn-8s", "lenet")
VARIANTS = {  # LRR variants: boundary masks, loss of dilation and erosion
    "lrr": (True, True),
    "lrr, unmasked": (False, True),
    "lrr, no edge loss": (True, False),
    "lrr, plain": (False, False),
}
REFINED = (*SIMPLE, "lrr")
SMOOTHED = ("lrr",)  # also smoothed by a dense CRF, as in its paper
SCALES = "several scales"
WIDTHS = (1, 2, 4, 8, 16, 32)  # trimap widths in pixels


def make(kind: str, classes: int) -> Any:
    """Return an untrained coarse model."""
    return LRR(classes, 3, *VARIANTS[kind]) if kind in VARIANTS else COARSE_CLASSES[kind](classes, 3)


def train(scene: LabelledScene, kind: str, updates: int, seed: int) -> tuple[Any, float]:
    """Train a coarse model on the imprecise labels of a scene; return it with the processor seconds."""
    torch.manual_seed(seed)
    net = make(kind, len(scene.classes))
    images = [TrainingImage(picture.image, picture.imprecise) for picture in scene.pictures]
    train_kind = COARSE_TRAINERS[LRR.kind if kind in VARIANTS else kind]
    started = time.process_time()  # total of all cores, independent of other load on the machine
    for _ in train_kind(net, images, TrainingOptions(updates, seed), CPU):
        pass
    return net.eval(), time.process_time() - started


def run(settings: Settings, cell: Cell) -> Values:
    """Train a coarse model and evaluate its map; train the refiner on that map and evaluate the refined map."""
    scene, kind, refine = load_scene(settings, cell.scene), cell.kind, not settings.options.no_refiner
    net, seconds = train(scene, kind, settings.options.updates, cell.seed)
    training, scored = split_tiles(scene, [coarse_logits(net, picture.image) for picture in scene.pictures])
    values: Values = {
        "seconds": seconds,
        "weights": sum(weight.numel() for weight in net.parameters()),
        "coarse": evaluate_steps(scored, [[torch.from_numpy(tile.scores)] for tile in scored])["0"],
    }
    if refine and kind in REFINED:
        values["refined"] = train_and_evaluate(REFINER, training, scored, cell.seed)["steps"]["5"]
    if refine and kind in SMOOTHED:
        values["crf"] = train_and_evaluate("crf", training, scored, cell.seed)["steps"]["5"]
    if kind in VARIANTS:
        values["trimap"] = trimaps(net, scene)
    return values


def trimaps(net: LRR, scene: LabelledScene) -> dict[str, list[float]]:
    """Return the mean IoU of each level within bands along the true outlines, by width."""
    pyramid = cast(Pyramid, net)  # mypy requires the mutable `coarser` to match exactly
    names, whole = (*net.coarser, "4x", SCALES), (slice(None), slice(None))
    counts = {name: np.zeros((len(WIDTHS), net.classes, net.classes), dtype=np.int64) for name in names}
    for picture, (_, score) in zip(scene.pictures, scene.splits, strict=True):
        truth = picture.labels[:, score]
        if truth.size:
            levels = [*class_levels(pyramid, picture.image), class_levels(MultiScale(pyramid), picture.image)[-1]]
            for name, level in zip(names, levels, strict=True):
                counts[name] += trimap_confusion(truth, level[:, score], net.classes, whole, WIDTHS)
    classes = tuple(map(str, range(net.classes)))
    return {name: [ConfusionAccuracy(classes, each).mean_iou for each in found] for name, found in counts.items()}


def class_levels(net: Pyramid, image: Scores) -> list[Labels]:
    """Return the class indices of an image at every level, the coarsest first."""
    rows, columns = image.shape[1:]
    after = [-(-size // net.stride) * net.stride - size + net.halo for size in (rows, columns)]
    padded = np.pad(image, ((0, 0), (net.halo, after[0]), (net.halo, after[1])), mode="reflect")
    levels = net.pyramid(torch.from_numpy(padded)[None])
    return [level[0, :, :rows, :columns].argmax(dim=0).numpy().astype(np.uint8) for level in levels]


def percent(values: Sequence[float]) -> str:
    """Return the mean of the fractions in per cent."""
    return f"{100 * float(np.mean(values)):.1f}" if values else "-"


def summary(values: Values) -> str:
    """Return the mean IoU of the coarse map."""
    return f"mean IoU of the coarse map {values['coarse']['mean_iou']:.3f}"


def scene_table(results: Results, scene: str) -> str:
    """Return the figures of every model kind on one scene."""
    heads = [
        "kind",
        "weights",
        "training, s",
        "mean IoU",
        "at 2 px",
        "refined",
        "at 2 px",
        "after the CRF",
        "at 2 px",
        "seeds",
    ]
    rows = []
    for kind in results.kinds(scene):
        runs = list(results.by_seed(scene, kind).values())
        cells = [
            percent([run[when][what] for run in runs if when in run])
            for when in ("coarse", "refined", "crf")
            for what in ("mean_iou", "boundary_iou_2px")
        ]
        seconds = np.mean([run["seconds"] for run in runs])
        rows.append([kind, f"{runs[0]['weights']:,}", f"{seconds:.0f}", *cells, str(len(runs))])
    return markdown_table(heads, rows)


def outline_table(results: Results, scene: str) -> str:
    """Return the accuracy of each LRR level along the true outlines, or "" if LRR has no results."""
    rows = []
    for kind in results.kinds(scene):
        runs = [run for run in results.by_seed(scene, kind).values() if "trimap" in run]
        for level in runs[0]["trimap"] if runs else ():
            columns = zip(*(run["trimap"][level] for run in runs), strict=True)
            rows.append([kind, level, *(percent(list(each)) for each in columns)])
    if not rows:
        return ""
    heads = ["LRR", "level", *(f"{width} px" for width in WIDTHS)]
    return f"Mean IoU within a distance of the true outlines:\n\n{markdown_table(heads, rows)}"


def table(settings: Settings, results: Results) -> Page:
    """Return the page of figures by scene, and of LRR along the outlines."""
    parts = []
    for scene in results.scenes():
        parts += [f"## {scene}", scene_table(results, scene), outline_table(results, scene)]
    about = (
        f"The coarse models are trained on imprecise labels in {settings.options.updates} updates. The default is 400, "
        "for `fcn` 600 and for `lenet` 1000. An update of `fcn` uses 16 patches of 64 px, one of the pyramids (FCN-8s "
        "and its variants, LRR) 8 patches of 96 px. The pyramids have their small backbone.\n\n"
        "Values are the mean IoU, and the mean IoU within 2 px of the outlines, in per cent, on a part that was not "
        f"used for training: of the coarse map, and after 5 steps of the refiner `{REFINER}`, trained on the accurate "
        "labels of another part. For LRR the same is given after 5 steps of the dense CRF, tuned on those labels. The "
        "levels of LRR "
        'are those of its pyramid; "several scales" is the finest level at 0.6, 0.8 and 1 of the image\'s size '
        "together. "
        "Seconds are those of one core with other work on it. Kinds that are not listed, and dashes, are not measured."
    )
    return Page(about, "\n\n".join(filter(None, parts)))


BENCHMARK = Benchmark(
    name="spatial",
    title="Accuracy of the coarse models with spatial context",
    run=run,
    table=table,
    scenes=SCENES,
    usual_scenes=("banepa_south", "zanzibar_b", "gsi_roads"),
    kinds=(*SIMPLE, *VARIANTS),
    seeds=(0,),
    options=(
        Option("updates", 300, "updates of the coarse models"),
        Option("no_refiner", False, "evaluate the coarse maps only", changes_results=False),
    ),
    summary=summary,
)
