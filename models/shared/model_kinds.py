"""Model kinds: their keys, in the order in which they are offered, and their capabilities."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CoarseKind:
    """A kind of coarse model.

    `updates` is the usual number of updates of the weights, of trees, or of parameter pairs in the grid search.
    A spectral kind classifies single pixels, and is trained on a number of pixels per class.
    """

    key: str
    updates: int
    is_spectral: bool = True
    has_backbone: bool = False  # can start from pretrained VGG-16 weights
    has_scales: bool = False  # can classify an image at several scales


@dataclass(frozen=True)
class RefinerKind:
    """A kind of refiner.

    `updates` is the usual number of updates of the weights, or of parameter values in the grid search. A kind that is
    not learned has a few parameters and works without training.
    """

    key: str
    updates: int
    is_learned: bool = False


COARSE_KINDS = {
    kind.key: kind
    for kind in (
        CoarseKind("unet-lite0", 60, is_spectral=False),
        CoarseKind("fcn-8s", 400, is_spectral=False),
        CoarseKind("fcn", 600, is_spectral=False),
        CoarseKind("fcn-16s", 400, is_spectral=False),
        CoarseKind("fcn-32s", 400, is_spectral=False),
        CoarseKind("lrr", 400, is_spectral=False, has_scales=True),
        CoarseKind("fcn-8s-vgg16", 400, is_spectral=False, has_backbone=True),
        CoarseKind("lrr-vgg16", 400, is_spectral=False, has_backbone=True, has_scales=True),
        CoarseKind("lenet", 1000, is_spectral=False),
        CoarseKind("gru-pretanh", 600),
        CoarseKind("gru-pretanh-shared", 600),
        CoarseKind("gru-tanh", 600),
        CoarseKind("gru-relu", 600),
        CoarseKind("lstm", 600),
        CoarseKind("cnn-1d", 3000),
        CoarseKind("crnn", 1000),
        CoarseKind("random-forest", 200),
        CoarseKind("svm-rbf", 49),
    )
}
REFINER_KINDS = {
    kind.key: kind
    for kind in (
        RefinerKind("extended", 220, is_learned=True),
        RefinerKind("faithful", 270, is_learned=True),
        RefinerKind("class-agnostic", 270, is_learned=True),
        RefinerKind("unshared", 270, is_learned=True),
        RefinerKind("crf", 24),
        RefinerKind("heat", 8),
        RefinerKind("perona-malik", 60),
        RefinerKind("anisotropic", 60),
        RefinerKind("geodesic", 40),
        RefinerKind("opinion-pool", 15),
    )
}
DEFAULT_COARSE_KIND = "unet-lite0"  # fine-tunes the shipped weights
DEFAULT_REFINER_KIND = "extended"
TRAINING_FREE = frozenset(key for key, kind in REFINER_KINDS.items() if not kind.is_learned)
