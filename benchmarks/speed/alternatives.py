"""Alternatives to a refiner on the same scene and machine: a dense CRF, and a small U-Net through onnxruntime.

    .venv/worker/bin/pip install onnx onnxruntime
    .venv/worker/bin/python -m benchmarks alternatives [--size 1000] [--repeats 3]

The dense CRF (5 mean-field iterations, default parameters) is the product's truncated one, because pydensecrf has no
wheels. The U-Net is that of the refiners benchmark with random weights, in windows of 512 pixels as in the Deepness
plugin: it shows the cost of such a network and has no accuracy. Each contender runs in a separate process to measure
its peak memory: `python -m benchmarks.speed.alternatives FOLDER NAME REPEATS THREADS`.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from map_refiner.demo_scene.files import write
from map_refiner.models.arrays.borders import WHOLE
from map_refiner.models.arrays.grid import Window
from map_refiner.models.metrics.pixels import ConfusionAccuracy, confusion
from map_refiner.models.refine.registry import make_refiner
from map_refiner.models.refine.unroll import refine_steps
from map_refiner.models.scene.labels import raster_labels
from map_refiner.models.scene.scene import Scene
from map_refiner.models.tiling.classify_tile import score_window
from map_refiner.models.weights.checkpoint import load_coarse, load_refiner

from ..harness import ROOT, Benchmark, Cell, Option, Page, Results, Settings, Values, markdown_table
from ..machine import count_operations, matmul_rate, peak_memory_gb
from ..quality.unet import UNet
from ..scenes import CPU, SHIPPED_COARSE, SHIPPED_REFINER

STEPS, TILE = 5, 512
CONTENDERS = {
    "coarse": "coarse model",
    "refiner": f"extended refiner, {STEPS} steps",
    "crf": f"dense CRF, {STEPS} iterations",
    "unet": "small U-Net in onnxruntime",
}


def load_maps(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the image, the coarse logits and the true classes of the scene; the logits are computed once."""
    kept = folder / "scores.npz"
    with Scene(folder / "scene.tif") as scene:
        whole = Window(0, 0, scene.grid.height, scene.grid.width)
        image = scene.read(whole)[0]
        truth = raster_labels(str(folder / "truth.tif"), scene.grid)
        if not kept.exists():
            net, _ = load_coarse(SHIPPED_COARSE, CPU)
            np.savez(kept, scores=score_window(net, scene, whole, CPU))
    return image, np.load(kept)["scores"], truth


def operations_of(name: str, folder: Path) -> int:
    """Return the operations of a contender; a CRF uses few products, so its operations are not counted."""
    if name != "unet":
        return count_operations(work(name, folder)[0])
    image, scores, _ = load_maps(folder)
    windows = math.prod(-(-size // TILE) for size in image.shape[1:])
    parts = torch.zeros(1, len(scores), TILE, TILE), torch.zeros(1, len(image), TILE, TILE)
    with torch.inference_mode():
        return int(windows) * count_operations(lambda: UNet(len(scores), len(image)).eval()(*parts))


def work(name: str, folder: Path) -> tuple[Callable[[], np.ndarray | None], np.ndarray]:
    """Return a contender as a function that returns its class scores, and the true classes."""
    image, scores, truth = load_maps(folder)
    pixels, logits = torch.from_numpy(image), torch.log_softmax(torch.from_numpy(scores), 0)
    if name == "unet":
        return unet(image, len(scores)), truth
    if name == "coarse":
        net, _ = load_coarse(SHIPPED_COARSE, CPU)
        with Scene(folder / "scene.tif") as scene:
            whole = Window(0, 0, scene.grid.height, scene.grid.width)
            scene.read(whole)
        return lambda: score_window(net, scene, whole, CPU), truth
    if name == "crf":
        refiner = make_refiner("crf", len(scores), len(image))
    else:
        refiner, _ = load_refiner(SHIPPED_REFINER, CPU)

    def steps() -> np.ndarray:
        *_, last = refine_steps(refiner, logits, pixels, WHOLE, STEPS)
        return last.numpy()

    return steps, truth


def unet(image: np.ndarray, classes: int) -> Callable[[], None]:
    """Return a function that runs a small U-Net over an image, window by window."""
    import onnxruntime  # type: ignore[import-not-found,unused-ignore]

    torch.manual_seed(0)
    net = UNet(classes, len(image)).eval()
    example = torch.zeros(1, classes, TILE, TILE), torch.zeros(1, len(image), TILE, TILE)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/unet.onnx"
        torch.onnx.export(net, example, path, input_names=["scores", "image"], dynamo=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    rows, columns = (-(-size // TILE) * TILE for size in image.shape[1:])
    padded = np.pad(image, ((0, 0), (0, rows - image.shape[1]), (0, columns - image.shape[2])))[None]
    scores = example[0].numpy()

    def run() -> None:
        for row in range(0, rows, TILE):
            for column in range(0, columns, TILE):
                part = np.ascontiguousarray(padded[:, :, row : row + TILE, column : column + TILE])
                session.run(None, {"scores": scores, "image": part})

    return run


def contend(name: str, folder: Path, repeats: int) -> Values:
    """Benchmark one contender in this process."""
    act, truth = work(name, folder)
    result, seconds = act(), []
    for _ in range(repeats):
        started = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - started)
    miou = None
    if result is not None:
        counts = confusion(truth, result.argmax(0).astype(np.uint8), len(result))
        miou = ConfusionAccuracy(tuple(map(str, range(len(result)))), counts).mean_iou
    return {"seconds": statistics.median(seconds), "miou": miou, "peak": peak_memory_gb()}


def run(settings: Settings, cell: Cell) -> Values:
    """Benchmark one contender in a separate process, and count its operations in another one."""
    folder = settings.work_folder("scene")
    if not (folder / "truth.tif").exists():
        write(folder, settings.options.size, 7)
    load_maps(folder)
    rate = matmul_rate()
    values = in_process(folder, cell.kind, settings.options.repeats)
    operations = None if cell.kind == "crf" else in_process(folder, cell.kind, 0)["operations"]
    return {**values, "operations": operations, "rate": rate}


def in_process(folder: Path, name: str, repeats: int) -> Values:
    """Run `main` in a new process and return its result."""
    command = [sys.executable, "-m", "benchmarks.speed.alternatives", str(folder), name, str(repeats)]
    command.append(str(torch.get_num_threads()))
    output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    values: Values = json.loads(output.splitlines()[-1])
    return values


def summary(values: Values) -> str:
    """Return the seconds and the peak memory."""
    return f"{values['seconds']:.2f} s, {values['peak']:.2f} GB"


def table(settings: Settings, results: Results) -> Page:
    """Return a page of the seconds, accuracy and peak memory of every contender."""
    size, repeats = settings.options.size, settings.options.repeats
    rate = next(iter(results.values()))["rate"]
    refiner = results.get(Cell(kind="refiner"))
    rows = []
    for cell, values in results.items():
        seconds, miou, operations = values["seconds"], values["miou"], values["operations"]
        rows.append(
            [
                CONTENDERS[cell.kind],
                f"{seconds:.2f}",
                "-" if operations is None else f"{operations / rate:.2f}",
                f"{size**2 / 1e6 / seconds:.2f}",
                f"{seconds / refiner['seconds']:.2f}" if refiner else "-",
                "-" if miou is None else f"{100 * miou:.1f}",
                f"{values['peak']:.2f}",
            ]
        )
    heads = [
        "method",
        "seconds",
        "limit, s",
        "megapixels per second",
        "seconds relative to the refiner",
        "mean IoU",
        "peak memory, GB",
    ]
    about = (
        f"The demo scene, {size} pixels a side, three classes, in memory. The shipped weights never saw this scene. "
        f"Times are medians of {repeats} runs after a warm-up run and can only be compared within this table. The CRF "
        "and the refiner start from the map of the coarse model. The U-Net has random weights, so it has a speed but "
        "no accuracy.\n\nThe peak memory is that of the whole process, of which Python and torch take about 0.3 GB. "
        "The limit is the number of operations of the convolutions and matrix products divided by the rate of a large "
        f"matrix product, {rate / 1e9:.0f} GFLOP/s; a CRF is bound by memory instead. Neighbour messages, copies "
        "between layers and convolutions with few channels, which do not reach that rate, separate the refiner from "
        "its limit."
    )
    return Page(about, markdown_table(heads, rows))


BENCHMARK = Benchmark(
    name="alternatives",
    title="Speed and accuracy compared with a dense CRF and a small U-Net",
    run=run,
    table=table,
    kinds=tuple(CONTENDERS),
    options=(
        Option("size", 1000, "side of the scene in pixels"),
        Option("repeats", 3, "timed runs of each contender", changes_results=False),
    ),
    reads_data=False,
    is_timed=True,
    summary=summary,
)


def main() -> None:
    """Benchmark one contender, or count its operations if REPEATS is 0, and print the result as JSON."""
    folder, name, repeats, threads = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    found = contend(name, folder, repeats) if repeats else {"operations": operations_of(name, folder)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
