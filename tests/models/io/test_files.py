"""Files that are written completely or not at all."""

import pytest
from map_refiner.models.errors import OutputError
from map_refiner.models.io.files import make_folder, move_into, refuse_inputs, require_space, write_whole


def test_an_older_file_is_replaced(tmp_path):
    for content in (b"old and longer", b"new"):
        write_whole(tmp_path / "a.json", content)
        assert (tmp_path / "a.json").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("place", ["missing/a.json", "file/a.json", "folder"])
def test_paths_that_cannot_be_written_are_named(tmp_path, place):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=f"{place} cannot be written"):
        write_whole(tmp_path / place, b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_folder_is_created_or_refused(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    for name in ("file", "file/c"):
        with pytest.raises(OutputError, match="cannot be made"):
            make_folder(tmp_path / name)


def test_missing_disk_space_is_refused(tmp_path):
    require_space(tmp_path, 1000)
    with pytest.raises(OutputError, match="MB are needed"):
        require_space(tmp_path, 10**18)
    with pytest.raises(OutputError, match="There is no folder"):
        require_space(tmp_path / "missing", 1)


def test_finished_files_replace_older_ones(tmp_path):
    (tmp_path / "there").mkdir()
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"new {name}")
    (tmp_path / "there" / "a").write_text("old")
    move_into(tmp_path / "there", [tmp_path / "a", tmp_path / "b"])
    assert [(tmp_path / "there" / name).read_text() for name in ("a", "b")] == ["new a", "new b"]
    assert not (tmp_path / "a").exists()
    (tmp_path / "there" / "c").mkdir()
    (tmp_path / "c").write_text("new c")
    with pytest.raises(OutputError, match="c cannot be written"):
        move_into(tmp_path / "there", [tmp_path / "c"])


def test_a_full_disk_keeps_the_old_file(tmp_path):
    resource = pytest.importorskip("resource", reason="a limit on file sizes stands in for a full disk")
    write_whole(tmp_path / "a.json", b"the old one")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OutputError, match="File too large"):
            write_whole(tmp_path / "a.json", b"new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "a.json").read_bytes() == b"the old one"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_an_output_that_is_an_input_is_refused_by_real_path(tmp_path, monkeypatch):
    image = tmp_path / "image.tif"
    image.write_bytes(b"x")
    (tmp_path / "link.tif").symlink_to(image)
    monkeypatch.chdir(tmp_path)
    for output in (image, "image.tif", "./../" + tmp_path.name + "/image.tif", tmp_path / "link.tif"):
        with pytest.raises(OutputError, match="is an input"):
            refuse_inputs(output, "other.tif", image)
    with pytest.raises(OutputError, match="is an input"):
        refuse_inputs("labels.gpkg", f"{tmp_path}/labels.gpkg|layername=a|subset=x = 'y'")
    refuse_inputs("out.tif", image, "", "labels.gpkg|layername=a")
