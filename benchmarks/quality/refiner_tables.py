"""The tables and the figure of what `benchmarks/refiners.py` measured."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

from map_refiner.models.coarse.kinds import DEFAULT
from map_refiner.models.refine.lesson import best_step
from record import DOCS, write_page

AT = (0, 1, 2, 3, 4, 5, 6, 8, 12, 20, 24)  # steps that are looked at; 24 is four times what the extended one is taught
NAMES = {
    "coarse": "coarse map", "extended": "extended", "faithful": "faithful (the paper's)", "unet": "small U-Net",
    "class-agnostic": "class-agnostic", "unshared": "unshared", "crf": "dense CRF, truncated", "heat": "heat flow",
    "perona-malik": "Perona-Malik", "anisotropic": "anisotropic diffusion", "geodesic": "geodesic contour",
    "opinion-pool": "opinion pool",
}  # fmt: skip
SYNTHETIC = "synthetic"
RANKS = DOCS.parent / "resources" / "refiner_ranks.json"
Results = dict[tuple[str, str], dict[int, dict[str, Any]]]  # by kind and place, then by seed


def read(folder: Path) -> Results:
    """Read all results of a folder; the coarse map is what every refiner begins with."""
    found: Results = defaultdict(dict)
    for path in sorted(folder.glob("*.json")):
        place, kind, seed = path.name.removesuffix(".json").rsplit(".", 2)
        result = json.loads(path.read_text())
        found[kind, place][int(seed)] = result
        found["coarse", place].setdefault(int(seed), {"steps": {"0": result["steps"]["0"]}, "seconds": 0, "weights": 0})
    return found


def value(result: dict[str, Any], measure: str, step: int | None = None) -> float:
    """Return a measure in per cent at a step; by default at the fifth, or the last that there is before it."""
    steps = result["steps"]
    at = str(step) if step is not None else max((s for s in steps if int(s) <= 5), key=int)
    return 100 * float(steps[at][measure])


def cell(values: list[float]) -> str:
    """Write a mean with its spread."""
    spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f}{spread}"


def by_place(found: Results, measure: str) -> str:
    """Return a table of refiners by scenes, with the mean over the real ones."""
    places = sorted({place for _, place in found}, key=lambda name: (name == SYNTHETIC, name))
    kinds = [kind for kind in NAMES if any((kind, place) in found for place in places)]
    lines = [f"| | {' | '.join(places)} | mean of the real ones |", "|---" * (len(places) + 2) + "|"]
    for kind in kinds:
        cells, means = [], []
        for place in places:
            values = [value(result, measure) for result in found.get((kind, place), {}).values()]
            cells.append(cell(values) if values else "-")
            if values and place != SYNTHETIC:
                means.append(statistics.mean(values))
        complete = len(means) == len([place for place in places if place != SYNTHETIC])
        cells.append(f"{statistics.mean(means):.1f}" if complete else "-")
        lines.append(f"| {NAMES[kind]}, {_seeds(found, kind)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _seeds(found: Results, kind: str) -> str:
    seeds = sorted({seed for (k, _), by_seed in found.items() if k == kind for seed in by_seed})
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}"


def pairs(found: Results, kind: str, other: str, measure: str) -> list[float]:
    """Return by how much a refiner is better than another, on each real scene and seed that has both."""
    step = 0 if other == "coarse" else None
    return [
        value(result, measure) - value(found[other, place][seed], measure, step)
        for (k, place), by_seed in found.items() if k == kind and place != SYNTHETIC
        for seed, result in by_seed.items() if seed in found.get((other, place), {})
    ]  # fmt: skip


def against(found: Results) -> str:
    """Return a table of the differences on the same scene and seed, which rows with other seeds cannot blur."""
    lines = [
        "| | runs | over the coarse map | worst | boundary | over the faithful one | worst | boundary |",
        "|---" * 8 + "|",
    ]
    for kind in NAMES:
        if kind == "coarse" or not pairs(found, kind, "coarse", "mean_iou"):
            continue
        cells = [str(len(pairs(found, kind, "coarse", "mean_iou")))]
        for other in ("coarse", "faithful"):
            gains = pairs(found, kind, other, "mean_iou") if kind != other else []
            edges = pairs(found, kind, other, "boundary_iou_2px") if kind != other else []
            cells += [cell(gains), f"{min(gains):.1f}", cell(edges)] if gains else ["-"] * 3
        lines.append(f"| {NAMES[kind]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def stepping_on(found: Results) -> str:
    """Return a table of what stepping the extended refiner too far costs on each scene, in the mean of the seeds."""
    lines = ["| | best step | mean IoU there | step 5 | step 20 | step 24 | lost by step 20 |", "|---" * 7 + "|"]
    for (kind, place), by_seed in sorted(found.items()):
        if kind != "extended":
            continue
        means = {step: statistics.mean(value(r, "mean_iou", step) for r in by_seed.values()) for step in AT}
        best = max(means, key=lambda step: means[step])
        cells = [str(best), *(f"{means[step]:.1f}" for step in (best, 5, 20, 24)), f"{means[best] - means[20]:.1f}"]
        lines.append(f"| {place} | {' | '.join(cells)} |")
    return "\n".join(lines)


def recommended(found: Results) -> str:
    """Return a table of the maps that the product recommends: at the step that held-out blocks choose, 0 among them."""
    kinds = ("extended", "faithful")
    heads = (f"{NAMES[kind]}: steps | mean IoU | over the coarse map | worst" for kind in kinds)
    lines = [f"| | coarse map | {' | '.join(heads)} |", "|---" * (2 + 4 * len(kinds)) + "|"]
    means: dict[str, list[float]] = defaultdict(list)
    places = [place for kind, place in sorted(found) if kind == kinds[0] and (kinds[1], place) in found]
    for place in places:
        coarse = [value(result, "mean_iou") for result in found["coarse", place].values()]
        cells = [cell(coarse)]
        for kind in kinds:
            results = found[kind, place].values()
            steps = [_measured_step(result, best_step(result["held_out"])) for result in results]
            at = [value(result, "mean_iou", step) for result, step in zip(results, steps, strict=True)]
            gains = [mean - value(result, "mean_iou", 0) for result, mean in zip(results, at, strict=True)]
            cells += [", ".join(map(str, steps)), cell(at), cell(gains), f"{min(gains):.1f}"]
            means[kind] += gains
        lines.append(f"| {place} | {' | '.join(cells)} |")
    last = (f" | | | {cell(means[kind])} | {min(means[kind]):.1f}" for kind in kinds)
    return "\n".join([*lines, f"| all runs |{''.join(last)} |"])


def _measured_step(result: dict[str, Any], step: int) -> int:
    return max(int(each) for each in result["steps"] if int(each) <= step)


def by_step(found: Results, measure: str) -> str:
    """Return a table of the learned refiners by steps: means over the real scenes and seeds."""
    lines = ["| step | " + " | ".join(map(str, AT)) + " |", "|---" * (len(AT) + 1) + "|"]
    for kind in ("extended", "faithful", "class-agnostic", "unshared"):
        places = [place for k, place in found if k == kind and place != SYNTHETIC]
        results = [result for place in places for result in found[kind, place].values()]
        cells = []
        for step in AT:
            known = [value(result, measure, step) for result in results if str(step) in result["steps"]]
            cells.append(f"{statistics.mean(known):.1f}" if known else "-")
        if results:
            lines.append(f"| {NAMES[kind]}, {len(places)} scenes | {' | '.join(cells)} |")
    return "\n".join(lines)


def weights(found: Results) -> str:
    """Return a table of the numbers of weights, over the scenes the largest."""
    lines = ["| | weights |", "|---|---|"]
    for kind in NAMES:
        counts = [result["weights"] for (k, _), seeds in found.items() if k == kind for result in seeds.values()]
        if counts and max(counts):
            lines.append(f"| {NAMES[kind]} | {max(counts)} |")
    return "\n".join(lines)


def write_ranks(found: Results) -> None:
    """Write for the dock how much each refiner gained on the real scenes; those that lack a scene have no rank."""
    places = {place for _, place in found if place != SYNTHETIC}
    kinds = [
        kind for kind in NAMES if kind not in ("coarse", "unet") and all((kind, place) in found for place in places)
    ]
    if not kinds:
        return
    common = set.intersection(*({(place, seed) for place in places for seed in found[kind, place]} for kind in kinds))
    gains = {}
    for kind in kinds:
        each = [found[kind, place][seed] for place, seed in common]
        gains[kind] = statistics.mean(value(r, "mean_iou") - value(r, "mean_iou", 0) for r in each) / 100
    ranked = sorted(gains, key=lambda kind: -gains[kind])
    content = {kind: {"rank": n + 1, "mean_iou_gain": round(gains[kind], 4) + 0.0} for n, kind in enumerate(ranked)}
    RANKS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def write_tables(folder: Path, coarse: str) -> None:
    """Write the page of a kind of coarse nets; the ranks are those on the kind that is usual."""
    found = read(folder)
    about = (
        "Every refiner is taught on one part of a scene (or on every second picture) and scored on another, at step 5. "
        f"The coarse nets, of kind `{coarse}`, learnt from imprecise labels alone. Per cent; the standard deviation "
        "where there are several seeds. A seed changes the coarse net, weights, patches, and what is held out. A dash "
        "means: not done."
    )
    table = "\n\n".join(
        (
            "## Mean IoU", by_place(found, "mean_iou"),
            "## Boundary IoU, 2 px, mean of the classes", by_place(found, "boundary_iou_2px"),
            "## Pair by pair: differences on the same real scene and seed", against(found),
            "## Overall accuracy", by_place(found, "overall_accuracy"),
            "## Mean IoU by step, over the real scenes", by_step(found, "mean_iou"),
            "## Boundary IoU (2 px) by step, over the real scenes", by_step(found, "boundary_iou_2px"),
            "## Stepping the extended refiner on", stepping_on(found),
            "## What the product recommends", recommended(found),
            "## Weights", weights(found),
        )
    )  # fmt: skip
    usual = coarse == DEFAULT
    page, command = ("refiners_measured", "") if usual else (f"refiners_on_{coarse}", f" --coarse {coarse}")
    title = "Refiners, measured" if usual else f"Refiners on coarse maps of {coarse}"
    write_page(page, title, f"benchmarks/refiners.py DATA FOLDER{command}", about, table)
    if usual:
        write_ranks(found)
