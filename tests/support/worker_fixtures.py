"""Small generated scenes, weights to refine them with, and a real worker."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in the worker and the command; set before torch is imported

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
import torch
from map_refiner.models.arrays.grid import Grid
from map_refiner.models.coarse.fcn import FCN
from map_refiner.models.refine.rnn import RefinementRNN
from map_refiner.models.shared import codec
from map_refiner.models.shared.events import Alive, Cancelled, Failed, Finished
from map_refiner.models.weights.checkpoint import ModelCard, save_model
from rasterio.transform import from_origin
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
UTM = "EPSG:32631"
WEST, NORTH = 500_000.0, 4_649_100.0
PIXEL = 0.5
CLASSES = ("background", "building", "road")


def write_raster(path, array, crs=UTM, transform=None, nodata=None, names=(), mask=None, alpha=False):
    """Write (bands, rows, columns) as a GeoTIFF with half-metre pixels, and return its path as text."""
    array = np.asarray(array)
    kind = {"photometric": "MINISBLACK"} if not alpha else {"photometric": "RGB", "alpha": "YES"}
    place = transform if transform is not None else from_origin(WEST, NORTH, PIXEL, PIXEL)
    with warnings.catch_warnings(), rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            count=array.shape[0],
            height=array.shape[1],
            width=array.shape[2],
            dtype=array.dtype,
            crs=crs,
            transform=place,
            nodata=nodata,
            **kind,
        ) as target:
            target.write(array)
            for number, name in enumerate(names, start=1):
                target.set_band_description(number, name)
            if mask is not None:
                target.write_mask(np.asarray(mask) * np.uint8(255))
    return str(path)


def write_vectors(path, geometries, crs=UTM, layer=None, geometry_type=None, **fields):
    """Write geometries with text or number fields, and return the path as text."""
    columns = [np.array(values, dtype=object if isinstance(values[0], str) else None) for values in fields.values()]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'crs' was not provided")
        pyogrio.raw.write(
            path,
            geometry=shapely.to_wkb(np.array(geometries, dtype=object)),
            field_data=columns,
            fields=list(fields),
            geometry_type=geometry_type or geometries[0].geom_type,
            crs=crs,
            layer=layer,
            append=layer is not None and Path(path).exists(),
        )
    return str(path)


def pytest_configure(config):
    """Ignore a deprecation warning between rasterio and affine."""
    config.addinivalue_line("filterwarnings", "ignore:Use `@` matmul:PendingDeprecationWarning")


@pytest.fixture
def raster(tmp_path):
    """A function that writes a raster in the test's own folder: raster("name.tif", array, ...)."""
    return lambda name, array, **options: write_raster(tmp_path / name, array, **options)


@pytest.fixture
def vectors(tmp_path):
    """A function that writes a vector layer in the test's folder: vectors("name.gpkg", geometries, class_=[...])."""
    return lambda name, geometries, **options: write_vectors(tmp_path / name, geometries, **options)


@pytest.fixture(scope="session")
def utm():
    """The WKT of the CRS of the small scenes."""
    return rasterio.CRS.from_user_input(UTM).to_wkt()


@pytest.fixture(scope="session")
def grid(utm):
    """A function that makes a grid with half-metre pixels: grid(height, width)."""
    return lambda height, width, crs=utm, size=PIXEL: Grid(crs, (size, 0.0, WEST, 0.0, -size, NORTH), width, height)


def corner(column, row):
    """Return the map coordinates of a pixel's outer corner in the small scenes."""
    return WEST + PIXEL * column, NORTH - PIXEL * row


def box(column, row, width, height):
    """Return a rectangle of pixels of the small scenes as a polygon."""
    return shapely.box(*corner(column, row + height), *corner(column + width, row))


@pytest.fixture(scope="session")
def pixels():
    """A function that turns pixels (column, row, width, height) of the small scenes into a polygon on the map."""
    return box


@pytest.fixture(scope="session")
def data():
    """The folder of the real scenes; the test is skipped if it is missing."""
    if not DATA.is_dir():
        pytest.skip(f"the real scenes are not at {DATA}")
    return DATA


HOUSES = ((8, 8), (30, 8), (80, 10), (100, 20), (10, 60), (40, 60), (90, 60))  # column, row of 16 x 14 px
STREETS = ((0, 40, 120, 8), (60, 0, 8, 96))  # column, row, width, height


def truth_of_town():
    labels = np.zeros((96, 120), dtype=np.uint8)
    for column, row, width, height in STREETS:
        labels[row : row + height, column : column + width] = 2
    for column, row in HOUSES:
        labels[row : row + 14, column : column + 16] = 1
    return labels


def photo_of(labels, seed=0):
    colours = np.array([[70, 110, 60], [170, 80, 60], [120, 120, 125]])
    noise = np.random.default_rng(seed).normal(0, 6, (3, *labels.shape))
    return np.clip(colours[labels].transpose(2, 0, 1) + noise, 1, 255).astype(np.uint8)


def coarse_scores_of(labels):
    """Return the truth blurred and shifted, as from a coarse model."""
    maps = np.stack([labels == k for k in range(3)]).astype(np.float32)
    maps = np.stack([ndimage.shift(ndimage.gaussian_filter(m, 2.5), (2, 3), order=1, mode="nearest") for m in maps])
    return (maps / maps.sum(axis=0)).astype(np.float32)


@pytest.fixture(scope="session")
def town(tmp_path_factory):
    """A town of 120 x 96 half-metre pixels: its truth, its files, and a blurred and shifted coarse map."""
    folder = tmp_path_factory.mktemp("town")
    labels = truth_of_town()
    houses = [box(column, row, 16, 14) for column, row in HOUSES]
    middles = [
        shapely.LineString([corner(0, 44), corner(120, 44)]),
        shapely.LineString([corner(64, 0), corner(64, 96)]),
    ]
    drawn = [*houses, *[box(*street) for street in STREETS], box(0, 0, 120, 96)]
    names = ["building"] * len(houses) + ["road"] * len(STREETS) + ["tile"]
    return SimpleNamespace(
        folder=folder,
        labels=labels,
        scores=coarse_scores_of(labels),
        classes=CLASSES,
        image_path=write_raster(folder / "image.tif", photo_of(labels)),
        labels_path=write_raster(folder / "labels.tif", labels[None], nodata=255),
        scores_path=write_raster(folder / "scores.tif", coarse_scores_of(labels), nodata=-9999, names=CLASSES),
        tile_path=write_vectors(folder / "tile.gpkg", drawn, **{"class": names}),
        houses_path=write_vectors(folder / "houses.gpkg", houses, name=["a"] * len(houses)),
        streets_path=write_vectors(folder / "streets.gpkg", middles, name=["b"] * len(middles)),
    )


def random_refiner(classes=3, bands=3, seed=0, scale=1.0):
    """Make a refiner with random weights and biases; `scale` damps its changes of the map."""
    torch.manual_seed(seed)
    refiner = RefinementRNN(classes, bands)
    with torch.no_grad():
        for bias in (refiner.hidden_bias, refiner.out_bias):
            bias.normal_(0, 0.1)
        refiner.out.mul_(scale)
        refiner.out_bias.mul_(scale)
    return refiner.eval()


@pytest.fixture(scope="session")
def refiner():
    """A function that makes a refiner with random weights: refiner(classes, bands, seed=0, scale=1)."""
    return random_refiner


@pytest.fixture(scope="session")
def refiner_path(town):
    """The weights file of a refiner for the town's classes that changes a map slightly."""
    path = town.folder / "refiner.safetensors"
    save_model(path, random_refiner(scale=0.2), ModelCard("faithful", CLASSES, 3, PIXEL, 5, "nothing", "none", "CC0"))
    return str(path)


@pytest.fixture(scope="session")
def coarse_path(town):
    """The weights file of an untrained coarse model for the town's classes."""
    torch.manual_seed(1)
    path = town.folder / "coarse.safetensors"
    save_model(path, FCN(3, 3), ModelCard("fcn", CLASSES, 3, PIXEL, 0, "nothing", "none", "CC0"))
    return str(path)


# --- a worker, as QGIS starts it ------------------------------------------------------------------------------------

BOOT = """
import importlib, importlib.util, os, sys
root = sys.argv.pop(1)
spec = importlib.util.spec_from_file_location(
    "map_refiner", os.path.join(root, "__init__.py"), submodule_search_locations=[root])
sys.modules["map_refiner"] = importlib.util.module_from_spec(spec)
{prelude}
importlib.import_module("map_refiner.models.worker.{module}").main()
"""
PATIENCE_S = 120  # for events that must come; torch starts slowly on a busy machine
ENDS = (Finished, Failed, Cancelled)


class WorkerProcess:
    """A real worker over real pipes."""

    def __init__(self, prelude="", device="cpu"):
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-u",
                "-c",
                BOOT.format(prelude=prelude, module="main"),
                str(ROOT),
                "--device",
                device,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ),
        )
        self._lines = queue.Queue()
        self.stderr = []
        self.strays = []  # lines on stdout that are not JSON
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=lambda: self.stderr.extend(self.process.stderr), daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            self._lines.put((time.monotonic(), line.decode("ascii")))
        self._lines.put(None)

    def event(self, timeout=PATIENCE_S):
        """Return the next event other than a heartbeat."""
        return self.timed_event(timeout)[1]

    def timed_event(self, timeout=PATIENCE_S, with_beats=False):
        """Return the arrival time of the next event, and the event."""
        limit = time.monotonic() + timeout
        while True:
            item = self._lines.get(timeout=max(0.01, limit - time.monotonic()))
            if item is None:
                raise EOFError(b"".join(self.stderr).decode())
            try:
                json.loads(item[1])
            except ValueError:
                self.strays.append(item[1])
                continue
            event = codec.from_line(item[1])
            if with_beats or not isinstance(event, Alive):
                return item[0], event

    def send(self, *requests):
        """Send requests without waiting."""
        for request in requests:
            self.process.stdin.write(codec.to_line(request).encode("ascii"))
        self.process.stdin.flush()

    def send_bytes(self, line):
        """Send a line that may be invalid."""
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def until(self, kind, timeout=PATIENCE_S):
        """Return all events up to the first one of a kind."""
        events = [self.event(timeout)]
        while not isinstance(events[-1], kind):
            events.append(self.event(timeout))
        return events

    def ask(self, request):
        """Send a request and return all its events; the last one ends it."""
        self.send(request)
        events = self.until(ENDS)
        assert events[-1].request == type(request).__name__
        return events

    def do(self, request):
        """Run a request that must succeed, and return its events without the last."""
        *events, end = self.ask(request)
        assert isinstance(end, Finished), end
        return events

    def refuse(self, request):
        """Run a request that must fail with a reason for the user; return the reason."""
        end = self.ask(request)[-1]
        assert isinstance(end, Failed), end
        assert end.detail == "", end.detail
        return end.message

    def end(self, timeout=PATIENCE_S):
        """Close stdin, wait for the process to exit, and return its exit code."""
        self.process.stdin.close()
        return self.process.wait(timeout)

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def start_worker():
    """A function that starts a worker and waits until it is ready: start_worker()."""
    started = []

    def start(prelude="", ready=True, **options):
        worker = WorkerProcess(prelude, **options)
        started.append(worker)
        if ready:
            worker.ready = worker.event()
        return worker

    yield start
    for worker in started:
        worker.kill()
