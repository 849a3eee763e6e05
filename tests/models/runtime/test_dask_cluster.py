"""Runs on a real Dask cluster of processes: the same results as on one machine, even if a worker dies.

Modules that this file covers: models/worker/handlers/whole_images.py.
"""

import contextlib
import importlib.metadata
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pyogrio
import pytest
import rasterio
from click.testing import CliRunner
from map_refiner.models.cli.main import main
from map_refiner.models.evaluate import scores
from map_refiner.models.io.tile_store import DONE
from map_refiner.models.polygons import vectorize
from map_refiner.models.runtime.dask_cluster import _version, describe_cluster
from map_refiner.models.shared import requests as p
from map_refiner.models.worker.handlers.whole_images import classify_image, refine_image

ROOT = Path(__file__).resolve().parents[3]
distributed = pytest.importorskip("distributed", reason="the extra `cluster` is not installed")


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def do(*arguments):
    result = call(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def read(path):
    with rasterio.open(path) as source:
        return source.read()


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes with one thread each."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0
    ) as found:
        yield found


def kill_one(cluster, done, killed, names="*.json"):
    """Kill a worker process as soon as two blocks are finished; append the number of finished blocks to `killed`."""
    limit = time.monotonic() + 120
    while time.monotonic() < limit and len(list(done.glob(names))) < 2:
        time.sleep(0.005)
    nanny = next(iter(cluster.workers.values()))
    with contextlib.suppress(psutil.NoSuchProcess):
        os.kill(nanny.pid, signal.SIGKILL)
        killed.append(len(list(done.glob(names))))


def test_a_map_computed_despite_a_dead_worker_equals_that_of_one_machine(
    cluster, town, refiner_path, coarse_path, tmp_path
):
    command = (
        "refine",
        town.image_path,
        "--scores",
        town.scores_path,
        "--refiner",
        refiner_path,
        "--steps",
        3,
        "--block",
        32,
    )
    do(*command, "-o", tmp_path / "here")
    killed = []
    killer = threading.Thread(target=kill_one, args=(cluster, tmp_path / "there" / ".tiles" / DONE, killed))
    killer.start()
    said = do(*command, "-o", tmp_path / "there", "--scheduler", cluster.scheduler_address)
    killer.join()
    assert killed
    assert killed[0] < 12  # unfinished blocks were left
    assert said.stdout.replace("there", "here") == do(*command, "-o", tmp_path / "here").stdout
    for n in range(4):
        name = f"step_{n:03d}.tif"
        assert np.array_equal(read(tmp_path / "here" / name), read(tmp_path / "there" / name))
    for name, options in (("a.tif", ()), ("b.tif", ("--scheduler", cluster.scheduler_address))):
        do("classify", town.image_path, "--model", coarse_path, "--block", 48, "-o", tmp_path / name, *options)
    assert np.array_equal(read(tmp_path / "a.tif"), read(tmp_path / "b.tif"))


def test_workers_reread_files_that_were_replaced(cluster, town, coarse_path, tmp_path):
    """Both workers still have the files of the previous run open; the paths are the same, but the pixels differ."""
    image = tmp_path / "i.tif"
    command = ("classify", image, "--model", coarse_path, "--block", 48, "--scheduler", cluster.scheduler_address, "-o")
    with rasterio.open(town.image_path) as source:
        pixels, profile = source.read(), source.profile
    for turned in (pixels, pixels[:, ::-1, ::-1]):
        image.unlink(missing_ok=True)
        with rasterio.open(image, "w", **profile) as target:
            target.write(turned)
        do(*command, tmp_path / "s.tif")
        do(*command[:6], "-o", tmp_path / "here.tif")  # same block size, which affects the last bits
        assert np.array_equal(read(tmp_path / "s.tif"), read(tmp_path / "here.tif"))


def test_the_evaluation_equals_that_of_one_machine(cluster, town, tmp_path, monkeypatch):
    monkeypatch.setattr(scores, "MEASURED", 48)
    for labels in (town.labels_path, town.tile_path):
        for name, options in (("a.json", ()), ("b.json", ("--scheduler", cluster.scheduler_address))):
            do("evaluate", town.scores_path, "--labels", labels, "--report", tmp_path / name, *options)
        assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
        monkeypatch.setattr(scores, "MEASURED", 2048)
        do("evaluate", town.scores_path, "--labels", labels, "--report", tmp_path / "whole.json")
        assert (tmp_path / "a.json").read_bytes() == (tmp_path / "whole.json").read_bytes()


def test_whole_images_for_processing_equal_those_of_the_command(cluster, town, refiner_path, coarse_path, tmp_path):
    address, out = cluster.scheduler_address, tmp_path / "out"
    out.mkdir()
    do("classify", town.image_path, "--model", coarse_path, "--pixel-size", 0.5, "-o", tmp_path / "s.tif")
    made = classify_image(
        p.ClassifyImage(town.image_path, coarse_path, str(out / "s.tif"), address, (), 0.5), lambda _: None
    )
    assert made.classes == town.classes
    assert np.array_equal(read(out / "s.tif"), read(tmp_path / "s.tif"))
    do(
        "refine",
        town.image_path,
        "--scores",
        town.scores_path,
        "--refiner",
        refiner_path,
        "--steps",
        2,
        "-o",
        tmp_path / "steps",
    )
    for folder in ("", str(out / "all")):
        request = p.RefineImage(
            town.image_path,
            town.scores_path,
            refiner_path,
            2,
            str(out / "r.tif"),
            address,
            (),
            None,
            str(out / "c.tif"),
            folder,
        )
        assert len(refine_image(request, lambda _: None).changed) == 2
        last = read(tmp_path / "steps" / "step_002.tif")
        assert np.array_equal(read(out / "r.tif"), last)
        assert np.array_equal(read(out / "c.tif")[0], last.argmax(axis=0))
    assert sorted(path.name for path in (out / "all").glob("step_*")) == [f"step_{n:03d}.tif" for n in range(3)]
    assert {path.name for path in out.iterdir()} == {"s.tif", "r.tif", "c.tif", "all"}


def test_a_cluster_is_described_by_its_workers_and_threads(cluster, monkeypatch):
    """The version is also found in the plugin, where Map Refiner is not an installed distribution."""
    assert describe_cluster(cluster.scheduler_address) == "2 workers, 2 threads"

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert _version() == (ROOT / "resources" / "version.txt").read_text(encoding="utf-8").strip()


def test_results_are_kept_if_disconnecting_from_the_scheduler_times_out(
    cluster, town, coarse_path, monkeypatch, tmp_path
):
    """This simulates a busy machine, where the client's event loop responds late."""
    close, late = distributed.Client.close, []

    def close_late(client, timeout=None):
        if timeout is None:  # an earlier client that is being cleaned up
            return close(client)
        client.loop.add_callback(time.sleep, 10 * timeout)
        try:
            return close(client, timeout=timeout)
        except distributed.TimeoutError:
            late.append(client)
            raise

    monkeypatch.setattr("map_refiner.models.runtime.dask_cluster.CLOSE_TIMEOUT_S", 0.1)
    monkeypatch.setattr(distributed.Client, "close", close_late)
    assert describe_cluster(cluster.scheduler_address) == "2 workers, 2 threads"
    result = call(
        "classify",
        town.image_path,
        "--model",
        coarse_path,
        "--device",
        "cuda:7",
        "--scheduler",
        cluster.scheduler_address,
        "-o",
        tmp_path / "s.tif",
    )
    assert result.exit_code == 2, result.exception
    assert "cuda:7 is not there" in result.stderr
    assert len(late) == 2
    monkeypatch.undo()
    for client in late:
        client.close()


def test_polygons_equal_those_of_one_machine(cluster, town, tmp_path, monkeypatch):
    """A worker dies during the run."""
    monkeypatch.setattr(vectorize, "TRACED_PX", 32)
    command = ("vectorize", town.scores_path, "--tolerance", 0.4, "--min-area", 3, "-o")
    do(*command, tmp_path / "here.gpkg")
    killed = []
    killer = threading.Thread(target=kill_one, args=(cluster, tmp_path, killed, ".map_refiner_*/pieces/*.npz"))
    killer.start()
    do(*command, tmp_path / "there.gpkg", "--scheduler", cluster.scheduler_address)
    killer.join()
    assert killed
    assert killed[0] < 12  # unfinished blocks were left
    one, other = (pyogrio.raw.read(tmp_path / name) for name in ("here.gpkg", "there.gpkg"))
    assert len(one[2]) > 5
    assert one[2].tolist() == other[2].tolist()
    assert all(np.array_equal(a, b) for a, b in zip(one[3], other[3], strict=True))
    assert {path.name for path in tmp_path.iterdir()} == {"here.gpkg", "there.gpkg"}


def test_a_worker_error_is_reported_without_a_traceback(cluster, town, coarse_path, tmp_path):
    result = call(
        "classify",
        town.image_path,
        "--model",
        coarse_path,
        "--device",
        "cuda:7",
        "--scheduler",
        cluster.scheduler_address,
        "-o",
        tmp_path / "s.tif",
    )
    assert result.exit_code == 2
    assert "cuda:7 is not there" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("tcp://127.0.0.1:9", "No Dask scheduler answers at tcp://127.0.0.1:9"),
        ("nonsense://x", "No Dask scheduler answers at nonsense://x"),
        ("", "No Dask scheduler answers at an empty address"),
    ],
)
def test_a_bad_address_is_reported_in_one_line(town, coarse_path, tmp_path, monkeypatch, address, says):
    monkeypatch.setattr("map_refiner.models.runtime.dask_cluster.CONNECT_TIMEOUT", "1s")
    result = call("classify", town.image_path, "--model", coarse_path, "--scheduler", address, "-o", tmp_path / "s.tif")
    assert result.exit_code == 2, result.exception
    (line,) = result.stderr.splitlines()
    assert says in line
    assert not list(tmp_path.iterdir())


def test_without_dask_the_error_names_the_package_to_install(town, coarse_path, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = call(
        "classify", town.image_path, "--model", coarse_path, "--scheduler", "tcp://x:1", "-o", tmp_path / "s.tif"
    )
    assert result.exit_code == 2
    assert 'pip install "dask[distributed]"' in result.stderr


def test_schedulers_without_workers_and_workers_without_the_package_are_refused(town, coarse_path, tmp_path):
    command = ("classify", town.image_path, "--model", coarse_path, "-o", tmp_path / "s.tif", "--scheduler")
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0") as empty:
        result = call(*command, empty.scheduler_address)
        assert result.exit_code == 2
        assert "has no workers; start some: dask worker" in result.stderr
        hidden = "import importlib.metadata as m, sys; real = m.version\n"
        hidden += "def version(name):\n"
        hidden += "    if name == 'map-refiner': raise m.PackageNotFoundError(name)\n"
        hidden += "    return real(name)\n"
        hidden += "m.version = version\n"
        hidden += "from distributed.cli.dask_worker import main; sys.argv = ['dask-worker', *sys.argv[1:]]; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", hidden, empty.scheduler_address, "--no-nanny", "--no-dashboard"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with distributed.Client(empty.scheduler_address, set_as_default=False) as client:
                client.wait_for_workers(1, timeout=60)
            result = call(*command, empty.scheduler_address)
        finally:
            process.kill()
            process.wait()
    assert result.exit_code == 2
    assert "cannot import Map Refiner; install map-refiner" in result.stderr
    assert not list(tmp_path.iterdir())
