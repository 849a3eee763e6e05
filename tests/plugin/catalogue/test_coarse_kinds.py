"""Titles and descriptions of the coarse model kinds."""

from map_refiner.models.shared.model_kinds import COARSE_KINDS, DEFAULT_COARSE_KIND
from map_refiner.plugin.catalogue.coarse_kinds import COARSE_KIND_TEXTS


def test_every_kind_has_a_title_and_one_sentence():
    assert [text.key for text in COARSE_KIND_TEXTS] == list(COARSE_KINDS)
    assert len({text.title() for text in COARSE_KIND_TEXTS}) == len(COARSE_KIND_TEXTS)
    for kind in COARSE_KIND_TEXTS:
        text = kind.description().replace("et al.", "").replace("0.25", "")
        assert text.endswith(".")
        assert text.count(".") == 1


def test_the_default_kind_comes_first():
    assert COARSE_KIND_TEXTS[0].kind is COARSE_KINDS[DEFAULT_COARSE_KIND]
