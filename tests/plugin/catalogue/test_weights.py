"""Titles and names of weights files."""

import json
import struct

import pytest
from map_refiner.plugin.catalogue.weights import new_weights_file, shipped, title_of


def write(path, card):
    header = json.dumps({"__metadata__": {"format": "1", "card": json.dumps(card)}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 8)
    return path


@pytest.mark.parametrize(
    ("name", "card", "title"),
    [
        ("coarse_aerial_0.5m", {"pixel_size_m": 0.5}, "Aerial 0.5 m"),
        ("refiner_aerial", {"pixel_size_m": None}, "Aerial"),
        ("refiner", {}, "Refiner"),
        ("my-own_model", {"pixel_size_m": 0.2513}, "My own model 0.25 m"),
    ],
)
def test_titles_come_from_the_file_name_and_the_pixel_size(tmp_path, name, card, title):
    assert title_of(write(tmp_path / f"{name}.safetensors", card)) == title


@pytest.mark.parametrize("content", [b"", b"\xff" * 9, b"\x02\0\0\0\0\0\0\0[]", b"\x08\0\0\0\0\0\0\0notjson!"])
def test_a_damaged_file_is_titled_by_its_file_name(tmp_path, content):
    path = tmp_path / "odd.safetensors"
    path.write_bytes(content)
    assert title_of(path) == "Odd"
    assert title_of(tmp_path / "gone.safetensors") == "Gone"


def test_shipped_weights_are_found_by_their_role(tmp_path):
    write(tmp_path / "coarse_b.safetensors", {})
    write(tmp_path / "coarse_a.safetensors", {})
    write(tmp_path / "refiner_a.safetensors", {})
    assert [weights.title for weights in shipped("coarse", tmp_path)] == ["A, shipped", "B, shipped"]
    assert [weights.path for weights in shipped("refiner", tmp_path)] == [str(tmp_path / "refiner_a.safetensors")]


def test_a_new_file_never_replaces_an_existing_one(tmp_path):
    assert new_weights_file(tmp_path, "refiner").name == "refiner_1.safetensors"
    (tmp_path / "refiner_1.safetensors").touch()
    assert new_weights_file(tmp_path, "refiner").name == "refiner_2.safetensors"
