"""The spectral coarse models on pixels of four scenes; no region is in both the training and the test part.

    .venv/worker/bin/python -m benchmarks spectral --data FOLDER [--seeds 0 1] [--updates 150]

The page also shows the speed of the recurrent cells, after `python -m benchmarks recurrent_cell` has been run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.coarse.spectral.recurrent import GRUTanh
from map_refiner.models.coarse.spectral.samples import SpectralSamples, hold_out_parts
from map_refiner.models.io.matlab import read_array
from map_refiner.models.metrics.pixels import confusion
from map_refiner.models.refine.opinion_pool import OpinionPool
from map_refiner.models.scene.spectral_examples import regions

from ..harness import Benchmark, Cell, Option, Page, Results, Settings, Values, markdown_table, read_results
from .spectra_runs import FIXED_UPDATES, SPECTRAL, evaluate, figures, spread, standardise, summary, train

MOST_PER_CLASS = 200  # training pixels, as in the papers (50 to 300)
TEST_TILES = 4
POOLED = "crnn"


@dataclass(frozen=True)
class Split:
    """Training pixels, test pixels, and test maps for pooling: (image (bands, rows, columns), labels) pairs."""

    training: SpectralSamples
    spectra: np.ndarray
    labels: np.ndarray
    classes: int
    maps: list[tuple[np.ndarray, np.ndarray]]


def enmap(folder: Path, seed: int) -> Split:
    """Split the tiles of Potsdam; bands and pixels without data are omitted."""
    cubes, truths = [], []
    for path in sorted((folder / "enmap_potsdam" / "images").glob("*.tif")):
        with rasterio.open(path) as image, rasterio.open(str(path).replace("images", "labels")) as labels:
            cube, truth = image.read(), labels.read(1).astype(np.int64) - 1
        good = (cube != -32768).any(axis=(1, 2))
        truth[(cube[good] == -32768).any(axis=0)] = -1
        cubes.append(cube[good])
        truths.append(np.where(truth < 0, UNLABELLED, truth).astype(np.uint8))
    order = np.random.default_rng(seed).permutation(len(cubes))
    tests, learns = order[:TEST_TILES], order[TEST_TILES:]
    known = [cubes[n][:, truths[n] != UNLABELLED].T for n in range(len(cubes))]
    named = [truths[n][truths[n] != UNLABELLED] for n in range(len(cubes))]
    tile = [np.full(len(each), n, dtype=np.int32) for n, each in enumerate(named)]
    learn, test = (np.concatenate([known[n] for n in part]) for part in (learns, tests))
    labels, parts = (np.concatenate([each[n] for n in learns]) for each in (named, tile))
    mean, std = learn.mean(axis=0)[:, None, None], learn.std(axis=0)[:, None, None]
    maps = [(np.clip((cubes[n] - mean) / std, -5, 5).astype(np.float32), truths[n]) for n in tests]
    first, second = standardise(learn, test)
    return Split(
        thin_out(SpectralSamples(first, labels, parts), seed),
        second,
        np.concatenate([named[n] for n in tests]),
        6,
        maps,
    )


def salinas(folder: Path, seed: int) -> Split:
    """Split Salinas-A by blocks of its fields."""
    cube = read_array(folder / "SalinasA_corrected.mat", "").astype(np.float32).transpose(2, 0, 1)
    truth = read_array(folder / "SalinasA_gt.mat", "")
    labels = (np.searchsorted(np.unique(truth), truth) - 1).astype(np.uint8)  # 0, unlabelled, becomes 255
    return by_region(cube, labels, seed, whole=True)


def scattered_pixels(name: str, field: str) -> Callable[[Path, int], Split]:
    """Return a function that splits scattered pixels by the regions they form."""

    def split(folder: Path, seed: int) -> Split:
        found = np.load(folder / name)
        rows, columns = found["row"].astype(int), found["col"].astype(int)
        cube = np.zeros((found["X"].shape[1], rows.max() + 1, columns.max() + 1), dtype=np.float32)
        labels = np.full(cube.shape[1:], UNLABELLED, dtype=np.uint8)
        cube[:, rows, columns] = found["X"].T
        labels[rows, columns] = found[field] - 1
        return by_region(cube, labels, seed, whole=False)

    return split


SPLITS: dict[str, Callable[[Path, int], Split]] = {
    "EnMAP Potsdam": enmap,
    "Salinas-A": salinas,
    "Houston": scattered_pixels("houston2013_spectra.npz", "y"),
    "Indian Pines": scattered_pixels("indian_pines_train_695.npz", "y_hong"),
}


def by_region(cube: np.ndarray, labels: np.ndarray, seed: int, whole: bool) -> Split:
    """Split the labelled pixels of a scene by connected region."""
    known = labels != UNLABELLED
    every = SpectralSamples(cube[:, known].T, labels[known], regions(labels)[known])
    learn, held_out = hold_out_parts(every, seed)
    first, second, everything = standardise(
        every.spectra[learn], every.spectra[held_out], cube.reshape(len(cube), -1).T
    )
    truth = np.full(labels.shape, UNLABELLED, dtype=np.uint8)
    places = np.flatnonzero(known)[held_out]
    truth.ravel()[places] = every.labels[held_out]
    maps = [(everything.T.reshape(cube.shape), truth)] if whole else []
    taken = thin_out(SpectralSamples(first, every.labels[learn], every.parts[learn]), seed)
    return Split(taken, second, every.labels[held_out], int(every.labels.max()) + 1, maps)


def thin_out(pixels: SpectralSamples, seed: int) -> SpectralSamples:
    """Keep at most `MOST_PER_CLASS` pixels per class."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(pixels.labels))
    chosen = np.concatenate([order[pixels.labels[order] == k][:MOST_PER_CLASS] for k in np.unique(pixels.labels)])
    chosen.sort()
    return SpectralSamples(pixels.spectra[chosen], pixels.labels[chosen], pixels.parts[chosen])


def run(settings: Settings, cell: Cell) -> Values:
    """Train and evaluate a model kind on a scene."""
    split = SPLITS[cell.scene](settings.data / "hyperspectral", cell.seed)
    dropout = cell.scene == "Indian Pines"  # as in the paper
    updates = FIXED_UPDATES.get(cell.kind, settings.options.updates)
    net, facts = train(
        cell.kind, split.classes, pixels=split.training, updates=updates, seed=cell.seed, dropout=dropout
    )
    values = {**facts, **evaluate(net, split.spectra, split.labels, split.classes)}
    values["training_pixels"] = len(split.training.labels)
    if cell.kind == POOLED and split.maps:
        values["pooled_oa"] = pooled_accuracy(net, split)
    return values


def pooled_accuracy(net: Any, split: Split) -> float:
    """Return the OA after one step of the opinion pool with its default window of 3 x 3 pixels."""
    counts = np.zeros((split.classes, split.classes), dtype=np.int64)
    pool = OpinionPool(split.classes, split.spectra.shape[1])
    for image, labels in split.maps:
        scores = net.scores(torch.from_numpy(image)[None])[0]
        with torch.inference_mode():
            after = pool.step(scores, pool.prepare(torch.from_numpy(image), scores, WHOLE), WHOLE, 0)
        counts += confusion(labels, after.argmax(dim=0).numpy().astype(np.uint8), split.classes)
    return float(figures(counts)["oa"])


def scene_table(results: Results, scene: str) -> str:
    """Return the figures of all model kinds on one scene."""
    rows = []
    for kind in results.kinds(scene):
        runs = list(results.by_seed(scene, kind).values())
        column = {key: [run[key] for run in runs] for key in ("oa", "aa", "kappa", "seconds", "pixels_a_second")}
        losses = [run["loss"] for run in runs if run["loss"] is not None and kind not in ("random-forest", "svm-rbf")]
        diverged = sum(run["diverged"] is not None for run in runs)
        loss = (spread(losses, 1, 3) if losses else "-") + (f", {diverged} diverged" if diverged else "")
        times = f"{np.mean(column['seconds']):.0f}", f"{np.mean(column['pixels_a_second']):,.0f}"
        accuracy = spread(column["oa"]), spread(column["aa"]), spread(column["kappa"], 1, 3)
        rows.append([kind, f"{runs[0]['weights']:,}", *times, *accuracy, loss, str(len(runs))])
    heads = ["kind", "weights", "training, s", "pixels per second", "OA", "AA", "kappa", "loss", "seeds"]
    return markdown_table(heads, rows)


def claims(results: Results) -> str:
    """Return the claims of the papers with the results of this benchmark."""
    lines = ["## The papers' claims on these scenes", ""]
    for name in results.scenes():
        tanh = results.by_seed(name, GRUTanh.kind)
        pairs = [(run, tanh[seed]) for seed, run in results.by_seed(name, "gru-pretanh").items() if seed in tanh]
        if pairs:
            lower = sum(one["loss"] < other["loss"] for one, other in pairs)
            lines.append(f"- {name}: PRetanh ends at a lower loss than tanh in {lower} of {len(pairs)} runs.")
        relu = results.by_seed(name, "gru-relu").values()
        if relu:
            diverged = sum(run["diverged"] is not None for run in relu)
            worst = max(run["worst_loss"] or 0.0 for run in relu)
            text = f"ReLU at a rate of 1.0 diverges in {diverged} of {len(relu)} runs; its highest loss is {worst:.1f}."
            lines.append(f"- {name}: {text}")
        pools = [run for run in results.by_seed(name, POOLED).values() if "pooled_oa" in run]
        if pools:
            before, after = ([run[key] for run in pools] for key in ("oa", "pooled_oa"))
            lines.append(
                f"- {name}: the opinion pool changes the OA of {POOLED} from {spread(before)} to {spread(after)}."
            )
    return "\n".join(lines) if len(lines) > 2 else ""


def cell_speed(settings: Settings) -> str:
    """Return the speed of the hand-written cells, or "" if `recurrent_cell` has no results."""
    for values in read_results(settings.results / "recurrent_cell").values():
        ratios = ", ".join(f"{kind} {ratio:.2f}" for kind, ratio in values["ratios"].items())
        return (
            "## Speed of the recurrent cells compared with torch's GRU\n\n"
            "Time of a forward and backward pass over 4096 pixels of 144 bands, relative to `torch.nn.GRU` of the same "
            f"size; median of alternating runs on {values['threads']} thread (`python -m benchmarks recurrent_cell`): "
            f"{ratios}."
        )
    return ""


def table(settings: Settings, results: Results) -> Page:
    """Return the page of figures by scene, the papers' claims, and the speed of the cells."""
    others = ", ".join(f"{kind} {count}" for kind, count in FIXED_UPDATES.items())
    about = (
        f"At most {MOST_PER_CLASS} pixels per class are used for training. A quarter of them, separated by region, is "
        f"held out to choose the weights. The test data are {TEST_TILES} of the 14 tiles of EnMAP; in the other "
        "scenes, a quarter of the regions of each class (on Salinas-A, where a class is one field, adjacent blocks of "
        "it). Each seed has its own split.\n\n"
        f"- Updates: the recurrent kinds {settings.options.updates}, of 128 pixels each (the default is 600); "
        f"{others}.\n"
        "- The learning rates are those of the sources: Adadelta at 1.0 for the recurrent kinds, with dropout on "
        "Indian Pines only. Unlike in the paper, the gates are open at the start: with the paper's initial values, "
        "training over 218 bands diverges, also with PRetanh.\n"
        "- OA and AA are per cent; mean and standard deviation over the seeds. The loss is the mean of the last twenty "
        "updates.\n"
        "- Weights of random forests and support vector machines are the stored numbers.\n"
        "- The machine was shared with other work, so the times only show which kinds are slow.\n"
        "- Houston and Indian Pines are the official training pixels only, so these figures are not those of the "
        "published protocol. `python -m benchmarks published_protocol` runs that protocol if you have the cubes.\n"
        "- Kinds that are not listed are not measured."
    )
    parts = []
    for scene in results.scenes():
        parts += [f"## {scene}", scene_table(results, scene)]
    return Page(about, "\n\n".join(filter(None, [*parts, claims(results), cell_speed(settings)])))


BENCHMARK = Benchmark(
    name="spectral",
    title="Accuracy of the spectral coarse models",
    run=run,
    table=table,
    scenes=tuple(SPLITS),
    kinds=SPECTRAL,
    seeds=(0, 1, 2, 3, 4),
    options=(Option("updates", 600, "updates of the recurrent kinds"),),
    summary=summary,
)
