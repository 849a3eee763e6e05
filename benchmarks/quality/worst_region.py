"""What one place costs: the largest connected part that a taught refiner finds falsely, and the scene without it.

    .venv/worker/bin/python benchmarks/wrong_part.py ../shared/data build/refiners [--place zanzibar_a] [--seed 0]

Uses the coarse maps of `benchmarks/refiners.py --coarse fcn`, and teaches as that does; writes docs/wrong_part.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from map_refiner.models import device as devices
from map_refiner.models.borders import WHOLE
from map_refiner.models.metrics import Accuracy, confusion
from map_refiner.models.rasters.reading import environment
from map_refiner.models.refine.kinds import DEFAULT, LESSONS, make
from map_refiner.models.refine.lesson import LabelledTile
from map_refiner.models.refine.run import refine
from map_refiner.models.score_maps import UNLABELLED
from record import write_page
from scenes import places, prepared
from scipy import ndimage
from torch import Tensor

CPU = torch.device("cpu")
STEPS = 5
NEAR = 3  # px between pixels that count as one part


def mean_iou(tile: LabelledTile, scores: Tensor, without: np.ndarray) -> float:
    """Measure the mean IoU in per cent, of all pixels but some."""
    labels = np.where(without, UNLABELLED, tile.labels).astype(np.uint8)
    counts = confusion(labels, scores.argmax(0).to(torch.uint8).numpy(), len(tile.scores))
    return 100 * Accuracy(tuple(map(str, range(len(tile.scores)))), counts).mean_iou


def largest_false_part(tile: LabelledTile, scores: Tensor) -> np.ndarray:
    """Return where the largest part lies that is given a class but is background."""
    false = (scores.argmax(0).numpy() > 0) & (tile.labels == 0)
    parts, count = ndimage.label(ndimage.binary_dilation(false, iterations=NEAR))
    sizes = ndimage.sum(false, parts, range(1, count + 1))
    return np.asarray(false & (parts == 1 + int(np.argmax(sizes))))


def main() -> None:
    """Teach once, measure, and write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("--place", default="zanzibar_a")
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    devices.use_all_cores()
    with environment():
        taught, (tile, *_) = prepared(
            places(given.data, given.folder)[given.place], given.seed, given.folder, CPU, "fcn"
        )
    torch.manual_seed(given.seed)
    refiner = make(DEFAULT, len(tile.scores), len(tile.image))
    for _ in LESSONS[DEFAULT].teach(refiner, taught, LESSONS[DEFAULT].updates, given.seed, CPU):
        pass
    scores = torch.from_numpy(tile.scores)
    maps = [scores, *refine(refiner, scores, torch.from_numpy(tile.image), WHOLE, STEPS)]
    part = largest_false_part(tile, maps[-1])
    chance = 1 - scores.softmax(0)[0].numpy()[part]
    low, high = np.percentile(chance, [10, 90])
    lines = ["| step | mean IoU | without the part |", "|---|---|---|"]
    for step, each in enumerate(maps):
        whole, rest = (mean_iou(tile, each, without) for without in (np.zeros_like(part), part))
        lines.append(f"| {step} | {whole:.1f} | {rest:.1f} |")
    about = (
        f"The extended refiner on `{given.place}`, seed {given.seed}, taught as in benchmarks/refiners.py. The largest "
        f"part of the scored half that is background and is given another class at step {STEPS} has {part.sum()} px, "
        f"of {int((tile.labels != UNLABELLED).sum())}; the coarse map gives most of them (10 to 90 %) a probability of "
        f"{low:.2f} to {high:.2f} of not being background. Per cent."
    )
    words = f"benchmarks/wrong_part.py DATA build/refiners --place {given.place} --seed {given.seed}"
    write_page("wrong_part", "What one place costs", words, about, "\n".join(lines))


if __name__ == "__main__":
    main()
