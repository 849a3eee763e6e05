"""The spectral coarse models on pixels of four scenes, which share no region with what was learnt from.

    .venv/worker/bin/python benchmarks/spectral.py ../shared/data/hyperspectral --seeds 2 --updates 150

What is done is kept in build/spectral: a second call goes on from there, and adds seeds. docs/spectral.md is written
anew at the end of each.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import torch
from map_refiner.models import device as devices
from map_refiner.models.borders import WHOLE
from map_refiner.models.coarse.recurrent import GRUTanh
from map_refiner.models.cubes import read_array
from map_refiner.models.metrics import confusion
from map_refiner.models.pixels import Pixels, hold_out_parts, regions
from map_refiner.models.refine.pool import OpinionPool
from map_refiner.models.score_maps import UNLABELLED
from record import write_page
from spectra_runs import SHORT, SPECTRAL, figures, kept, measure, spread, standardised, train  # first: threads

KEPT = Path("build/spectral")
MOST_A_CLASS = 200  # pixels to learn from, as in the sources (50 to 300)
TEST_TILES = 4
DATASETS = ("EnMAP Potsdam", "Salinas-A", "Houston", "Indian Pines")
POOLED = "crnn"
QUICKEST = ("random-forest", "cnn-1d", "svm-rbf", "crnn", "gru-pretanh", "gru-tanh", "gru-relu", "lstm",
            "gru-pretanh-shared")  # fmt: skip


@dataclass(frozen=True)
class Split:
    """What is learnt from, what is measured on, and maps to pool: (image (bands, rows, columns), labels) pairs."""

    learn: Pixels
    spectra: np.ndarray
    labels: np.ndarray
    classes: int
    maps: list[tuple[np.ndarray, np.ndarray]]


def enmap(folder: Path, seed: int) -> Split:
    """Split the tiles of Potsdam; bands and values that hold no data are left out."""
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
    first, second = standardised(learn, test)
    return Split(
        thinned(Pixels(first, labels, parts), seed), second, np.concatenate([named[n] for n in tests]), 6, maps
    )


def salinas(folder: Path, seed: int) -> Split:
    """Split Salinas-A by blocks of its fields."""
    cube = read_array(folder / "SalinasA_corrected.mat", "").astype(np.float32).transpose(2, 0, 1)
    truth = read_array(folder / "SalinasA_gt.mat", "")
    labels = (np.searchsorted(np.unique(truth), truth) - 1).astype(np.uint8)  # 0, which is none, becomes 255
    return by_region(cube, labels, seed, whole=True)


def pixels_of(name: str, field: str) -> Callable[[Path, int], Split]:
    """Return what splits scattered pixels by the regions that they form."""

    def split(folder: Path, seed: int) -> Split:
        found = np.load(folder / name)
        rows, columns = found["row"].astype(int), found["col"].astype(int)
        cube = np.zeros((found["X"].shape[1], rows.max() + 1, columns.max() + 1), dtype=np.float32)
        labels = np.full(cube.shape[1:], UNLABELLED, dtype=np.uint8)
        cube[:, rows, columns] = found["X"].T
        labels[rows, columns] = found[field] - 1
        return by_region(cube, labels, seed, whole=False)

    return split


SPLITS = dict(
    zip(
        DATASETS,
        (enmap, salinas, pixels_of("houston2013_spectra.npz", "y"), pixels_of("indian_pines_train_695.npz", "y_hong")),
        strict=True,
    )
)


def by_region(cube: np.ndarray, labels: np.ndarray, seed: int, whole: bool) -> Split:
    """Split the labelled pixels of a scene by connected region."""
    known = labels != UNLABELLED
    every = Pixels(cube[:, known].T, labels[known], regions(labels)[known])
    learn, held = hold_out_parts(every, seed)
    first, second, everything = standardised(every.spectra[learn], every.spectra[held], cube.reshape(len(cube), -1).T)
    truth = np.full(labels.shape, UNLABELLED, dtype=np.uint8)
    places = np.flatnonzero(known)[held]
    truth.ravel()[places] = every.labels[held]
    maps = [(everything.T.reshape(cube.shape), truth)] if whole else []
    taken = thinned(Pixels(first, every.labels[learn], every.parts[learn]), seed)
    return Split(taken, second, every.labels[held], int(every.labels.max()) + 1, maps)


def thinned(pixels: Pixels, seed: int) -> Pixels:
    """Keep at most `MOST_A_CLASS` pixels of a class."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(pixels.labels))
    chosen = np.concatenate([order[pixels.labels[order] == k][:MOST_A_CLASS] for k in np.unique(pixels.labels)])
    chosen.sort()
    return Pixels(pixels.spectra[chosen], pixels.labels[chosen], pixels.parts[chosen])


def one(folder: Path, name: str, kind: str, updates: int, seed: int) -> dict[str, Any]:
    """Train and measure a kind on a scene."""
    split = SPLITS[name](folder, seed)
    dropout = name == "Indian Pines"  # as in the source
    net, facts = train(kind, split.classes, split.learn, SHORT.get(kind, updates), seed, dropout)
    found = {**facts, **measure(net, split.spectra, split.labels, split.classes), "learnt": len(split.learn.labels)}
    if kind == POOLED and split.maps:
        found["pooled_oa"] = pooled(net, split)
    return found


def pooled(net: Any, split: Split) -> float:
    """Return the OA after one step of the opinion pool with its usual window of 3 x 3."""
    counts = np.zeros((split.classes, split.classes), dtype=np.int64)
    pool = OpinionPool(split.classes, split.spectra.shape[1])
    for image, labels in split.maps:
        scores = net.scores(torch.from_numpy(image)[None])[0]
        with torch.inference_mode():
            after = pool.step(scores, pool.prepare(torch.from_numpy(image), scores, WHOLE), WHOLE, 0)
        counts += confusion(labels, after.argmax(dim=0).numpy().astype(np.uint8), split.classes)
    return float(figures(counts)["oa"])


def table(results: dict[str, dict[str, list[dict[str, Any]]]]) -> str:
    """Write the figures of all kinds, scene by scene."""
    lines = []
    for name, kinds in results.items():
        lines += [
            f"## {name}",
            "",
            "| kind | weights | training, s | pixels a second | OA | AA | kappa | loss | seeds |",
        ]
        lines += ["|---|---|---|---|---|---|---|---|---|"]
        for kind, runs in kinds.items():
            column = {key: [run[key] for run in runs] for key in ("oa", "aa", "kappa", "seconds", "pixels_a_second")}
            losses = [
                run["loss"] for run in runs if run["loss"] is not None and kind not in ("random-forest", "svm-rbf")
            ]
            diverged = sum(run["diverged"] is not None for run in runs)
            loss = (spread(losses, 1, 3) if losses else "-") + (f", {diverged} diverged" if diverged else "")
            lines.append(
                f"| {kind} | {runs[0]['weights']:,} | {np.mean(column['seconds']):.0f} | "
                f"{np.mean(column['pixels_a_second']):,.0f} | {spread(column['oa'])} | {spread(column['aa'])} | "
                f"{spread(column['kappa'], 1, 3)} | {loss} | {len(runs)} |"
            )
        lines.append("")
    return "\n".join(lines)


def claims(results: dict[str, dict[str, list[dict[str, Any]]]]) -> str:
    """Say which of the papers' claims hold here."""
    lines = ["## The papers' claims, here", ""]
    for name, kinds in results.items():
        pairs = list(zip(kinds.get("gru-pretanh", []), kinds.get(GRUTanh.kind, []), strict=False))
        if pairs:
            lower = sum(one["loss"] < other["loss"] for one, other in pairs)
            lines.append(f"- {name}: PRetanh ends at a lower loss than tanh in {lower} of {len(pairs)} runs.")
        relu = kinds.get("gru-relu", [])
        if relu:
            diverged = sum(run["diverged"] is not None for run in relu)
            worst = max(run["worst_loss"] or 0.0 for run in relu)
            text = f"ReLU at a rate of 1.0 diverges in {diverged} of {len(relu)} runs; its loss reaches {worst:.1f}."
            lines.append(f"- {name}: {text}")
        pools = [run for run in kinds.get(POOLED, []) if "pooled_oa" in run]
        if pools:
            before, after = ([run[key] for run in pools] for key in ("oa", "pooled_oa"))
            lines.append(
                f"- {name}: the opinion pool takes the OA of {POOLED} from {spread(before)} to {spread(after)}."
            )
    return "\n".join(lines) if len(lines) > 2 else ""


def cell() -> str:
    """Say how fast the hand-written cells are, where benchmarks/cell.py has measured it."""
    path = KEPT / "cell.json"
    if not path.is_file():
        return ""
    found = json.loads(path.read_text(encoding="utf-8"))
    ratios = ", ".join(f"{kind} {ratio:.2f}" for kind, ratio in found["ratios"].items())
    return (
        "## The cells beside torch's own GRU\n\n"
        "Time of a forward and backward pass over 4096 pixels of 144 bands, as a multiple of that of `torch.nn.GRU` of "
        f"the same size; the median of turns taken on {found['threads']} thread (`benchmarks/cell.py`): {ratios}.\n"
    )


def main() -> None:
    """Measure what is not measured yet, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=600, help="of the recurrent kinds")
    parser.add_argument("--kinds", nargs="*", default=QUICKEST, choices=QUICKEST, help="which of them to measure now")
    parser.add_argument("--only-write", action="store_true", help="write the page of what is there")
    given = parser.parse_args()
    if "OMP_NUM_THREADS" not in os.environ:
        devices.use_all_cores()
    results: dict[str, dict[str, list[dict[str, Any]]]] = {name: {} for name in DATASETS}
    for seed, kind, name in itertools.product(range(given.seeds), QUICKEST, DATASETS):
        path = KEPT / f"{name} {kind} {SHORT.get(kind, given.updates)} {seed}.json".replace(" ", "_").lower()
        if path.is_file() or (kind in given.kinds and not given.only_write):
            work = functools.partial(one, given.folder, name, kind, given.updates, seed)
            results[name].setdefault(kind, []).append(kept(path, work))
    ordered = {name: {kind: kinds[kind] for kind in SPECTRAL if kind in kinds} for name, kinds in results.items()}
    others = ", ".join(f"{kind} {count}" for kind, count in SHORT.items())
    about = (
        f"At most {MOST_A_CLASS} pixels of a class are learnt from, a quarter of them held out by region to choose "
        f"the weights. EnMAP: {TEST_TILES} of 14 tiles are measured on, whole ones; the others: a quarter of the "
        "regions of each class (on Salinas-A, where a class is one field, blocks of it, which touch). Another "
        f"seed is another split too. Recurrent kinds: {given.updates} updates of 128 pixels (600 is usual); "
        f"{others}. Rates are the sources': Adadelta at 1.0 for the recurrent ones, with dropout on Indian Pines "
        "alone. Their gates begin open, unlike in the paper: with those of the paper the training over 218 bands "
        "diverges, of PRetanh too. OA and AA in per cent; mean and standard deviation over the seeds. The "
        "machine was shared with other work, so the times say little more than which kind is slow. The loss is the "
        "mean of the last "
        "twenty updates. Of forests and machines, the numbers that are stored are counted. Houston and Indian "
        "Pines are the official training pixels alone: these figures are not those of the published protocol, "
        "which `benchmarks/published_protocol.py` runs for whoever has the cubes. Kinds that are not listed are not "
        "measured yet."
    )
    parts = (table(ordered), claims(ordered), cell())
    write_page("spectral", "Spectral models", "benchmarks/spectral.py", about, "\n\n".join(filter(None, parts)))


if __name__ == "__main__":
    main()
