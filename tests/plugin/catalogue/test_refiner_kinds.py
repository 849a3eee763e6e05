"""What the kinds of refiners are called, and what is said of how good they are."""

import json

import pytest
from map_refiner.models.shared import requests
from map_refiner.plugin.catalogue import refiner_kinds
from map_refiner.plugin.catalogue.refiner_kinds import SEARCHED, TAUGHT, UNTAUGHT, WITH_FILTERS, kind_of, rank


def test_every_kind_of_the_command_has_a_name_and_one_sentence():
    keys = "extended faithful class-agnostic unshared crf heat perona-malik anisotropic geodesic opinion-pool"
    assert [kind.key for kind in TAUGHT] == keys.split()
    assert len({kind.title() for kind in TAUGHT}) == len(TAUGHT)
    for kind in TAUGHT:
        assert kind.description().startswith(kind.sentence)  # what was measured follows
        assert kind.description().endswith(".")
        assert kind.sentence.replace("et al.", "").count(".") == 1


def test_the_kinds_are_sorted_into_what_can_be_done_with_them():
    assert TAUGHT[0].key == requests.TrainRefiner("", "").kind
    assert {kind.key for kind in UNTAUGHT} == SEARCHED
    assert {kind.key for kind in TAUGHT} - SEARCHED == WITH_FILTERS
    assert kind_of("crf").title() == "Dense CRF"
    assert kind_of("fcn") is None
    assert kind_of("") is None


def test_a_rank_is_named_only_where_it_was_measured(tmp_path, monkeypatch):
    path = tmp_path / "ranks.json"
    assert rank("crf", path) == ""
    path.write_text(
        json.dumps({"crf": {"rank": 1, "mean_iou_gain": 0.085}, "heat": {"rank": 2, "mean_iou_gain": -0.01}})
    )
    assert rank("crf", path) == "Measured gain: +8.5 points of mean IoU, rank 1 of 2."
    assert "-1.0 points" in rank("heat", path)
    assert rank("geodesic", path) == ""


@pytest.mark.parametrize("content", ["", "[]", "{", '{"crf": 1}', '{"crf": {"rank": "x", "mean_iou_gain": 1}}', "\x00"])
def test_damaged_ranks_say_nothing(tmp_path, content):
    path = tmp_path / "ranks.json"
    path.write_text(content)
    assert rank("crf", path) == ""


def test_the_rank_follows_the_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(refiner_kinds, "rank", lambda key: "Measured." if key == "crf" else "")
    assert kind_of("crf").description().endswith("class. Measured.")
    assert kind_of("heat").description().endswith("corners.")
