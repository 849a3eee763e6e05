"""The worker process: lines that arrive whole, in parts, foreign, or from another version.

Modules that this file covers: plugin/worker/exit_reason.py, plugin/worker/launch.py.
"""

import shutil
import sys
from pathlib import Path

import pytest
from map_refiner.models.shared import codec, events, requests
from map_refiner.models.shared.class_source import ClassSource
from map_refiner.models.shared.text import Text
from map_refiner.plugin.state import WorkerState
from map_refiner.plugin.worker.exit_reason import explain
from map_refiner.plugin.worker.launch import Launch
from map_refiner.plugin.worker.process import WorkerProcess

READY = 'READY = to_line(Ready(VERSION, "cpu", "a stand-in", "3", "0"))'


@pytest.fixture
def engine(qgis_app):
    engine = WorkerProcess()
    engine.events, engine.ends, engine.log, engine.deaths = [], [], [], []
    engine.received.connect(engine.events.append)
    engine.ended.connect(lambda event, more: engine.ends.append((event, more)))
    engine.logged.connect(engine.log.append)
    engine.died.connect(engine.deaths.append)
    yield engine
    engine.shut_down()


@pytest.fixture
def launch(tmp_path):
    """A function that makes a package with a minimal worker, in a folder not called map_refiner."""

    def make(body):
        models = tmp_path / "some folder" / "models"
        models.mkdir(parents=True)
        (tmp_path / "some folder" / "__init__.py").write_text("raise RuntimeError('must not run in the worker')")
        (models / "__init__.py").write_text("")
        shutil.copytree(Path(codec.__file__).parent, models / "shared", ignore=shutil.ignore_patterns("__pycache__"))
        lines = [
            "import os, sys, time",
            "from ..shared.codec import *",
            "from ..shared.events import *",
            "from ..shared.requests import *",
            "from ..shared.text import *",
            READY,
            "def main():",
        ]
        lines += [f"    {line}" for line in body.strip().splitlines()]
        (models / "worker").mkdir()
        (models / "worker" / "__init__.py").write_text("")
        (models / "worker" / "main.py").write_text("\n".join(lines))
        return Launch(sys.executable, "cpu", str(tmp_path / "some folder"))

    return make


def test_partial_and_foreign_lines_are_handled(engine, launch, wait_until):
    engine.start(
        launch("""
sys.stdout.write("a library says hello\\n" + READY[:10]); sys.stdout.flush(); time.sleep(0.2)
sys.stdout.write(READY[10:] + "{}\\n[1]\\n" + to_line(Alive())); sys.stdout.flush()
sys.stdin.readline()
sys.stdout.write(to_line(Progressed(0.5, "half")) + '{"type": "Nonsense"}\\n' + to_line(Finished("Evaluate")))
sys.stdout.flush()
time.sleep(60)
""")
    )
    engine.send(requests.Evaluate("x"))
    assert engine.state is WorkerState.STARTING
    wait_until(lambda: engine.ends, 20, "the end")
    assert engine.events == [events.Progressed(0.5, "half")]
    assert engine.ends == [(events.Finished("Evaluate"), False)]
    assert engine.log == ["a library says hello", "{}", "[1]", '{"type": "Nonsense"}']
    assert engine.state is WorkerState.READY


def test_requests_are_sent_one_at_a_time_and_a_failure_drops_the_rest(engine, launch, wait_until):
    engine.start(
        launch("""
sys.stdout.write(READY); sys.stdout.flush()
for number, line in enumerate(sys.stdin):
    request = from_line(line)
    answer = Failed(request.path, (Text("no"),)) if number == 1 else Finished(request.path)
    sys.stdout.write(to_line(answer)); sys.stdout.flush()
""")
    )
    engine.send(*(requests.LoadScores(name) for name in "abc"))
    wait_until(lambda: len(engine.ends) == 2, 20, "two ends")
    assert engine.ends == [(events.Finished("a"), True), (events.Failed("b", (Text("no"),)), False)]
    engine.send(requests.LoadScores("d"))
    wait_until(lambda: len(engine.ends) == 3, 20, "the third end")
    assert engine.ends[-1] == (events.Finished("d"), False)


def test_another_protocol_version_is_refused(engine, launch, wait_until):
    engine.start(
        launch(
            "sys.stdout.write(READY.replace('\"version\": 2', '\"version\": 99')); sys.stdout.flush()\ntime.sleep(60)"
        )
    )
    wait_until(lambda: engine.deaths, 20, "the refusal")
    assert "version 99" in engine.deaths[0]
    assert engine.state is WorkerState.DEAD


def test_arguments_and_standard_input_reach_the_worker(engine, launch, wait_until):
    engine.start(
        launch("""
sys.stderr.write(" ".join(sys.argv) + "\\n"); sys.stdout.write(READY); sys.stdout.flush()
sys.exit(0 if sys.stdin.read() == "" else 3)
""")
    )
    wait_until(lambda: engine.state is WorkerState.READY, 20, "the start")
    wait_until(lambda: engine.log, 20, "what it says")
    assert engine.log == ["-c --device cpu"]
    process = engine._process
    engine.shut_down()
    assert process.state() == process.ProcessState.NotRunning
    assert engine.state is WorkerState.STOPPED


@pytest.mark.parametrize(
    ("code", "stderr", "sentence"),
    [
        (9, [], "killed (exit code 9), probably because memory ran out"),
        (137, [], "memory"),
        (1, ["Traceback", "torch.OutOfMemoryError: CUDA out of memory."], "memory"),
        (3221225477, [], "access violation"),
        (-1073741819, [], "access violation"),
        (11, [], "access violation"),
        (1, ["ModuleNotFoundError: No module named 'rasterio'"], "The Python at /p has no module “rasterio”"),
        (1, ["OSError: [WinError 1114] c10.dll"], "Visual C++"),
        (3, ["first", "ValueError: last", ""], "(exit code 3). ValueError: last"),
        (0, [], "(exit code 0)."),
    ],
)
def test_worker_exits_are_explained(code, stderr, sentence):
    assert sentence in explain(code, stderr, "/p")


@pytest.mark.parametrize(
    "message",
    [
        requests.Open("/bild ü.tif", "/run", (3, 2, 1), (0.0, 1.5, 2.0, 3.0), None),
        requests.TrainCoarse((ClassSource("road", "/r.gpkg|layername=a", 7.0),), "/m.safetensors"),
        events.Stepped(2, "/s.tif", "/c.tif", ("background", "building"), 0.25, 12.5),
        events.Failed("Open", (Text("“{x}”", (("x", "nein"),)),), "line 1\nline 2"),
    ],
)
def test_messages_round_trip_through_the_codec(message):
    line = codec.to_line(message)
    assert line.count("\n") == 1
    assert codec.from_line(line) == message
