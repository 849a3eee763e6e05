"""What each part of the extended refiner is worth: it is taught without it, on real scenes.

    .venv/worker/bin/python benchmarks/ablation.py ../shared/data build/refiners [--seeds 0] [--places ...]

Uses the coarse maps of `benchmarks/refiners.py`; writes docs/ablation.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import torch
from map_refiner.models.borders import WHOLE
from map_refiner.models.rasters.reading import environment
from map_refiner.models.refine import drill, extended, shares
from map_refiner.models.refine.extended import ExtendedRefiner
from map_refiner.models.refine.kinds import LESSONS
from map_refiner.models.refine.lesson import LabelledTile
from map_refiner.models.refine.run import refine
from record import write_page
from refiners import measured
from scenes import places, prepared
from torch import Tensor

PLACES = ("banepa_south", "zanzibar_b")
FAR = 24
CPU = torch.device("cpu")


def silence(padded: Tensor, likeness: Tensor) -> Tensor:
    """Return messages of neighbours that say nothing."""
    around = 2 * extended.REACH
    rows, columns = (size - around for size in padded.shape[-2:])
    return padded.new_zeros(*padded.shape[:-3], len(extended.NEIGHBOURS) * padded.shape[-3], rows, columns)


PARTS: dict[str, dict[str, dict[str, object]]] = {
    "all of it": {},
    "neighbours are not heard": {"extended": {"_messages": silence}},
    "updates do not die away": {"extended": {"RATE": 1.0}},
    "large updates that die away at once": {"extended": {"GAIN": 3.0, "FULL": 1, "RATE": 0.6}},
    "no memory": {"extended": {"MEMORY": 0}},
    "no deeper look": {"extended": {"GAPS": (1,)}},
    "loss on the last step alone": {"drill": {"LATER": 1e-6}},
    "always five steps": {"drill": {"FEWEST": 5, "MOST": 5}},
    "weights not averaged": {"drill": {"KEPT": 0.0}},
    "classes weigh alike": {"shares": {"RATE": 0.0}},
    "images and coarse maps as they are": {"drill": {"JITTER": 0.0, "SHIFT": 0.0, "WARMTH": 0.0}},
}


def taught(tiles: list[LabelledTile], seed: int) -> ExtendedRefiner:
    """Teach an extended refiner with the constants as they are."""
    torch.manual_seed(seed)
    refiner = ExtendedRefiner(tiles[0].scores.shape[0], 3)
    for _ in drill.drill(refiner, tiles, LESSONS[refiner.kind].updates, seed, CPU):
        pass
    return refiner


def one(part: str, tiles: list[LabelledTile], scored: list[LabelledTile], seed: int) -> dict[str, dict[str, object]]:
    """Teach without a part, and measure."""
    modules = {"extended": extended, "drill": drill, "shares": shares}
    with ExitStack() as changed:
        for name, values in PARTS[part].items():
            changed.enter_context(patch.multiple(modules[name], **values))
        refiner = taught(tiles, seed)
        maps = []
        for tile in scored:
            scores = torch.from_numpy(tile.scores)
            maps.append([scores, *refine(refiner, scores, torch.from_numpy(tile.image), WHOLE, FAR)])
        return measured(scored, maps)


def table(results: dict[str, dict[str, list[dict[str, dict[str, float]]]]], shown: Sequence[str]) -> str:
    """Return mean IoU and boundary IoU at steps 5 and 24 by part and place."""
    heads = [f"{place}: mean IoU, step 5 | step {FAR} | boundary IoU 2 px, step 5" for place in shown]
    lines = [
        f"| | {' | '.join(heads)} |",
        "|---" * (1 + 3 * len(shown)) + "|",
    ]
    for part, by_place in results.items():
        cells = []
        for place in shown:
            for step, measure in (("5", "mean_iou"), (str(FAR), "mean_iou"), ("5", "boundary_iou_2px")):
                cells.append(f"{100 * statistics.mean(run[step][measure] for run in by_place[place]):.1f}")
        lines.append(f"| {part} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Do what is missing, then write the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("--seeds", type=int, nargs="*", default=[0])
    options.add_argument("--places", nargs="*", default=list(PLACES))
    options.add_argument("--threads", type=int, default=1)
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    kept = given.folder / "ablation"
    kept.mkdir(parents=True, exist_ok=True)
    results: dict[str, dict[str, list[dict[str, dict[str, float]]]]] = {}
    with environment():
        found = places(given.data, given.folder)
        for part in PARTS:
            results[part] = {place: [] for place in given.places}
            for place in given.places:
                for seed in given.seeds:
                    path = kept / f"{place}.{part.replace(' ', '_')}.{seed}.json"
                    if not path.exists():
                        path.write_text(json.dumps(one(part, *prepared(found[place], seed, given.folder, CPU), seed)))
                        print(path.name, flush=True)
                    results[part][place].append(json.loads(path.read_text()))
    about = (
        f"The extended refiner taught without one of its parts, seeds {', '.join(map(str, given.seeds))}, per cent on "
        "the scored part of each scene. Differences below a point are within the spread over seeds."
    )
    command = f"benchmarks/ablation.py DATA build/refiners --places {' '.join(given.places)}"
    write_page(
        "ablation", "What each part of the extended refiner is worth", command, about, table(results, given.places)
    )


if __name__ == "__main__":
    main()
