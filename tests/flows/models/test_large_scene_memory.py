"""The memory for a large raster from image to polygons, processed as a whole or in windows."""

import sys
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import rasterio.windows
from map_refiner.models.shared import requests as p

MOST_BYTES = 1.5e9
SIDES = (1984, 2560)  # px: about the largest scene processed as a whole, and a larger one


@pytest.fixture(params=SIDES)
def large(request, tmp_path):
    """A scene of fields: large squares of three colours, with noise."""
    side, height = request.param, request.param // 16
    rng = np.random.default_rng(0)
    fields = rng.integers(0, 3, (16, 16))
    colours = np.array([[70, 110, 60], [170, 80, 60], [120, 120, 125]], dtype="uint8")
    noise = rng.integers(0, 12, (height, side, 3)).astype("uint8")
    path = tmp_path / "large.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=3,
        height=side,
        width=side,
        dtype="uint8",
        crs="EPSG:32631",
        tiled=True,
        transform=rasterio.transform.from_origin(500_000, 4_649_100, 0.5, 0.5),
    ) as target:
        for row, line in enumerate(fields):
            strip = colours[line].repeat(height, axis=0)[None] + noise
            target.write(strip.transpose(2, 0, 1), window=rasterio.windows.Window(0, height * row, side, height))
    return str(path)


def peak_bytes(process):
    """Return the peak memory of a process since it started its present program."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise LookupError("VmHWM")


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read where Linux tells it")
def test_a_large_raster_needs_little_memory(start_worker, large, coarse_path, refiner_path, tmp_path):
    worker = start_worker()
    worker.do(p.Open(large, str(tmp_path / "run")))
    for request in (p.Classify(coarse_path), p.LoadRefiner(refiner_path), p.Step(0)):
        worker.do(request)
    worker.do(p.ExportPolygons(1, str(tmp_path / "p.gpkg"), 10.0, 0.5, background=True))
    assert peak_bytes(worker.process) < MOST_BYTES
    assert pyogrio.read_info(tmp_path / "p.gpkg")["features"] > 50
