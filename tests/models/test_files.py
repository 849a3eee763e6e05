"""Files that appear whole or not at all."""

import pytest
from map_refiner.models.errors import OutputError
from map_refiner.models.files import make_folder, require_space, write_whole


def test_takes_the_place_of_an_older_file(tmp_path):
    for content in (b"old and longer", b"new"):
        write_whole(tmp_path / "a.json", content)
        assert (tmp_path / "a.json").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("place", ["missing/a.json", "file/a.json", "folder"])
def test_places_that_cannot_be_written_are_named(tmp_path, place):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=f"{place} cannot be written"):
        write_whole(tmp_path / place, b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_folder_is_made_or_refused(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    for name in ("file", "file/c"):
        with pytest.raises(OutputError, match="cannot be made"):
            make_folder(tmp_path / name)


def test_room_is_asked_for(tmp_path):
    require_space(tmp_path, 1000)
    with pytest.raises(OutputError, match="MB are needed"):
        require_space(tmp_path, 10**18)
    with pytest.raises(OutputError, match="There is no folder"):
        require_space(tmp_path / "missing", 1)
