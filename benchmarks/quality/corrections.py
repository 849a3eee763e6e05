"""How far a few corrections go on a real scene: Banepa south, three classes, working pixels of 0.53 m.

    .venv/worker/bin/python benchmarks/corrections.py ../shared/data/banepa build/corrections

An analyst is simulated: at most 40 clicks on columns 800-1535, of which none was taught, each answered from the
accurate labels. A click is what the dock offers: one stroke of the brush, as large as the ground there is of one class
(a radius of 1-4 m), or the connected part of the map that is hit, where it is of one class; whichever corrects more.
In another curve the analyst draws: the outline of the connected ground around the place that the map has wrong in one
way, as far as 21 m from it. After 10, 20 and 40 corrections the refiner learns on, and the map is stepped anew from the
coarse map with the corrections bound. The places are those of Where To Look Next, or random ones; beside them, paint
alone: the same clicks without any refiner.

The refiner begins untaught, as one that leaves every map as it is, or as the one that ships. The reference is what
teaching the default refiner in full on the accurate labels of columns 0-767 reaches on the same pixels. The coarse net
is that of benchmarks/banepa.py. Learning is timed on 1000 x 1000 pixels of the whole mosaic, too. Writes
docs/corrections.md and docs/corrections.svg.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyogrio
import rasterio
import shapely
import torch
from banepa import PIXEL_M, SCORED, TAUGHT, part_of_labels, run
from correction_pages import write_pages
from map_refiner.models import device as devices
from map_refiner.models.checkpoint import Card, save_model
from map_refiner.models.correcting import correct
from map_refiner.models.errors import RefinerError
from map_refiner.models.labels import raster_labels
from map_refiner.models.metrics import Accuracy, confusion
from map_refiner.models.rasters.reading import environment
from map_refiner.models.refine.kinds import DEFAULT, make
from map_refiner.models.regions import region_at
from map_refiner.models.relearning import learn_on
from map_refiner.models.scene import Scene
from map_refiner.models.score_maps import UNLABELLED, Labels
from map_refiner.models.session import Session
from map_refiner.models.views import doubts_of
from scipy import ndimage

ROUNDS, STEPS = (10, 20, 40), 5  # clicks after which the refiner learns
SIDE_PX = 1000  # of the scene that learning is timed on
RADII = (8, 6, 5, 4, 3, 2)  # px, of the brush
DRAWN = 40  # px around a place that are drawn at most
PURE = 0.95  # of what a click corrects has to be of the class that it says
CPU = torch.device("cpu")
SHIPPED = Path(__file__).resolve().parents[1] / "resources" / "weights" / "refiner_aerial_0.5m.safetensors"
Click = tuple[shapely.Geometry, int, int]  # outline, class index, pixels


def quiet(_: object, __: object = None) -> None:
    """Hear nothing."""


def never() -> bool:
    """Let a training go on."""
    return False


def click_at(session: Session, step: int, truth: Labels, row: int, column: int) -> Click | None:
    """Return what the analyst corrects with one click at a place; nothing where the truth is not known."""
    grid = session.scene.grid
    index = int(truth[row, column])
    if index == UNLABELLED:
        return None
    x, y = grid.point(column + 0.5, row + 0.5)
    rows, columns = np.ogrid[: truth.shape[0], : truth.shape[1]]
    for radius in RADII:
        away = np.arange(-radius, radius + 1)
        disc = (np.add.outer(away**2, away**2) <= radius**2).astype(np.float32)
        part = tuple(slice(max(0, at - 2 * radius), at + 2 * radius + 1) for at in (row, column))
        pure = ndimage.convolve((truth[part] == index).astype(np.float32), disc / disc.sum(), mode="constant")
        pure[np.hypot(rows[part[0]] - row, columns[:, part[1]] - column) > radius] = 0  # it has to cover the place
        if pure.max() >= PURE:
            break
    down, across = np.unravel_index(int(pure.argmax()), pure.shape)
    middle = int(down) + part[0].start, int(across) + part[1].start
    inside = np.hypot(rows - middle[0], columns - middle[1]) <= radius
    spot = shapely.Point(*grid.point(middle[1] + 0.5, middle[0] + 0.5))
    disc_shape = spot.buffer((radius + 0.3) * abs(grid.transform[0]))
    best: Click = (disc_shape, index, int(inside.sum()))
    try:
        region = region_at(session.path(session.history[step].classes_raster), x, y)
    except RefinerError:
        return best
    if region.index != index and region.pixels > best[2]:
        hit = rasterio.features.geometry_mask(
            [region.outline], truth.shape, rasterio.Affine(*grid.transform), invert=True
        )
        if (truth[hit] == index).mean() >= 0.9:
            return region.outline, index, region.pixels
    return best


def drawing_at(session: Session, step: int, truth: Labels, row: int, column: int) -> Click | None:
    """Return the outline that the analyst draws around the wrong ground at a place; a click where the map is right."""
    index = int(truth[row, column])
    if index == UNLABELLED:
        return None
    with rasterio.open(session.path(session.history[step].classes_raster)) as source:
        shown = source.read(1)
    near = tuple(slice(max(0, at - DRAWN), at + DRAWN + 1) for at in (row, column))
    parts, _ = ndimage.label((truth == index)[near] & (shown != index)[near])
    number = parts[row - near[0].start, column - near[1].start]
    if not number:
        return click_at(session, step, truth, row, column)
    wrong = np.zeros(truth.shape, dtype=np.uint8)
    wrong[near] = parts == number
    found = rasterio.features.shapes(wrong, wrong == 1, transform=rasterio.Affine(*session.scene.grid.transform))
    (outline,) = [shapely.geometry.shape(each) for each, _ in found]
    return outline, index, int(wrong.sum())


def write_layer(path: Path, clicks: list[Click], session: Session) -> str:
    """Write the corrections as the plugin does."""
    pyogrio.raw.write(
        path, geometry=shapely.to_wkb(np.array([click[0] for click in clicks], dtype=object)),
        field_data=[np.array([session.classes[click[1]] for click in clicks], dtype=object)], fields=["class"],
        geometry_type="Polygon", crs=session.scene.grid.crs,
    )  # fmt: skip
    return str(path)


def mean_iou(session: Session, step: int, truth: Labels) -> float:
    """Measure what is seen of a step."""
    with rasterio.open(session.path(session.history[step].classes_raster)) as source:
        counts = confusion(truth, source.read(1), len(session.classes))
    return Accuracy(session.classes, counts).mean_iou


def curve(folder: Path, scores: Path, image: Path, labels: Path, refiner: str, where: str) -> list[dict[str, float]]:
    """Correct by clicks and return the mean IoU after each round."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with rasterio.open(image) as source:
        left, bottom, right, top = source.bounds
        width = (right - left) / source.width
        area = (left + SCORED.start * width, bottom, min(right, left + SCORED.stop * width), top)
    generator, clicks, learnt = np.random.default_rng(0), [], 0.0
    with Scene(image, area=area, pixel_size=float(PIXEL_M)) as scene:
        truth = raster_labels(str(labels), scene.grid)
        session = Session(scene, folder, CPU)
        session.load_scores(str(scores), quiet)
        if refiner:
            session.load_refiner(refiner)
            list(session.step(0, STEPS, quiet))
        last = len(session.history) - 1
        found = [{"clicks": 0, "mean_iou": mean_iou(session, last, truth), "pixels": 0.0}]
        for goal in ROUNDS:
            clicks += next_clicks(session, last, truth, where, generator, goal - len(clicks))
            layer = write_layer(folder / f"corrections_{len(clicks)}.gpkg", clicks, session)
            list(correct(session, layer, 0, quiet))
            if refiner:
                started = time.monotonic()
                session.load_refiner(refiner)  # as the dock does: from the weights before the first Learn
                target = str(folder / f"refiner_{len(clicks)}.safetensors")
                on = learn_on(session, "", target, None, 0, never, quiet)
                session.use_refiner(on.refiner, target, on.card.classes)
                learnt = time.monotonic() - started
                list(session.step(0, STEPS, quiet))
            pixels = float((session.corrections != UNLABELLED).mean()) if session.corrections is not None else 0.0
            found.append({
                "clicks": len(clicks), "mean_iou": mean_iou(session, last, truth), "pixels": pixels, "seconds": learnt
            })  # fmt: skip
            print(where, Path(refiner).stem, found[-1], flush=True)
    return found


def next_clicks(
    session: Session, step: int, truth: Labels, where: str, generator: np.random.Generator, count: int
) -> list[Click]:
    """Return the clicks of one round; places whose truth is not known are passed over."""
    places: list[tuple[int, int]]
    if where == "random":
        free = np.argwhere((truth != UNLABELLED) & _free(session))
        places = [tuple(map(int, free[n])) for n in generator.permutation(len(free))[: 2 * count]]
    else:
        a, _, c, _, e, f = session.scene.grid.transform
        doubts = doubts_of(session, step, 3 * count, quiet).places
        places = [(int((place[1] - f) / e), int((place[0] - c) / a)) for place in doubts]
    answer = drawing_at if where == "drawn" else click_at
    clicks = [answer(session, step, truth, *place) for place in places]
    return [click for click in clicks if click is not None][:count]


def _free(session: Session) -> np.ndarray:
    return np.True_ if session.corrections is None else session.corrections == UNLABELLED


def seconds_of_learning(data: Path, out: Path, coarse: Path) -> tuple[float, float]:
    """Return the seconds of one Learn on 1000 x 1000 pixels with 40 corrections: on the clock, and of computing."""
    with rasterio.open(data / "full_rgb.tif") as source:
        left, top = source.transform * (800, 800)
        side = SIDE_PX * float(PIXEL_M) / 0.265 * source.res[0]  # the mosaic has 0.265 m on the ground
    folder = out / "timed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    area = (left, top - side, left + side, top)
    with Scene(data / "full_rgb.tif", area=area, pixel_size=float(PIXEL_M)) as scene:
        session = Session(scene, folder, CPU)
        session.classify(str(coarse), quiet)
        session.load_refiner(str(SHIPPED))
        generator, clicks = np.random.default_rng(0), []
        for row, column in generator.integers(20, min(scene.grid.height, scene.grid.width) - 20, (40, 2)):
            spot = shapely.Point(*scene.grid.point(column + 0.5, row + 0.5))
            clicks.append((spot.buffer(8 * abs(scene.grid.transform[0])), int(generator.integers(3)), 0))
        list(correct(session, write_layer(folder / "corrections.gpkg", clicks, session), 0, quiet))
        wall, computing = time.monotonic(), time.process_time()
        learn_on(session, "", str(folder / "refiner.safetensors"), None, 0, never, quiet)
        return time.monotonic() - wall, time.process_time() - computing


def untaught(folder: Path) -> str:
    """Write a refiner that leaves every map as it is."""
    path = folder / "untaught.safetensors"
    torch.manual_seed(0)
    classes = ("background", "building", "road")
    save_model(path, make(DEFAULT, 3, 3), Card(DEFAULT, classes, 3, float(PIXEL_M)))  # type: ignore[arg-type]
    return str(path)


def reference(data: Path, out: Path) -> tuple[Path, Path, float, float]:
    """Make the coarse map, teach in full; return the scores, the labels, and the mean IoU before and after."""
    image, label = data / "south_rgb.tif", data / "south_label.tif"
    taught = part_of_labels(label, TAUGHT, out / "taught.tif")
    scored = part_of_labels(label, SCORED, out / "scored.tif")
    coarse, scores, full = out / "coarse.safetensors", out / "scores.tif", out / "full.safetensors"
    common = ("--pixel-size", PIXEL_M)
    if not coarse.exists():
        buildings, roads = data / "south_buildings_imprecise.geojson", data / "south_road_centrelines.geojson"
        classes = ("--class", f"building={buildings}", "--class", f"road={roads}:7")
        run("train-coarse", image, "--model", "fcn", *classes, *common, "--steps", 500, "-o", coarse)
    if not scores.exists():
        run("classify", image, "--model", coarse, *common, "-o", scores)
    if (out / "full.json").exists():
        before, after = (entry["mean_iou"] for entry in json.loads((out / "full.json").read_text()))
        return scores, scored, before, after
    if not full.exists():
        run("train-refiner", image, "--scores", scores, "--labels", taught, *common, "-o", full)
    run("refine", image, "--scores", scores, "--refiner", full, *common, "--steps", STEPS, "-o", out / "full")
    steps = [out / "full" / f"step_{step:03d}.tif" for step in (0, STEPS)]
    run("evaluate", *steps, "--labels", scored, "--report", out / "full.json")
    before, after = (entry["mean_iou"] for entry in json.loads((out / "full.json").read_text()))
    return scores, scored, before, after


def main() -> None:
    """Run every curve once and write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=Path)
    options.add_argument("output", type=Path)
    given = options.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    devices.use_all_cores()
    scores, labels, before, after = reference(given.data, given.output)
    image, fresh = given.data / "south_rgb.tif", untaught(given.output)
    wanted: dict[str, Callable[[], list[dict[str, float]]]] = {}
    for name, refiner, where in (
        ("where to look next, from the refiner that ships", str(SHIPPED), "doubts"),
        ("random places, from the refiner that ships", str(SHIPPED), "random"),
        ("paint alone, where to look next", "", "doubts"), ("paint alone, random places", "", "random"),
        ("where to look next, from an untaught refiner", fresh, "doubts"),
        ("outlines drawn where to look next, from the refiner that ships", str(SHIPPED), "drawn"),
    ):  # fmt: skip
        wanted[name] = lambda r=refiner, w=where: curve(given.output / "run", scores, image, labels, r, w)
    curves = {}
    with environment():
        for number, (name, make_curve) in enumerate(wanted.items()):
            path = given.output / f"curve_{number}.json"
            if not path.exists():
                path.write_text(json.dumps(make_curve()))
            curves[name] = json.loads(path.read_text())
        timed = given.output / "timed.json"
        if not timed.exists():
            timed.write_text(
                json.dumps(seconds_of_learning(given.data, given.output, given.output / "coarse.safetensors"))
            )
    write_pages(curves, before, after, *json.loads(timed.read_text()))


if __name__ == "__main__":
    main()
