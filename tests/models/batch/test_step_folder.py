"""The record of the steps in a folder."""

import json

import pytest
from map_refiner.models.batch.step_folder import RECORD, check_folder, record_steps
from map_refiner.models.errors import OutputError

LONG = ["step_000.tif", "step_001.tif", "step_002.tif"]


def write(folder, *names):
    for name in names:
        (folder / name).write_bytes(b"x")


def names_in(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != RECORD)


def test_a_shorter_run_removes_the_steps_of_the_one_before(tmp_path):
    check_folder(tmp_path, LONG)
    write(tmp_path, *LONG)
    assert record_steps(tmp_path, LONG) == []
    check_folder(tmp_path, LONG[:2])
    write(tmp_path, *LONG[:2])
    assert record_steps(tmp_path, LONG[:2]) == ["step_002.tif"]
    assert names_in(tmp_path) == LONG[:2]


def test_steps_without_a_record_are_refused_and_kept(tmp_path):
    write(tmp_path, "step_007.vrt", "notes.txt", "step_by_step.pdf")
    with pytest.raises(OutputError, match=r"step_007\.vrt of another run"):
        check_folder(tmp_path, LONG)
    assert names_in(tmp_path) == ["notes.txt", "step_007.vrt", "step_by_step.pdf"]


@pytest.mark.parametrize(
    "content",
    ["", "[", "{}", "3", json.dumps(["../step_x.tif", "/etc/step_y.tif", "step_../z.tif", 3, None, "other.tif"])],
)
def test_a_hostile_record_names_no_file(tmp_path, content):
    folder = tmp_path / "steps"
    folder.mkdir()
    write(tmp_path, "step_x.tif")
    write(folder, "other.tif", *LONG)
    (folder / RECORD).write_text(content)
    with pytest.raises(OutputError):
        check_folder(folder, LONG[:1])
    assert record_steps(folder, LONG[:1]) == []
    assert names_in(folder) == ["other.tif", *LONG]
    assert names_in(tmp_path) == ["step_x.tif", "steps"]
