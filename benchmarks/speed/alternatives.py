"""What a user would pick instead, on the same scene and machine: a dense CRF, and a small U-Net through onnxruntime.

    .venv/worker/bin/pip install onnx onnxruntime
    .venv/worker/bin/python benchmarks/against.py build/against [--size 1000] [--repeats 3]

The dense CRF (5 mean-field iterations, the usual parameters) is the product's truncated one: pydensecrf has no wheels.
The U-Net is that of unet.py with random weights, in windows of 512 pixels as the Deepness plugin runs them: it shows
what such a net costs, and has no accuracy. Each contender has a process of its own, for its peak memory.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from limit import operations, rate
from map_refiner.models.borders import WHOLE
from map_refiner.models.checkpoint import load_coarse, load_refiner
from map_refiner.models.coarse.model import score_window
from map_refiner.models.demo_scene.files import write as write_demo
from map_refiner.models.labels import raster_labels
from map_refiner.models.metrics import Accuracy, confusion
from map_refiner.models.refine.kinds import make
from map_refiner.models.refine.run import refine
from map_refiner.models.scene import Scene
from map_refiner.models.score_maps import Window

WEIGHTS = Path(__file__).resolve().parents[1] / "resources" / "weights"
STEPS, TILE = 5, 512
CPU = torch.device("cpu")
CONTENDERS = {
    "coarse": "the coarse net",
    "refiner": f"the extended refiner, {STEPS} steps",
    "crf": f"dense CRF, {STEPS} iterations",
    "unet": "small U-Net through onnxruntime",
}


def scored(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the image, the coarse logits and the truth of the scene; made once."""
    kept = folder / "scores.npz"
    with Scene(folder / "scene.tif") as scene:
        whole = Window(0, 0, scene.grid.height, scene.grid.width)
        image = scene.read(whole)[0]
        truth = raster_labels(str(folder / "truth.tif"), scene.grid)
        if not kept.exists():
            net, _ = load_coarse(next(WEIGHTS.glob("coarse*.safetensors")), CPU)
            np.savez(kept, scores=score_window(net, scene, whole, CPU))
    return image, np.load(kept)["scores"], truth


def counted(name: str, folder: Path) -> int:
    """Return the operations of a contender; a CRF's are hardly products, and are not counted."""
    if name != "unet":
        return operations(work(name, folder)[0])
    from unet import UNet

    image, scores, _ = scored(folder)
    windows = math.prod(-(-size // TILE) for size in image.shape[1:])
    parts = torch.zeros(1, len(scores), TILE, TILE), torch.zeros(1, len(image), TILE, TILE)
    with torch.inference_mode():
        return windows * operations(lambda: UNet(len(scores), len(image)).eval()(*parts))


def work(name: str, folder: Path) -> tuple[Callable[[], np.ndarray | None], np.ndarray]:
    """Return what a contender does, with its class scores as the result, and the truth."""
    image, scores, truth = scored(folder)
    pixels, logits = torch.from_numpy(image), torch.log_softmax(torch.from_numpy(scores), 0)
    if name == "unet":
        return unet(image, len(scores)), truth
    if name == "coarse":
        net, _ = load_coarse(next(WEIGHTS.glob("coarse*.safetensors")), CPU)
        with Scene(folder / "scene.tif") as scene:
            whole = Window(0, 0, scene.grid.height, scene.grid.width)
            scene.read(whole)
        return lambda: score_window(net, scene, whole, CPU), truth
    if name == "crf":
        refiner = make("crf", len(scores), len(image))
    else:
        refiner, _ = load_refiner(next(WEIGHTS.glob("refiner*.safetensors")), CPU)

    def steps() -> np.ndarray:
        *_, last = refine(refiner, logits, pixels, WHOLE, STEPS)
        return last.numpy()

    return steps, truth


def unet(image: np.ndarray, classes: int) -> Callable[[], None]:
    """Return what runs a small U-Net over an image, window by window."""
    import onnxruntime
    from unet import UNet

    torch.manual_seed(0)
    net = UNet(classes, len(image)).eval()
    example = torch.zeros(1, classes, TILE, TILE), torch.zeros(1, len(image), TILE, TILE)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/unet.onnx"
        torch.onnx.export(net, example, path, input_names=["scores", "image"], dynamo=False)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rows, columns = (-(-size // TILE) * TILE for size in image.shape[1:])
    padded = np.pad(image, ((0, 0), (0, rows - image.shape[1]), (0, columns - image.shape[2])))[None]
    scores = example[0].numpy()

    def run() -> None:
        for row in range(0, rows, TILE):
            for column in range(0, columns, TILE):
                part = np.ascontiguousarray(padded[:, :, row : row + TILE, column : column + TILE])
                session.run(None, {"scores": scores, "image": part})

    return run


def contend(name: str, folder: Path, repeats: int) -> None:
    """Measure one contender, and print what was found."""
    act, truth = work(name, folder)
    result, seconds = act(), []
    for _ in range(repeats):
        started = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - started)
    miou = None
    if result is not None:
        counts = confusion(truth, result.argmax(0).astype(np.uint8), len(result))
        miou = Accuracy(tuple(map(str, range(len(result)))), counts).mean_iou
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    print(json.dumps({"seconds": statistics.median(seconds), "miou": miou, "peak": peak}))


def main() -> None:
    """Let each contender run in a process of its own, and write the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("--size", type=int, default=1000)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--contender", choices=CONTENDERS)
    options.add_argument("--count", action="store_true", help="the operations of a contender")
    given = options.parse_args()
    if given.count:
        print(counted(given.contender, given.folder))
        return
    if given.contender:
        contend(given.contender, given.folder, given.repeats)
        return
    from record import write_page

    if not (given.folder / "truth.tif").exists():
        write_demo(given.folder, given.size, 7)
    scored(given.folder)
    per_second = rate()
    lines = ["| what | seconds | its limit, s | megapixels a second | times the refiner's seconds | mean IoU "
             "| peak memory, GB |", "|---|---|---|---|---|---|---|"]  # fmt: skip
    found = {name: one(name, given) for name in CONTENDERS}
    for name, (seconds, miou, memory) in found.items():
        quality = "-" if miou is None else f"{100 * miou:.1f}"
        limit = "-" if name == "crf" else f"{int(_said(name, given, '--count')) / per_second:.2f}"
        lines.append(
            f"| {CONTENDERS[name]} | {seconds:.2f} | {limit} | {given.size**2 / 1e6 / seconds:.2f} | "
            f"{seconds / found['refiner'][0]:.2f} | {quality} | {memory:.2f} |"
        )
    about = (
        f"The demo scene, {given.size} pixels a side, three classes, in memory; the shipped weights, which never "
        f"saw it. Medians of {given.repeats} runs after one that warms up. The peak memory is of the whole process: "
        "Python and torch alone take about 0.3 GB. The CRF and the refiner start from the coarse net's map; the U-Net "
        "has random weights. Ratios are within this run alone. The limit is the operations of the convolutions and "
        f"matrix products at the rate of a large matrix product, {per_second / 1e9:.0f} GFLOP/s; a CRF is bound by "
        "memory instead. What separates the refiner from its limit are the messages of its neighbours, the copies "
        "between its layers, and convolutions of few channels, which do not reach that rate."
    )
    command = f"benchmarks/against.py build/against --size {given.size}"
    write_page("against", "What else there is: a dense CRF and a small U-Net", command, about, "\n".join(lines))


def one(name: str, given: argparse.Namespace) -> tuple[float, float | None, float]:
    """Return the seconds, the mean IoU and the peak memory in GB of a contender."""
    values = json.loads(_said(name, given))
    return values["seconds"], values["miou"], values["peak"]


def _said(name: str, given: argparse.Namespace, *more: str) -> str:
    """Return the last line that a contender says in a process of its own."""
    command = [sys.executable, __file__, str(given.folder), "--contender", name, "--repeats", str(given.repeats)]
    return subprocess.run([*command, *more], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[-1]


if __name__ == "__main__":
    main()
