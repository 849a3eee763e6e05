"""The spectral models on the fixed splits of the literature, for users who have the image cubes.

    .venv/worker/bin/python -m benchmarks published_protocol --cubes FOLDER --splits FOLDER --kinds gru-pretanh gru-tanh

The folder of cubes holds PaviaU.mat (paviaU), Indian_pines_corrected.mat and Houston.mat (any key), or some of them;
the folder of splits holds the masks TRpavia_fixed.mat and TSpavia_fixed.mat, IndianTR123_temp123.tif and
IndianTE123_temp123.tif, Houston_TRLabel.mat and Houston_TSLabel.mat, with or without a prefix. Prints the mean and
spread over the seeds next to the figures of Mou et al. 2017. The cached results also hold the accuracy per class and
the confusion matrix.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import rasterio
from map_refiner.models.arrays.score_maps import UNLABELLED
from map_refiner.models.coarse.spectral.samples import SpectralSamples
from map_refiner.models.io.matlab import read_array
from map_refiner.models.scene.spectral_examples import regions

from ..harness import Benchmark, Cell, Option, Page, Results, Settings, UsageError, Values, markdown_table
from .spectra_runs import FIXED_UPDATES, SPECTRAL, evaluate, spread, standardise, summary, train

SCENES = {  # cube, key, training mask, test mask, and the pixel counts of the masks
    "PaviaU": ("PaviaU.mat", "paviaU", "TRpavia_fixed.mat", "TSpavia_fixed.mat", 3921, 40002),
    "Indian Pines": (
        "Indian_pines_corrected.mat",
        "",
        "IndianTR123_temp123.tif",
        "IndianTE123_temp123.tif",
        695,
        9671,
    ),
    "Houston": ("Houston.mat", "", "Houston_TRLabel.mat", "Houston_TSLabel.mat", 2832, 12197),
}
PUBLISHED = {  # OA in per cent of Mou et al. 2017, as quoted by other papers
    "PaviaU": {"gru-pretanh": 88.85, "gru-tanh": 80.70, "lstm": 77.99, "svm-rbf": 78.82, "cnn-1d": 80.51},
    "Houston": {"gru-pretanh": 89.85, "gru-tanh": 85.73, "lstm": 85.41},
    "Indian Pines": {"gru-pretanh": 88.63, "gru-tanh": 85.71, "lstm": 80.52, "svm-rbf": 72.78, "cnn-1d": 84.18},
}


def mask(folder: Path, name: str, count: int) -> np.ndarray:
    """Read a mask of class numbers, with 0 for unlabelled, and check that it is the published one."""
    path = next(iter(sorted(folder.glob(f"*{name}"))), folder / name)
    if path.suffix == ".tif":
        with rasterio.open(path) as source:
            found = source.read(1)
    else:
        found = read_array(path, "")
    if np.count_nonzero(found) != count:
        raise UsageError(f"{path} has {np.count_nonzero(found)} labelled pixels; the published split has {count}.")
    return np.asarray(found)


@cache
def load_split(name: str, cubes: Path, splits: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the cube (rows, columns, bands), the training mask and the test mask of a scene."""
    file, key, first, second, count, tests = SCENES[name]
    cube = read_array(cubes / file, key)
    training, test = mask(splits, first, count), mask(splits, second, tests)
    if cube.shape[:2] != training.shape:
        raise UsageError(f"{file} has {cube.shape[:2]} pixels, its masks {training.shape}.")
    return cube, training, test


def cells(settings: Settings) -> Iterator[Cell]:
    """Yield the cells of every scene that has a cube."""
    given = settings.options
    for name in given.scenes:
        if not (Path(given.cubes) / SCENES[name][0]).is_file():
            print(f"{name} is skipped: {Path(given.cubes) / SCENES[name][0]} does not exist.")
            continue
        for kind in given.kinds:
            yield from (Cell(name, kind, seed) for seed in given.seeds)


def run(settings: Settings, cell: Cell) -> Values:
    """Train and evaluate a model kind on one split."""
    given = settings.options
    cube, training, test = load_split(cell.scene, Path(given.cubes), Path(given.splits))
    labels = np.where(training > 0, training - 1, UNLABELLED).astype(np.uint8)
    first, second = standardise(cube[training > 0].astype(np.float32), cube[test > 0].astype(np.float32))
    pixels = SpectralSamples(first, labels[training > 0], regions(labels)[training > 0])
    classes = int(max(training.max(), test.max()))
    updates = FIXED_UPDATES.get(cell.kind, given.updates)
    net, facts = train(cell.kind, classes, pixels, updates, cell.seed, dropout=cell.scene == "Indian Pines")
    return {**facts, **evaluate(net, second, test[test > 0] - 1, classes)}


def table(settings: Settings, results: Results) -> Page:
    """Return the figures of every scene and model kind, next to the published ones."""
    rows = []
    for name in results.scenes():
        for kind in results.kinds(name):
            runs = results.by_seed(name, kind).values()
            accuracy = [spread([run[key] for run in runs]) for key in ("oa", "aa")]
            kappa = spread([run["kappa"] for run in runs], 1, 3)
            rows.append([name, kind, *accuracy, kappa, str(PUBLISHED[name].get(kind, "-")), str(len(runs))])
    return Page("", markdown_table(["scene", "kind", "OA", "AA", "kappa", "published OA", "seeds"], rows))


BENCHMARK = Benchmark(
    name="published_protocol",
    title="Spectral models on the published splits",
    run=run,
    table=table,
    scenes=tuple(SCENES),
    kinds=SPECTRAL,
    seeds=(0, 1, 2, 3, 4),
    options=(
        Option("cubes", "", "folder of the cubes", changes_results=False),
        Option("splits", "", "folder of the masks", changes_results=False),
        Option("updates", 3000, "updates of the recurrent kinds"),
    ),
    reads_data=False,
    has_page=False,
    cells=cells,
    summary=summary,
)
