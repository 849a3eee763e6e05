"""The suggestion of a suitable refiner, with a reason, if the chosen one does not fit the coarse map.

Modules that this file covers: plugin/dock/sections/refine.py.
"""

import json
import struct

import pytest
from map_refiner.plugin.control.refiner_suggestion import CoarseMapInfo, RefinerSuggester, fits, suggest_refiner
from map_refiner.plugin.dock.sections.refine import RefineSection
from map_refiner.plugin.settings import Settings

TOWN, LAND = ("background", "building", "road"), ("background", "soil", "water")


@pytest.fixture
def weights(tmp_path):
    """A function that writes a weights file with only its header and model card."""

    def write(name, kind, bands=3, classes=TOWN):
        card = {"kind": kind, "bands": bands, "classes": classes}
        header = json.dumps({"__metadata__": {"format": "1", "card": json.dumps(card)}}).encode()
        path = tmp_path / f"{name}.safetensors"
        path.write_bytes(struct.pack("<Q", len(header)) + header)
        return str(path)

    return write


def test_a_spectral_map_is_offered_the_opinion_pool(weights):
    refiner = weights("refiner", "extended")
    spectra = CoarseMapInfo(weights("gru", "gru-pretanh", 218, LAND), 218, LAND)
    found = suggest_refiner(refiner, "Aerial", spectra)
    assert (found.key, found.steps) == ("opinion-pool", 1)
    assert found.reason.startswith("“Aerial” is for 3 bands, and this map was made of 218; ")
    assert "Wu and Prasad (2017)" in found.reason
    assert found.reason.count(".") == 1
    assert suggest_refiner(weights("trained", "extended", 218, LAND), "Mine", spectra) is None
    assert suggest_refiner("", "Dense CRF", spectra) is None


def test_a_map_with_other_classes_is_offered_a_training_free_refiner(weights, tmp_path):
    refiner = weights("refiner", "extended")
    found = suggest_refiner(refiner, "Aerial", CoarseMapInfo(weights("fcn", "fcn", 3, LAND), 3, LAND))
    assert (found.key, found.steps) == ("crf", None)
    assert "other classes than those of this map" in found.reason
    assert suggest_refiner(refiner, "Aerial", CoarseMapInfo(str(tmp_path / "scores.tif"), 3, TOWN)) is None
    assert fits(str(tmp_path / "unreadable.safetensors"), CoarseMapInfo("", 218, LAND))


def test_the_previous_refiner_returns_if_it_fits(qgis_app, work_folder, weights):
    refine = RefineSection()
    refiner_suggester = RefinerSuggester(refine, Settings())
    refiner, usual = weights("refiner", "extended"), Settings().last_step
    refine.propose_end(usual)
    refine.refiner.add_file("Aerial", refiner)
    spectra, town = CoarseMapInfo(weights("forest", "random-forest", 218, LAND), 218, LAND), CoarseMapInfo("", 3, TOWN)
    refiner_suggester.propose(spectra)
    assert (refine.refiner.choice(), refine.end.value()) == ("opinion-pool", 1)
    assert "is for 3 bands" in refiner_suggester.reason()
    refiner_suggester.propose(spectra)
    assert refine.refiner.choice() == "opinion-pool"
    refiner_suggester.propose(town)
    assert (refine.refiner.choice(), refine.end.value(), refiner_suggester.reason()) == (refiner, usual, "")
    refiner_suggester.propose(spectra)
    refine.refiner.choose("heat")  # chosen by the analyst
    refiner_suggester.propose(town)
    assert (refine.refiner.choice(), refiner_suggester.reason()) == ("heat", "")
