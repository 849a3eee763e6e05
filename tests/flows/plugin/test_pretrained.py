"""Training that starts from the chosen refiner, or from the shipped one, if its kind matches."""

import json
import struct
from pathlib import Path

import pytest
from map_refiner.models.shared.events import Trained
from map_refiner.plugin.catalogue.weights import _card, shipped
from map_refiner.plugin.control.refiner_suggestion import CoarseMapInfo, beginning

(KNOWN,) = shipped("refiner")
ALL = ("background", "building", "road")


def test_training_starts_from_the_shipped_refiner_unless_disabled(stepper, label_layer, draw_tile, wait_until):
    train = stepper.dock.train
    train.kind.setCurrentIndex(train.kind.findData("extended"))  # the chosen refiner is of another kind
    draw_tile(label_layer, 0, 170)
    train.labels.setLayer(label_layer)
    trained = []
    for begins in ("Banepa", "a labelled tile"):
        stepper.click(train.train)
        assert ("Starting from" in train.progress.text()) == (begins == "Banepa")
        wait_until(lambda: "Loss" in train.progress.text(), 120, "some updates")
        stepper.click(train.stop)
        stepper.wait()
        trained.append(stepper.run.refiner)
        assert _card(Path(trained[-1]))["trained_on"].startswith(begins)
        stepper.click(train.use_pretrained)
    assert len(set(trained)) == 2
    train.kind.setCurrentIndex(train.kind.findData("crf"))
    assert not train.use_pretrained.isEnabled()


def test_a_matching_chosen_refiner_is_preferred(refiner_file):
    chosen = str(refiner_file)
    assert beginning("faithful", chosen, CoarseMapInfo("", 3, ALL)) == chosen
    assert beginning("extended", chosen, CoarseMapInfo("", 3, ALL)) == KNOWN.path
    assert beginning("faithful", "", CoarseMapInfo("", 3, ALL)) == ""


def test_an_extended_refiner_may_have_more_classes_than_the_map(refiner_file):
    assert beginning("extended", "", CoarseMapInfo("", 3, ("background", "road"))) == KNOWN.path
    assert beginning("extended", "", CoarseMapInfo("", 3, ("background", "water"))) == ""
    assert beginning("extended", "", CoarseMapInfo("", 4, ALL)) == ""
    assert beginning("faithful", str(refiner_file), CoarseMapInfo("", 3, ("background", "road"))) == ""


def test_a_kind_without_weights_is_not_a_starting_point(tmp_path):
    heat = tmp_path / "heat.safetensors"
    header = json.dumps(
        {"__metadata__": {"format": "1", "card": json.dumps({"kind": "heat", "bands": 3, "classes": ALL})}}
    ).encode()
    heat.write_bytes(struct.pack("<Q", len(header)) + header)
    assert beginning("heat", str(heat), CoarseMapInfo("", 3, ALL)) == ""


@pytest.mark.parametrize(("chosen", "stays"), [(True, True), (False, False)])
def test_the_earlier_refiner_stays_chosen_only_if_it_was_chosen(plugin, stepper, chosen, stays):
    """Training from the shipped refiner does not choose it, because its classes may differ from the map's."""
    refiner, train = stepper.dock.refine.refiner, stepper.dock.train
    refiner.add_file(KNOWN.title, KNOWN.path, choose=chosen)
    train.kind.setCurrentIndex(train.kind.findData("extended"))
    control = plugin.controller.training
    control._begin = KNOWN.path
    control._on_trained(Trained("/new.safetensors", 220, 0.7, 0.6, False, "refiner", (0.6, 0.7), 1, 0.72))
    assert (refiner.path() == KNOWN.path) == stays
    assert (refiner.path() == "/new.safetensors") != stays
    assert ("no better than its pretrained start" in train.progress.text()) == stays
