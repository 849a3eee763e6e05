"""Creating an environment: with wheels from a folder, cancelled, and with explained failures.

Modules that this file covers: plugin/environment/dialog.py, plugin/environment/pip_errors.py,
plugin/environment/recipe.py, plugin/environment/torch_build.py.
"""

import os
import time
import zipfile
from pathlib import Path

import pytest
from map_refiner.models.shared.paths import PACKAGE_ROOT
from map_refiner.plugin.environment.create import EnvironmentMaker
from map_refiner.plugin.environment.dialog import EnvironmentDialog
from map_refiner.plugin.environment.pip_errors import explain, scrubbed
from map_refiner.plugin.environment.recipe import EnvironmentRecipe, check, proxy_address, stages
from map_refiner.plugin.environment.torch_build import CPU_BUILD, Build, DriverQuestion, cuda_build
from map_refiner.plugin.errors import UserError
from qgis.PyQt.QtNetwork import QNetworkProxy

PYTHON = "/usr/bin/python3"
TINY = Build("cpu", 0.1, 0.1)


@pytest.fixture
def wheels(tmp_path):
    """A folder with one minimal wheel."""
    folder = tmp_path / "wheels é"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_library-1.0-py3-none-any.whl", "w") as wheel:
        info = "tiny_library-1.0.dist-info"
        wheel.writestr("tiny_library.py", "ANSWER = 42\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-library\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", f"tiny_library.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return folder


@pytest.fixture
def maker(qgis_app, tmp_path):
    maker = EnvironmentMaker(tmp_path / "environment.log")
    maker.ends = []
    maker.made.connect(lambda python: maker.ends.append(("made", python)))
    maker.failed.connect(lambda sentence: maker.ends.append(("failed", sentence)))
    yield maker
    maker.cancel()
    maker.deleteLater()


def test_an_environment_is_created_offline(maker, wheels, wait_until, tmp_path):
    told = []
    maker.progressed.connect(lambda fraction, text, left: told.append((fraction, text)))
    folder = tmp_path / "env"
    recipe = EnvironmentRecipe(PYTHON, folder, TINY, str(wheels), ("tiny-library>=1",))
    maker.start(recipe)
    wait_until(lambda: maker.ends, 60, "the environment")
    assert maker.ends == [("made", str(folder / "bin" / "python"))]
    assert list(folder.glob("lib/python3*/site-packages/tiny_library.py"))
    assert not (folder / "scratch").exists()
    assert [text for _, text in told if "tiny" in text]
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)
    assert "Successfully installed tiny-library-1.0" in maker.log.read_text()

    maker.start(EnvironmentRecipe(PYTHON, folder, TINY, str(wheels), ("absent-library",)))  # into the same folder
    wait_until(lambda: len(maker.ends) > 1, 60, "the refusal")
    assert maker.ends[1][0] == "failed"
    assert "pip found no build of absent-library" in maker.ends[1][1]


def test_cancelling_ends_within_two_seconds(maker, wheels, wait_until, tmp_path):
    maker.start(EnvironmentRecipe(PYTHON, tmp_path / "env", TINY, str(wheels), ("tiny-library",)))
    wait_until(lambda: (tmp_path / "env" / "pyvenv.cfg").exists(), 60, "the beginning")
    began = time.monotonic()
    maker.cancel()
    assert time.monotonic() - began < 2
    assert maker.ends == [("failed", "")]
    assert not maker.is_running


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        (EnvironmentRecipe("", Path("/tmp/env")), "Choose the Python"),
        (EnvironmentRecipe(PYTHON, PACKAGE_ROOT / "env"), "outside the plugin"),
        (EnvironmentRecipe(PYTHON, Path("/usr")), "contains other files"),
        (EnvironmentRecipe(PYTHON, Path("/tmp/none/env"), wheels="/usr/bin"), "no wheel"),
        (EnvironmentRecipe(PYTHON, Path("/tmp/none/env"), Build("cpu", 1, 9e9)), "are needed in"),
    ],
)
def test_invalid_recipes_are_refused(recipe, sentence):
    with pytest.raises(UserError, match=sentence):
        check(recipe)


@pytest.mark.parametrize(("program", "sentence"), [("/bin/false", "could not be created"), ("/nowhere", "be started")])
def test_a_program_that_is_not_python_is_reported(maker, wait_until, tmp_path, program, sentence):
    maker.start(EnvironmentRecipe(program, tmp_path / "env", TINY))
    wait_until(lambda: maker.ends, 20, "the refusal")
    assert sentence in maker.ends[0][1]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("The virtual environment was not created successfully because ensurepip is not available.", "python3-venv"),
        ("needs Python 3.10 or newer, and this is 3.9.2", "too old"),
        (
            "WARNING: Retrying: ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407'))",
            "proxy",
        ),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "certificate"),
        (
            "WARNING: Retrying: NewConnectionError: Failed to establish a new connection: Name or service not known\n"
            "ERROR: Could not find a version that satisfies the requirement torch>=2.4 (from versions: none)",
            "network is not reachable",
        ),
        ("ERROR: No matching distribution found for torch>=2.4", "no build of torch"),
        ("ERROR: Could not install packages due to an OSError: [WinError 5] Access is denied: 'c10.dll'", "in use"),
        ("Something nobody foresaw", "Something nobody foresaw"),
    ],
)
def test_failures_are_explained(written, meant):
    assert meant in explain(written.splitlines())


def test_credentials_stay_out_of_the_log(qgis_app):
    proxy = QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "proxy.example", 8080, "me", "a@b/c")
    address = proxy_address(proxy)
    assert address == "http://me:a%40b%2Fc@proxy.example:8080"
    assert scrubbed(f"Cannot connect to {address} now") == "Cannot connect to http://***@proxy.example:8080 now"
    assert proxy_address(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy)) == ""


def test_pytorch_is_installed_first_from_its_own_index(qgis_app):
    lines = [" ".join(stage.arguments) for stage in stages(EnvironmentRecipe(PYTHON, Path("/e"), cuda_build("565.1")))]
    assert "--index-url https://download.pytorch.org/whl/cu126 torch>=2.4" in lines[2]
    assert "numpy>=1.26" in lines[3]
    assert "torch" not in lines[3]
    assert "--index-url" not in lines[3]


@pytest.mark.parametrize(
    ("driver", "key"),
    [("580.82.07", "cu128"), ("570.1", "cu128"), ("560.35", "cu126"), ("550.54", "cu124"), ("535.1", None), ("", None)],
)
def test_the_cuda_build_matches_the_driver(driver, key):
    build = cuda_build(driver)
    assert (build and build.key) == key


@pytest.mark.parametrize(
    ("writes", "answer"),
    [
        ("560.35.03, NVIDIA L4", ("560.35.03", "NVIDIA L4")),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", ("", "")),
    ],
)
def test_the_driver_version_is_queried(qgis_app, wait_until, tmp_path, writes, answer):
    program = tmp_path / "nvidia-smi"
    program.write_text(f'#!/bin/sh\necho "{writes}"\n')
    program.chmod(0o755)
    question, answers = DriverQuestion(), []
    question.answered.connect(lambda *values: answers.append(values))
    question.ask(str(program))
    wait_until(lambda: answers, 10, "the answer")
    assert answers == [answer]


def test_the_dialog_shows_the_required_space_and_the_refusal(qgis_app, work_folder, tmp_path, monkeypatch, wait_until):
    monkeypatch.setenv("PATH", os.defpath)
    dialog = EnvironmentDialog()
    assert "1.5 GB" in dialog.size.text()
    assert dialog.recipe().build == CPU_BUILD
    wait_until(dialog.python.filePath, 20, "a Python that works")
    dialog.folder.setFilePath("/usr")
    dialog.create.click()
    assert "/usr contains other files" in dialog.report.text()
    dialog._on_driver("570.1", "NVIDIA H100")
    assert dialog.recipe().build.key == "cu128"
    assert "CUDA 12.8" in dialog.device.currentText()
    assert "6.5 GB" in dialog.size.text()
    dialog.reject()
    dialog.deleteLater()
