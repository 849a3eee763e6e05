"""The coarse models that see neighbours on real scenes, before and after five steps of the default refiner.

    .venv/worker/bin/python benchmarks/spatial.py ../shared/data build/spatial --places gsi_roads zanzibar_b

Each net learns from the imprecise labels of a scene; the refiner is taught on a part with accurate labels, and scored
on another, as in benchmarks/refiners.py. LRR's levels are scored along the outlines too, as a trimap. What is done is
kept in the folder: a second call goes on from there. docs/spatial.md is written at the end of each, of what is there.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from map_refiner.models import device as devices
from map_refiner.models.coarse.kinds import KINDS
from map_refiner.models.coarse.lrr import LRR
from map_refiner.models.coarse.model import Pyramid
from map_refiner.models.coarse.scales import MultiScale
from map_refiner.models.coarse.train import Recipe, TrainingImage
from map_refiner.models.metrics import Accuracy, trimap_confusion
from map_refiner.models.rasters.reading import environment
from map_refiner.models.score_maps import Labels, Scores
from record import write_page
from refiners import measured, one
from scenes import Place, coarse_logits, lessons, places

CPU = torch.device("cpu")
REFINER = "extended"
SIMPLE = ("fcn", "fcn-32s", "fcn-16s", "fcn-8s", "lenet")
VARIANTS = {  # of LRR: boundary masks, loss of dilation and erosion
    "lrr": (True, True),
    "lrr, unmasked": (False, True),
    "lrr, no edge loss": (True, False),
    "lrr, plain": (False, False),
}
REFINED = (*SIMPLE, "lrr")
SMOOTHED = ("lrr",)  # by a dense CRF too, as in its paper
SCALES = "several scales"
WIDTHS = (1, 2, 4, 8, 16, 32)  # px, of the trimap


def made(kind: str, classes: int) -> Any:
    """Make a net that knows nothing yet."""
    return LRR(classes, 3, *VARIANTS[kind]) if kind in VARIANTS else KINDS[kind].make(classes, 3)


def trained(place: Place, kind: str, updates: int, seed: int) -> tuple[Any, float]:
    """Train a net on the imprecise labels of a place; return it with the seconds that its cores computed."""
    torch.manual_seed(seed)
    net = made(kind, len(place.classes))
    images = [TrainingImage(part.image, part.imprecise) for part in place.parts]
    train = KINDS[LRR.kind if kind in VARIANTS else kind].train
    started = time.process_time()  # of all cores together, whatever else the machine does
    for _ in train(net, images, Recipe(updates, seed), CPU):
        pass
    return net.eval(), time.process_time() - started


def one_kind(place: Place, kind: str, updates: int, seed: int, refine: bool) -> dict[str, Any]:
    """Train a net, measure its map, teach the refiner on it, and measure that."""
    net, seconds = trained(place, kind, updates, seed)
    maps = [coarse_logits(net, part.image) for part in place.parts]
    taught, scored = lessons(place, maps)
    found: dict[str, Any] = {
        "seconds": seconds,
        "weights": sum(weight.numel() for weight in net.parameters()),
        "coarse": measured(scored, [[torch.from_numpy(tile.scores)] for tile in scored])["0"],
    }
    if refine and kind in REFINED:
        found["refined"] = one(REFINER, taught, scored, seed)["steps"]["5"]  # type: ignore[index]
    if refine and kind in SMOOTHED:
        found["crf"] = one("crf", taught, scored, seed)["steps"]["5"]  # type: ignore[index]
    if kind in VARIANTS:
        found["trimap"] = trimaps(net, place)
    return found


def trimaps(net: LRR, place: Place) -> dict[str, list[float]]:
    """Return the mean IoU of each level within bands along the true outlines, by width."""
    names, whole = (*net.coarser, "4x", SCALES), (slice(None), slice(None))
    counts = {name: np.zeros((len(WIDTHS), net.classes, net.classes), dtype=np.int64) for name in names}
    for part, (_, judge) in zip(place.parts, place.cuts, strict=True):
        truth = part.labels[:, judge]
        if truth.size:
            levels = [*levels_of(net, part.image), levels_of(MultiScale(net), part.image)[-1]]
            for name, level in zip(names, levels, strict=True):
                counts[name] += trimap_confusion(truth, level[:, judge], net.classes, whole, WIDTHS)
    classes = tuple(map(str, range(net.classes)))
    return {name: [Accuracy(classes, each).mean_iou for each in found] for name, found in counts.items()}


def levels_of(net: Pyramid, image: Scores) -> list[Labels]:
    """Return the class indices of a picture at every level, the coarsest first."""
    rows, columns = image.shape[1:]
    after = [-(-size // net.stride) * net.stride - size + net.halo for size in (rows, columns)]
    padded = np.pad(image, ((0, 0), (net.halo, after[0]), (net.halo, after[1])), mode="reflect")
    levels = net.pyramid(torch.from_numpy(padded)[None])
    return [level[0, :, :rows, :columns].argmax(dim=0).numpy().astype(np.uint8) for level in levels]


def table(results: dict[str, dict[str, list[dict[str, Any]]]]) -> str:
    """Write the figures scene by scene, and LRR's along the outlines."""
    lines = []
    for name, kinds in results.items():
        lines += [f"## {name}", "", "| kind | weights | training, s | mean IoU | at 2 px | refined | at 2 px "
                  "| by a CRF | at 2 px | seeds |"]  # fmt: skip
        lines.append("|---|---|---|---|---|---|---|---|---|---|")
        for kind, runs in kinds.items():
            cells = [f"{mean([run[when][what] for run in runs if when in run])}"
                     for when in ("coarse", "refined", "crf") for what in ("mean_iou", "boundary_iou_2px")]  # fmt: skip
            seconds = np.mean([run["seconds"] for run in runs])
            lines.append(f"| {kind} | {runs[0]['weights']:,} | {seconds:.0f} | {' | '.join(cells)} | {len(runs)} |")
        lines.append("")
        outlines = {kind: runs for kind, runs in kinds.items() if "trimap" in runs[0]}
        if outlines:
            lines += ["Within so many pixels of the true outlines:", ""]
            lines += [
                "| LRR | level | " + " | ".join(f"{width} px" for width in WIDTHS) + " |",
                "|---|---|" + "---|" * 6,
            ]
        for kind, runs in outlines.items():
            for level in runs[0]["trimap"]:
                columns = zip(*(run["trimap"][level] for run in runs), strict=True)
                lines.append(f"| {kind} | {level} | " + " | ".join(mean(list(each)) for each in columns) + " |")
        lines.append("")
    return "\n".join(lines)


def mean(values: list[float]) -> str:
    """Write the mean of fractions in per cent."""
    return f"{100 * float(np.mean(values)):.1f}" if values else "-"


def main() -> None:
    """Measure what is not measured yet, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    every = (*SIMPLE, *VARIANTS)
    parser.add_argument("--places", nargs="*", default=["banepa_south", "zanzibar_b", "gsi_roads"])
    parser.add_argument("--kinds", nargs="*", default=every, choices=every)
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    parser.add_argument("--updates", type=int, default=300)
    parser.add_argument("--threads", type=int, help="cores to use")
    parser.add_argument("--no-refiner", action="store_true", help="measure the coarse maps alone")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    devices.use_all_cores()
    if given.threads:
        torch.set_num_threads(given.threads)
    with environment():
        found = places(given.data, given.folder)
    results: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for name in found:
        for kind in every:
            for seed in range(5):
                stem = f"{name} {kind} {given.updates} {seed}".replace(", ", "_").replace(" ", ".")
                path = given.folder / f"{stem}.json"
                wanted = name in given.places and kind in given.kinds and seed in given.seeds
                if wanted and not path.exists():
                    run = one_kind(found[name], kind, given.updates, seed, not given.no_refiner)
                    path.write_text(json.dumps(run), encoding="utf-8")
                    print(path.stem, mean([run["coarse"]["mean_iou"]]), f"{run['seconds']:.0f} s", flush=True)
                if path.exists():
                    run = json.loads(path.read_text(encoding="utf-8"))
                    results.setdefault(name, {}).setdefault(kind, []).append(run)
    about = (
        f"The coarse nets learn from imprecise labels in {given.updates} updates (400 is usual, of fcn 600, of lenet "
        "1000; an update of fcn learns from 16 patches of 64 px, one of the pyramids from 8 of 96 px), the pyramids on "
        "their small trunk. Mean IoU and the IoU of what lies within 2 px of the outlines, in per cent, on a part that "
        f"nothing was taught on: of the coarse map, and after 5 steps of the refiner `{REFINER}`, taught on the "
        "accurate labels of another part; of LRR also after 5 steps of the dense CRF, tuned on those labels. Seconds "
        "are those of one core that did other things too. LRR's levels are those of its pyramid, and the finest at "
        "0.6, 0.8 and 1 of the image's size together. What is not listed, or a dash, is not measured."
    )
    write_page("spatial", "Coarse models that see neighbours", "benchmarks/spatial.py", about, table(results))


if __name__ == "__main__":
    main()
