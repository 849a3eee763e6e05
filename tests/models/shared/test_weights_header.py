"""The header of weights files, against files that the safetensors library writes."""

import json
import struct

import pytest
import torch
from map_refiner.models.shared.weights_header import (
    MOST_HEADER_BYTES,
    HeaderError,
    card_metadata,
    parse_card,
    read_metadata,
)
from safetensors import safe_open
from safetensors.torch import save_file

CARD = {"kind": "crf", "classes": ["a", "b"], "bands": 3, "best_step": 4}


def test_a_card_is_stored_and_read_back(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"x": torch.zeros(3)}, path, card_metadata(CARD))
    assert parse_card(read_metadata(path)) == CARD
    with safe_open(path, framework="pt") as file:
        assert read_metadata(path) == file.metadata()


def test_the_best_step_is_stored_under_the_name_of_the_first_release():
    assert json.loads(card_metadata(CARD)["card"])["steps"] == 4


def test_files_without_metadata_have_no_card(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"x": torch.zeros(3)}, path)
    with pytest.raises(HeaderError):
        parse_card(read_metadata(path))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234",
        struct.pack("<Q", 2**60) + b"{}" + b" " * MOST_HEADER_BYTES + b"{",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 4) + b"\xff\xfe\x00\x01",
        struct.pack("<Q", 200_000) + b"[" * 200_000,
    ],
)
def test_damaged_headers_are_refused(tmp_path, content):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(HeaderError):
        parse_card(read_metadata(path))


@pytest.mark.parametrize("card", ["[1]", "{", "null", 3])
def test_damaged_cards_are_refused(card):
    with pytest.raises(HeaderError):
        parse_card({"format": "1", "card": card})
    with pytest.raises(HeaderError):
        parse_card({"format": "2", "card": "{}"})
