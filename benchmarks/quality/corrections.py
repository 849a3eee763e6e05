"""The gain from a few corrections on a real scene: Banepa south, three classes, 0.53 m working resolution.

    .venv/worker/bin/python -m benchmarks corrections --data FOLDER

An analyst is simulated: at most 40 clicks on columns 800-1535, which no refiner was trained on, each answered from the
accurate labels. A click uses one of the dock's tools, whichever corrects more: one brush stroke as large as the
surrounding area of one class (a radius of 1-4 m), or the connected region of the map under the click, if it is of one
class. In another curve the analyst draws the outline of the connected area with the same error around the place, up
to 21 m away. After 10, 20 and 40 corrections the refiner is fine-tuned, and the steps are run from the coarse map
again with the corrections applied. The places are the dock's uncertain places, or random ones. Other curves use paint
only: the same clicks without any refiner.

The refiner starts untrained, which leaves every map unchanged, or from the shipped weights. The reference is the score
of the default refiner fully trained on the accurate labels of columns 0-767, on the same pixels. The coarse model is
that of the banepa benchmark. Fine-tuning is also timed on 1000 x 1000 pixels of the whole mosaic.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import cast

import numpy as np
import pyogrio
import rasterio
import rasterio.features
import shapely
import torch
from map_refiner.models.arrays.score_maps import UNLABELLED, Labels
from map_refiner.models.errors import RefinerError
from map_refiner.models.metrics.pixels import ConfusionAccuracy, confusion
from map_refiner.models.pipelines.fine_tune_refiner import fine_tune_refiner
from map_refiner.models.polygons.region_at_point import region_at
from map_refiner.models.refine.registry import make_refiner
from map_refiner.models.scene.labels import raster_labels
from map_refiner.models.scene.scene import Scene
from map_refiner.models.session.apply_corrections import apply_corrections
from map_refiner.models.session.derived_layers import uncertain_places
from map_refiner.models.session.session import Session
from map_refiner.models.shared.model_kinds import DEFAULT_REFINER_KIND
from map_refiner.models.weights.checkpoint import ModelCard, save_model
from scipy import ndimage
from torch import nn

from ..harness import Benchmark, Cell, Page, Results, Settings, UsageError, Values
from ..scenes import CPU, SHIPPED_REFINER
from .banepa import CLASSES, PIXEL_M, SCORED, TRAINING, imprecise_classes, run_command, write_labels
from .correction_pages import BEST, Curve, page

ROUNDS, STEPS = (10, 20, 40), 5  # total clicks before each fine-tuning
SIDE_PX = 1000  # side of the scene of the timed fine-tuning
RADII = (8, 6, 5, 4, 3, 2)  # brush radii in pixels
DRAWN = 40  # maximum drawing distance from a place, in pixels
PURE = 0.95  # minimum share of the corrected pixels with the class of the click
REFERENCE, TIMES = "reference", "seconds of fine-tuning"
CURVES = {  # initial weights of the refiner, and the places
    BEST: ("shipped", "uncertain"),
    "random places, shipped refiner": ("shipped", "random"),
    "uncertain places, paint only": ("", "uncertain"),
    "random places, paint only": ("", "random"),
    "uncertain places, untrained refiner": ("untrained", "uncertain"),
    "outlines at uncertain places, shipped refiner": ("shipped", "drawn"),
}
Click = tuple[shapely.Geometry, int, int]  # outline, class index, pixels


def silent(_: object, __: object = None) -> None:
    """Ignore progress."""


def never_cancel() -> bool:
    """Return False: a benchmark is never cancelled."""
    return False


def click_at(session: Session, step: int, truth: Labels, row: int, column: int) -> Click | None:
    """Return the correction made by one click at a place, or None if the truth is unknown there."""
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
        pure[np.hypot(rows[part[0]] - row, columns[:, part[1]] - column) > radius] = 0  # the disc must cover the place
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
    """Return the outline of the wrong area at a place, a click if the map is right, or None if truth is unknown."""
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
    """Write the corrections to a layer, as the plugin does."""
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array([click[0] for click in clicks], dtype=object)),
        field_data=[np.array([session.classes[click[1]] for click in clicks], dtype=object)],
        fields=["class"],
        geometry_type="Polygon",
        crs=session.scene.grid.crs,
    )
    return str(path)


def mean_iou(session: Session, step: int, truth: Labels) -> float:
    """Return the mean IoU of the class map of a step."""
    with rasterio.open(session.path(session.history[step].classes_raster)) as source:
        counts = confusion(truth, source.read(1), len(session.classes))
    return ConfusionAccuracy(session.classes, counts).mean_iou


def curve(settings: Settings, start: str, where: str) -> Curve:
    """Make corrections by clicks and return the mean IoU after each round."""
    image, labels = settings.data / "banepa" / "south_rgb.tif", scored_labels(settings)
    scores = coarse_map(settings)[1]
    refiner = str(SHIPPED_REFINER) if start == "shipped" else untrained(settings) if start else ""
    folder = fresh_folder(settings, "curve")
    with rasterio.open(image) as source:
        left, bottom, right, top = source.bounds
        width = (right - left) / source.width
        area = (left + SCORED.start * width, bottom, min(right, left + SCORED.stop * width), top)
    generator = np.random.default_rng(0)
    clicks: list[Click] = []
    seconds = 0.0
    with Scene(image, area=area, pixel_size=float(PIXEL_M)) as scene:
        truth = raster_labels(str(labels), scene.grid)
        session = Session(scene, folder, CPU)
        session.load_scores(str(scores), silent)
        if refiner:
            session.load_refiner(refiner)
            list(session.step(0, STEPS, silent))
        last = len(session.history) - 1
        found: Curve = [{"clicks": 0, "mean_iou": mean_iou(session, last, truth), "pixels": 0.0}]
        for goal in ROUNDS:
            clicks += next_clicks(
                session, last, truth=truth, where=where, generator=generator, count=goal - len(clicks)
            )
            layer = write_layer(folder / f"corrections_{len(clicks)}.gpkg", clicks, session)
            list(apply_corrections(session, layer, 0, silent))
            if refiner:
                started = time.monotonic()
                session.load_refiner(refiner)  # like the dock: from the weights before the first fine-tuning
                target = str(folder / f"refiner_{len(clicks)}.safetensors")
                on = fine_tune_refiner(session, "", path=target, updates=None, seed=0, stop=never_cancel, report=silent)
                session.use_refiner(on.refiner, target, on.card.classes)
                seconds = time.monotonic() - started
                list(session.step(0, STEPS, silent))
            pixels = float((session.corrections != UNLABELLED).mean()) if session.corrections is not None else 0.0
            iou = mean_iou(session, last, truth)
            found.append({"clicks": len(clicks), "mean_iou": iou, "pixels": pixels, "seconds": seconds})
    return found


def next_clicks(
    session: Session, step: int, truth: Labels, where: str, generator: np.random.Generator, count: int
) -> list[Click]:
    """Return the clicks of one round; places with unknown truth are skipped."""
    places: list[tuple[int, int]]
    if where == "random":
        free = np.argwhere((truth != UNLABELLED) & _free(session))
        places = [(int(free[n][0]), int(free[n][1])) for n in generator.permutation(len(free))[: 2 * count]]
    else:
        a, _, c, _, e, f = session.scene.grid.transform
        doubts = uncertain_places(session, step, 3 * count, silent).places
        places = [(int((place[1] - f) / e), int((place[0] - c) / a)) for place in doubts]
    answer = drawing_at if where == "drawn" else click_at
    clicks = [answer(session, step, truth, *place) for place in places]
    return [click for click in clicks if click is not None][:count]


def _free(session: Session) -> np.ndarray:
    return np.asarray(session.corrections is None or session.corrections == UNLABELLED)


def seconds_of_fine_tuning(settings: Settings) -> tuple[float, float]:
    """Return the wall-clock and processor seconds of one fine-tuning: 1000 x 1000 pixels, 40 corrections."""
    mosaic = settings.data / "banepa" / "full_rgb.tif"
    with rasterio.open(mosaic) as source:
        left, top = source.transform * (800, 800)
        side = SIDE_PX * float(PIXEL_M) / 0.265 * source.res[0]  # the mosaic has a ground resolution of 0.265 m
    folder = fresh_folder(settings, "timed")
    area = (left, top - side, left + side, top)
    with Scene(mosaic, area=area, pixel_size=float(PIXEL_M)) as scene:
        session = Session(scene, folder, CPU)
        session.classify(str(coarse_map(settings)[0]), silent)
        session.load_refiner(str(SHIPPED_REFINER))
        generator, clicks = np.random.default_rng(0), []
        for row, column in generator.integers(20, min(scene.grid.height, scene.grid.width) - 20, (40, 2)):
            spot = shapely.Point(*scene.grid.point(column + 0.5, row + 0.5))
            clicks.append((spot.buffer(8 * abs(scene.grid.transform[0])), int(generator.integers(3)), 0))
        list(apply_corrections(session, write_layer(folder / "corrections.gpkg", clicks, session), 0, silent))
        wall, computing = time.monotonic(), time.process_time()
        fine_tune_refiner(
            session,
            "",
            path=str(folder / "refiner.safetensors"),
            updates=None,
            seed=0,
            stop=never_cancel,
            report=silent,
        )
        return time.monotonic() - wall, time.process_time() - computing


def fresh_folder(settings: Settings, name: str) -> Path:
    """Return an empty work folder."""
    shutil.rmtree(settings.work_folder(name))
    return settings.work_folder(name)


def untrained(settings: Settings) -> str:
    """Write an untrained refiner, which leaves every map unchanged."""
    path = settings.work_folder("reference") / "untrained.safetensors"
    torch.manual_seed(0)
    refiner = cast(nn.Module, make_refiner(DEFAULT_REFINER_KIND, 3, 3))
    save_model(path, refiner, ModelCard(DEFAULT_REFINER_KIND, CLASSES, 3, float(PIXEL_M)))
    return str(path)


def scored_labels(settings: Settings) -> Path:
    """Write the labels of the scored columns."""
    target = settings.work_folder("reference") / "scored.tif"
    return write_labels(settings.data / "banepa" / "south_label.tif", SCORED, target)


def coarse_map(settings: Settings) -> tuple[Path, Path]:
    """Return the files of the coarse model and its scores, which are created once."""
    data, folder = settings.data / "banepa", settings.work_folder("reference")
    image, size = data / "south_rgb.tif", ("--pixel-size", PIXEL_M)
    coarse, scores = folder / "coarse.safetensors", folder / "scores.tif"
    if not coarse.exists():
        classes = imprecise_classes(data)
        run_command("train-coarse", image, "--model", "fcn", *classes, *size, "--steps", 500, "-o", coarse)
    if not scores.exists():
        run_command("classify", image, "--model", coarse, *size, "-o", scores)
    return coarse, scores


def reference(settings: Settings) -> tuple[float, float]:
    """Fully train the refiner; return the mean IoU before and after refinement."""
    data, folder = settings.data / "banepa", settings.work_folder("reference")
    image, size, scores = data / "south_rgb.tif", ("--pixel-size", PIXEL_M), coarse_map(settings)[1]
    training = write_labels(data / "south_label.tif", TRAINING, folder / "training.tif")
    full = folder / "full.safetensors"
    if not full.exists():
        run_command("train-refiner", image, "--scores", scores, "--labels", training, *size, "-o", full)
    inputs = ("--scores", scores, "--refiner", full)
    run_command("refine", image, *inputs, *size, "--steps", STEPS, "-o", folder / "full")
    steps = [folder / "full" / f"step_{step:03d}.tif" for step in (0, STEPS)]
    run_command("evaluate", *steps, "--labels", scored_labels(settings), "--report", folder / "full.json")
    before, after = (entry["mean_iou"] for entry in json.loads((folder / "full.json").read_text(encoding="utf-8")))
    return before, after


def run(settings: Settings, cell: Cell) -> Values:
    """Return one curve, the scores of the reference, or the seconds of one fine-tuning."""
    if cell.kind == REFERENCE:
        before, after = reference(settings)
        return {"before": before, "after": after}
    if cell.kind == TIMES:
        wall, computing = seconds_of_fine_tuning(settings)
        return {"wall": wall, "computing": computing}
    return {"curve": curve(settings, *CURVES[cell.kind])}


def summary(values: Values) -> str:
    """Return the mean IoU after each round, or the other values."""
    if "curve" in values:
        return "mean IoU " + ", ".join(f"{point['mean_iou']:.3f}" for point in values["curve"])
    return ", ".join(f"{name} {value:.3f}" for name, value in values.items())


def table(settings: Settings, results: Results) -> Page:
    """Return the page with its figure.

    Raises:
        UsageError: if a curve has no results yet.
    """
    values = {kind: results.by_seed(kind=kind).get(0) for kind in BENCHMARK.kinds}
    missing = [kind for kind, found in values.items() if found is None]
    if missing:
        raise UsageError(f"The page needs every curve; still to measure: {'; '.join(missing)}.")
    found = {kind: value for kind, value in values.items() if value is not None}
    curves = {kind: found[kind]["curve"] for kind in CURVES}
    return page(curves, **found[REFERENCE], **found[TIMES])


BENCHMARK = Benchmark(
    name="corrections",
    title="Accuracy gained by 10 to 40 corrections",
    run=run,
    table=table,
    kinds=(REFERENCE, *CURVES, TIMES),
    summary=summary,
)
