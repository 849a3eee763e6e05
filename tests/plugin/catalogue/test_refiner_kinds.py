"""Titles, descriptions and benchmark ranks of the refiner kinds."""

import json

import pytest
from map_refiner.models.shared.model_kinds import DEFAULT_REFINER_KIND, REFINER_KINDS, TRAINING_FREE
from map_refiner.plugin.catalogue import refiner_kinds
from map_refiner.plugin.catalogue.refiner_kinds import (
    REFINER_KIND_TEXTS,
    TRAINING_FREE_TEXTS,
    rank,
    refiner_kind_text,
)


def test_every_kind_has_a_title_and_one_sentence():
    assert [text.key for text in REFINER_KIND_TEXTS] == list(REFINER_KINDS)
    assert {text.key for text in TRAINING_FREE_TEXTS} == TRAINING_FREE
    assert REFINER_KIND_TEXTS[0].key == DEFAULT_REFINER_KIND
    assert len({text.title() for text in REFINER_KIND_TEXTS}) == len(REFINER_KIND_TEXTS)
    for text in REFINER_KIND_TEXTS:
        assert text.description().startswith(text.sentence)  # the rank follows
        assert text.description().endswith(".")
        assert text.sentence.replace("et al.", "").count(".") == 1


def test_texts_are_found_by_key():
    assert refiner_kind_text("crf").title() == "Dense CRF"
    assert refiner_kind_text("fcn") is None
    assert refiner_kind_text("") is None


def test_a_rank_is_shown_only_for_benchmarked_kinds(tmp_path, monkeypatch):
    path = tmp_path / "ranks.json"
    assert rank("crf", path) == ""
    path.write_text(
        json.dumps({"crf": {"rank": 1, "mean_iou_gain": 0.085}, "heat": {"rank": 2, "mean_iou_gain": -0.01}})
    )
    assert rank("crf", path) == "Measured gain: +8.5 points of mean IoU, rank 1 of 2."
    assert "-1.0 points" in rank("heat", path)
    assert rank("geodesic", path) == ""


@pytest.mark.parametrize("content", ["", "[]", "{", '{"crf": 1}', '{"crf": {"rank": "x", "mean_iou_gain": 1}}', "\x00"])
def test_a_damaged_rank_file_gives_no_rank(tmp_path, content):
    path = tmp_path / "ranks.json"
    path.write_text(content)
    assert rank("crf", path) == ""


def test_the_rank_follows_the_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(refiner_kinds, "rank", lambda key: "Measured." if key == "crf" else "")
    assert refiner_kind_text("crf").description().endswith("class. Measured.")
    assert refiner_kind_text("heat").description().endswith("corners.")
