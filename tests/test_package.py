"""The zip that QGIS installs: its contents, and the findings of the scanners of plugins.qgis.org.

Modules that this file covers: models/shared/paths.py.
"""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("plugin", "models", "resources")


def run(*command, cwd=ROOT):
    """Run a program and return its exit status, output and error output."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def build(target):
    """Build the zip as a release does."""
    status, _, complaint = run(sys.executable, ROOT / "scripts" / "package", target)
    assert status == 0, complaint
    return target


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return build(tmp_path_factory.mktemp("package") / "map_refiner.zip")


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    return folder / "map_refiner"


@pytest.fixture(scope="module")
def names(package):
    with zipfile.ZipFile(package) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_the_zip_has_one_top_folder_with_all_required_files(names):
    assert all(name.startswith("map_refiner/") for name in names)
    inside = {name.removeprefix("map_refiner/") for name in names}
    assert {"__init__.py", "metadata.txt", "LICENSE"} <= inside
    assert {name for name in inside if "/" not in name} == {"__init__.py", "metadata.txt", "LICENSE"}
    assert {name.split("/")[0] for name in inside if "/" in name} == set(FOLDERS)
    assert "resources/version.txt" in inside


def test_the_zip_has_no_refused_files(names):
    refused = (".pyc", ".exe", ".dll", ".so", ".dylib", ".bat", ".sh", ".ps1", ".cmd", ".part", ".orig")
    for name in names:
        parts = name.split("/")
        assert not name.endswith(refused)
        assert not [part for part in parts if part.startswith(".") or part in {"__pycache__", "__MACOSX", "tests"}]
        assert "\\" not in name


def test_every_file_of_the_folders_is_shipped(names):
    here = {
        f"map_refiner/{path.relative_to(ROOT).as_posix()}"
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert here <= set(names)


def test_the_zip_is_small(package):
    assert package.stat().st_size < 25_000_000


def test_two_builds_are_identical(package, tmp_path):
    assert build(tmp_path / "again.zip").read_bytes() == package.read_bytes()


def test_the_zip_imports_under_its_name(unpacked):
    status, _, complaint = run(
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, {str(unpacked.parent)!r}); from map_refiner.models.shared import codec; "
        f"assert codec.__file__.startswith({str(unpacked)!r}), codec.__file__",
        cwd="/",
    )
    assert status == 0, complaint


def test_bandit_finds_nothing(unpacked):
    pytest.importorskip("bandit", reason="bandit is in .venv/worker")
    status, report, complaint = run(sys.executable, "-m", "bandit", "-r", "-q", "-f", "json", unpacked, cwd="/")
    content = json.loads(report)
    assert content["metrics"]["_totals"]["loc"] > 0
    found = [(result["test_id"], result["filename"], result["line_number"]) for result in content["results"]]
    assert (status, found, content["errors"]) == (0, [], []), complaint


def test_detect_secrets_finds_nothing(unpacked):
    pytest.importorskip("detect_secrets", reason="detect-secrets is in .venv/worker")
    status, report, complaint = run(
        sys.executable, "-m", "detect_secrets", "-C", unpacked, "scan", "--all-files", cwd=unpacked
    )
    assert status == 0, complaint
    assert json.loads(report)["results"] == {}


def test_pb_tool_accepts_its_configuration(tmp_path):
    pytest.importorskip("pb_tool", reason="pb_tool is in .venv/worker")
    pbt = Path(sys.executable).with_name("pbt")
    status, said, complaint = run(pbt, "validate")
    assert status == 0, said + complaint


def test_pb_tool_deploys_the_contents_of_the_zip(names, tmp_path):
    pytest.importorskip("pb_tool", reason="pb_tool is in .venv/worker")
    pbt = Path(sys.executable).with_name("pbt")
    status, said, complaint = run(pbt, "deploy", "--plugin_path", tmp_path, "--no-confirm", "--no-docs")
    assert status == 0, said + complaint
    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    deployed = {
        path.as_posix()
        for path in files
        if "__pycache__" not in path.parts and not any(part.startswith(".") for part in path.parts)
    }
    assert deployed == set(names)
