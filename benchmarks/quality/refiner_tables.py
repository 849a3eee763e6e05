"""Tables of the refiners benchmark, and the ranks of the refiners."""

from __future__ import annotations

import statistics
from collections import defaultdict

from map_refiner.models.refine.training.held_out import best_step

from ..harness import Results, Values
from ..scenes import SYNTHETIC

AT = (0, 1, 2, 3, 4, 5, 6, 8, 12, 20, 24)  # evaluated steps; the extended refiner is trained on a quarter of 24
NAMES = {
    "coarse": "coarse map",
    "extended": "extended",
    "faithful": "faithful (the paper's)",
    "unet": "small U-Net",
    "class-agnostic": "class-agnostic",
    "unshared": "unshared",
    "crf": "dense CRF, truncated",
    "heat": "heat flow",
    "perona-malik": "Perona-Malik",
    "anisotropic": "anisotropic diffusion",
    "geodesic": "geodesic contour",
    "opinion-pool": "opinion pool",
}
Runs = dict[tuple[str, str], dict[int, Values]]  # by kind and scene, then by seed


def by_kind_and_scene(results: Results) -> Runs:
    """Group results by kind and scene, with the coarse map as a separate kind."""
    found: Runs = defaultdict(dict)
    for cell, values in results.items():
        found[cell.kind, cell.scene][cell.seed] = values
        coarse = {"steps": {"0": values["steps"]["0"]}, "seconds": 0, "weights": 0}
        found["coarse", cell.scene].setdefault(cell.seed, coarse)
    return found


def value(result: Values, metric: str, step: int | None = None) -> float:
    """Return a metric in per cent at a step; by default at step 5, or at the last earlier step."""
    steps = result["steps"]
    at = str(step) if step is not None else max((s for s in steps if int(s) <= 5), key=int)
    return 100 * float(steps[at][metric])


def cell(values: list[float]) -> str:
    """Return the mean with its standard deviation as text."""
    spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f}{spread}"


def by_scene(found: Runs, metric: str) -> str:
    """Return a table of refiners by scene, with the mean over the real scenes."""
    scenes = sorted({scene for _, scene in found}, key=lambda name: (name == SYNTHETIC, name))
    kinds = [kind for kind in NAMES if any((kind, scene) in found for scene in scenes)]
    lines = [f"| | {' | '.join(scenes)} | mean of the real scenes |", "|---" * (len(scenes) + 2) + "|"]
    for kind in kinds:
        cells, means = [], []
        for scene in scenes:
            values = [value(result, metric) for result in found.get((kind, scene), {}).values()]
            cells.append(cell(values) if values else "-")
            if values and scene != SYNTHETIC:
                means.append(statistics.mean(values))
        complete = bool(means) and len(means) == len([scene for scene in scenes if scene != SYNTHETIC])
        cells.append(f"{statistics.mean(means):.1f}" if complete else "-")
        lines.append(f"| {NAMES[kind]}, {_seeds(found, kind)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _seeds(found: Runs, kind: str) -> str:
    seeds = sorted({seed for (k, _), by_seed in found.items() if k == kind for seed in by_seed})
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}"


def pairs(found: Runs, kind: str, other: str, metric: str) -> list[float]:
    """Return the gain of one refiner over another, for each real scene and seed that has both."""
    step = 0 if other == "coarse" else None
    return [
        value(result, metric) - value(found[other, scene][seed], metric, step)
        for (k, scene), by_seed in found.items()
        if k == kind and scene != SYNTHETIC
        for seed, result in by_seed.items()
        if seed in found.get((other, scene), {})
    ]


def paired_gains(found: Runs) -> str:
    """Return a table of the differences on the same scene and seed, regardless of the seeds in the other rows."""
    lines = [
        "| | runs | mean IoU: gain over the coarse map | worst | gain in boundary IoU "
        "| mean IoU: gain over the faithful refiner | worst | gain in boundary IoU |",
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


def many_steps(found: Runs) -> str:
    """Return a table of the extended refiner's loss from too many steps, as the mean over the seeds."""
    lines = ["| | best step | its mean IoU | step 5 | step 20 | step 24 | loss by step 20 |", "|---" * 7 + "|"]
    for (kind, scene), by_seed in sorted(found.items()):
        if kind != "extended":
            continue
        means = {step: statistics.mean(value(r, "mean_iou", step) for r in by_seed.values()) for step in AT}
        best = max(means, key=lambda step: means[step])
        cells = [str(best), *(f"{means[step]:.1f}" for step in (best, 5, 20, 24)), f"{means[best] - means[20]:.1f}"]
        lines.append(f"| {scene} | {' | '.join(cells)} |")
    return "\n".join(lines)


def recommended(found: Runs) -> str:
    """Return a table of the maps at the best step on the held-out blocks, which may be step 0."""
    kinds = ("extended", "faithful")
    heads = (f"{NAMES[kind]}: step by seed | mean IoU | gain over the coarse map | worst" for kind in kinds)
    lines = [f"| | coarse map | {' | '.join(heads)} |", "|---" * (2 + 4 * len(kinds)) + "|"]
    means: dict[str, list[float]] = defaultdict(list)
    scenes = [scene for kind, scene in sorted(found) if kind == kinds[0] and (kinds[1], scene) in found]
    if not scenes:
        return "Not measured yet."
    for scene in scenes:
        coarse = [value(result, "mean_iou") for result in found["coarse", scene].values()]
        cells = [cell(coarse)]
        for kind in kinds:
            results = found[kind, scene].values()
            steps = [_evaluated_step(result, best_step(result["held_out"])) for result in results]
            at = [value(result, "mean_iou", step) for result, step in zip(results, steps, strict=True)]
            gains = [mean - value(result, "mean_iou", 0) for result, mean in zip(results, at, strict=True)]
            cells += [", ".join(map(str, steps)), cell(at), cell(gains), f"{min(gains):.1f}"]
            means[kind] += gains
        lines.append(f"| {scene} | {' | '.join(cells)} |")
    last = (f" | | | {cell(means[kind])} | {min(means[kind]):.1f}" for kind in kinds)
    return "\n".join([*lines, f"| all runs |{''.join(last)} |"])


def _evaluated_step(result: Values, step: int) -> int:
    return max(int(each) for each in result["steps"] if int(each) <= step)


def by_step(found: Runs, metric: str) -> str:
    """Return a table of the trained refiners by step: means over the real scenes and seeds."""
    lines = ["| step | " + " | ".join(map(str, AT)) + " |", "|---" * (len(AT) + 1) + "|"]
    for kind in ("extended", "faithful", "class-agnostic", "unshared"):
        scenes = [scene for k, scene in found if k == kind and scene != SYNTHETIC]
        results = [result for scene in scenes for result in found[kind, scene].values()]
        cells = []
        for step in AT:
            known = [value(result, metric, step) for result in results if str(step) in result["steps"]]
            cells.append(f"{statistics.mean(known):.1f}" if known else "-")
        if results:
            lines.append(f"| {NAMES[kind]}, {len(scenes)} scenes | {' | '.join(cells)} |")
    return "\n".join(lines)


def weights(found: Runs) -> str:
    """Return a table of the weight counts, each the maximum over the scenes."""
    lines = ["| | weights |", "|---|---|"]
    for kind in NAMES:
        counts = [result["weights"] for (k, _), seeds in found.items() if k == kind for result in seeds.values()]
        if counts and max(counts):
            lines.append(f"| {NAMES[kind]} | {max(counts)} |")
    return "\n".join(lines)


def ranks(results: Results) -> dict[str, dict[str, float]]:
    """Return the rank and gain of each refiner on the real scenes, best first; kinds lacking a scene are omitted."""
    found = by_kind_and_scene(results)
    scenes = {scene for _, scene in found if scene != SYNTHETIC}
    kinds = [
        kind for kind in NAMES if kind not in ("coarse", "unet") and all((kind, scene) in found for scene in scenes)
    ]
    if not kinds or not scenes:
        return {}
    common = set.intersection(*({(scene, seed) for scene in scenes for seed in found[kind, scene]} for kind in kinds))
    gains = {}
    for kind in kinds:
        each = [found[kind, scene][seed] for scene, seed in common]
        gains[kind] = statistics.mean(value(r, "mean_iou") - value(r, "mean_iou", 0) for r in each) / 100
    ranked = sorted(gains, key=lambda kind: -gains[kind])
    return {kind: {"rank": n + 1, "mean_iou_gain": round(gains[kind], 4) + 0.0} for n, kind in enumerate(ranked)}


def all_tables(results: Results) -> str:
    """Return every table of the page with its heading."""
    found = by_kind_and_scene(results)
    return "\n\n".join(
        (
            "## Mean IoU",
            by_scene(found, "mean_iou"),
            "## Boundary IoU, 2 px, mean of the classes",
            by_scene(found, "boundary_iou_2px"),
            "## Paired differences on the same real scene and seed",
            paired_gains(found),
            "## Overall accuracy",
            by_scene(found, "overall_accuracy"),
            "## Mean IoU by step, over the real scenes",
            by_step(found, "mean_iou"),
            "## Boundary IoU (2 px) by step, over the real scenes",
            by_step(found, "boundary_iou_2px"),
            "## More than five steps of the extended refiner",
            many_steps(found),
            "## The step that the dock recommends",
            recommended(found),
            "## Weights",
            weights(found),
        )
    )
