"""The facts about model kinds, compared with the models themselves."""

import pytest
from map_refiner.models.coarse.backbone import VGG16
from map_refiner.models.coarse.model import Pyramid
from map_refiner.models.coarse.registry import COARSE_CLASSES, COARSE_TRAINERS
from map_refiner.models.coarse.spectral.random_forest import TREES
from map_refiner.models.coarse.spectral.svm import KERNEL_WIDTHS, PENALTIES
from map_refiner.models.errors import RefinerError
from map_refiner.models.refine.registry import REFINER_CLASSES, REFINER_TRAINERS, make_refiner
from map_refiner.models.session.filters import filters_of
from map_refiner.models.shared.model_kinds import (
    COARSE_KINDS,
    DEFAULT_COARSE_KIND,
    DEFAULT_REFINER_KIND,
    REFINER_KINDS,
    TRAINING_FREE,
)


@pytest.fixture(scope="module", params=sorted(COARSE_CLASSES))
def coarse(request):
    """The facts of a kind, and a model of it."""
    return COARSE_KINDS[request.param], COARSE_CLASSES[request.param](2, 3)


def test_every_coarse_kind_has_a_class_and_a_training_function():
    assert list(COARSE_KINDS) == list(COARSE_CLASSES) == list(COARSE_TRAINERS)
    assert DEFAULT_COARSE_KIND in COARSE_KINDS


def test_every_refiner_kind_has_a_class_and_a_training_function():
    assert list(REFINER_KINDS) == list(REFINER_CLASSES) == list(REFINER_TRAINERS)
    assert DEFAULT_REFINER_KIND in REFINER_KINDS


def test_spectral_kinds_are_the_modules_of_spectral_models(coarse):
    kind, model = coarse
    assert kind.is_spectral == (".spectral." in type(model).__module__)


def test_kinds_with_several_scales_are_pyramids_with_levels(coarse):
    kind, model = coarse
    assert kind.has_scales == isinstance(model, Pyramid)


def test_kinds_with_a_pretrained_backbone_have_the_layers_of_vgg16(coarse):
    kind, model = coarse
    assert kind.has_backbone == (getattr(model, "size", None) is VGG16)


def test_updates_of_kinds_without_gradients_are_their_trees_and_parameter_pairs():
    assert COARSE_KINDS["random-forest"].updates == TREES
    assert COARSE_KINDS["svm-rbf"].updates == len(PENALTIES) * len(KERNEL_WIDTHS)


@pytest.mark.parametrize("key", sorted(REFINER_KINDS))
def test_learned_kinds_have_filters_and_training_free_kinds_have_parameters(key):
    refiner = make_refiner(key, 2, 3)
    assert hasattr(refiner, "tunable") == (key in TRAINING_FREE)
    if REFINER_KINDS[key].is_learned:
        assert filters_of(refiner, 0, 1).scores.ndim == 3
    else:
        with pytest.raises(RefinerError, match="no learned filters"):
            filters_of(refiner, 0, 1)
