"""The spectral models on the fixed splits of the literature, for whoever has the cubes.

    .venv/worker/bin/python benchmarks/published_protocol.py CUBES SPLITS --seeds 5 --kinds gru-pretanh gru-tanh

CUBES holds PaviaU.mat (paviaU), Indian_pines_corrected.mat and Houston.mat (any key), or some of them; SPLITS the masks
TRpavia_fixed.mat and TSpavia_fixed.mat, IndianTR123_temp123.tif and IndianTE123_temp123.tif, Houston_TRLabel.mat and
Houston_TSLabel.mat, each perhaps with something before its name. Writes build/published.json: OA, AA, kappa, the
accuracy of each class and the confusion of every run. Prints mean and spread over the seeds beside what Mou et al. 2017
report.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from map_refiner.models import device as devices
from map_refiner.models.cubes import read_array
from map_refiner.models.pixels import Pixels, regions
from map_refiner.models.score_maps import UNLABELLED
from spectra_runs import SHORT, SPECTRAL, kept, measure, spread, standardised, train

KEPT = Path("build/published")
SCENES = {  # cube, key, masks to learn from and to measure on, and how many pixels these have
    "PaviaU": ("PaviaU.mat", "paviaU", "TRpavia_fixed.mat", "TSpavia_fixed.mat", 3921, 40002),
    "Indian Pines": (
        "Indian_pines_corrected.mat", "", "IndianTR123_temp123.tif", "IndianTE123_temp123.tif", 695, 9671,
    ),
    "Houston": ("Houston.mat", "", "Houston_TRLabel.mat", "Houston_TSLabel.mat", 2832, 12197),
}  # fmt: skip
PUBLISHED = {  # OA in per cent, of Mou et al. 2017 as far as their table can be had from others
    "PaviaU": {"gru-pretanh": 88.85, "gru-tanh": 80.70, "lstm": 77.99, "svm-rbf": 78.82, "cnn-1d": 80.51},
    "Houston": {"gru-pretanh": 89.85, "gru-tanh": 85.73, "lstm": 85.41},
    "Indian Pines": {"gru-pretanh": 88.63, "gru-tanh": 85.71, "lstm": 80.52, "svm-rbf": 72.78, "cnn-1d": 84.18},
}


def mask(folder: Path, name: str, count: int) -> np.ndarray:
    """Read a mask of class numbers, 0 where there is none, and check that it is the one that is meant."""
    path = next(iter(sorted(folder.glob(f"*{name}"))), folder / name)
    if path.suffix == ".tif":
        with rasterio.open(path) as source:
            found = source.read(1)
    else:
        found = read_array(path, "")
    if np.count_nonzero(found) != count:
        raise SystemExit(f"{path} has {np.count_nonzero(found)} labelled pixels; the published split has {count}.")
    return found


def run(
    cube: np.ndarray, learn: np.ndarray, test: np.ndarray, kind: str, updates: int, seed: int, dropout: bool
) -> dict:
    """Train and measure a kind on one split."""
    labels = np.where(learn > 0, learn - 1, UNLABELLED).astype(np.uint8)
    first, second = standardised(cube[learn > 0].astype(np.float32), cube[test > 0].astype(np.float32))
    pixels = Pixels(first, labels[learn > 0], regions(labels)[learn > 0])
    classes = int(max(learn.max(), test.max()))
    net, facts = train(kind, classes, pixels, SHORT.get(kind, updates), seed, dropout)
    return {**facts, **measure(net, second, test[test > 0] - 1, classes)}


def main() -> None:
    """Run what there are cubes for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cubes", type=Path)
    parser.add_argument("splits", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=3000, help="of the recurrent kinds")
    parser.add_argument("--kinds", nargs="*", default=SPECTRAL, choices=SPECTRAL)
    given = parser.parse_args()
    devices.use_all_cores()
    everything: dict[str, Any] = {}
    for name, (file, key, first, second, count, tests) in SCENES.items():
        if not (given.cubes / file).is_file():
            print(f"{name}: there is no {given.cubes / file}; left out")
            continue
        cube = read_array(given.cubes / file, key)
        learn, test = mask(given.splits, first, count), mask(given.splits, second, tests)
        if cube.shape[:2] != learn.shape:
            raise SystemExit(f"{file} has {cube.shape[:2]} pixels, its masks {learn.shape}.")
        for kind in given.kinds:
            runs = []
            for seed in range(given.seeds):
                path = KEPT / f"{name} {kind} {SHORT.get(kind, given.updates)} {seed}.json".replace(" ", "_").lower()
                dropout = name == "Indian Pines"
                runs.append(kept(path, lambda k=kind, s=seed: run(cube, learn, test, k, given.updates, s, dropout)))  # noqa: B023
            everything[f"{name} {kind}"] = runs
            columns = [spread([each[key] for each in runs]) for key in ("oa", "aa")]
            kappa = spread([each["kappa"] for each in runs], 1, 3)
            theirs = PUBLISHED[name].get(kind)
            beside = f"; published OA {theirs}" if theirs else ""
            print(f"{name}, {kind}: OA {columns[0]}, AA {columns[1]}, kappa {kappa} ({len(runs)} seeds){beside}")
    if everything:
        Path("build/published.json").write_text(json.dumps(everything, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
