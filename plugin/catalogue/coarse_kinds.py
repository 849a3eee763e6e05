"""The kinds of coarse models: titles and descriptions."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP, QCoreApplication


@dataclass(frozen=True)
class CoarseKind:
    """A kind of coarse model: its name in requests and in files of weights, and its English texts."""

    key: str
    name: str
    sentence: str
    is_spectral: bool = True  # it looks at single pixels, and learns from a number of them a class
    has_trunk: bool = False  # it can begin with VGG-16's weights
    has_scales: bool = False  # it can look at an image at several scales

    def title(self) -> str:
        """Return the title."""
        return QCoreApplication.translate("MapRefiner", self.name)

    def description(self) -> str:
        """Return the description, one sentence."""
        return QCoreApplication.translate("MapRefiner", self.sentence)


# The texts are marked for translation here, and translated where they are shown.
COARSE_KINDS = (
    CoarseKind(
        "fcn-8s",
        QT_TRANSLATE_NOOP("MapRefiner", "Pyramid: FCN-8s"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "For colour images of 0.25-1 m: scores at a stride of 32 pixels, refined by scores at "
            "strides 16 and 8 (Long et al. 2015); it has a larger context than the paper's network and "
            "finds more, but is slower.",
        ),
        is_spectral=False,
    ),
    CoarseKind(
        "fcn",
        QT_TRANSLATE_NOOP("MapRefiner", "Convolutional network"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "The coarse network of the paper, for colour images of 0.25-1 m: a context of 30 pixels, "
            "fast, and tolerant of shifted or incomplete vectors.",
        ),
        is_spectral=False,
    ),
    CoarseKind(
        "fcn-16s",
        QT_TRANSLATE_NOOP("MapRefiner", "Pyramid: FCN-16s"),
        QT_TRANSLATE_NOOP("MapRefiner", "The same with only strides of 32 and 16 pixels: coarser outlines."),
        is_spectral=False,
    ),
    CoarseKind(
        "fcn-32s",
        QT_TRANSLATE_NOOP("MapRefiner", "Pyramid: FCN-32s"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "The same with only a stride of 32 pixels, for comparison: finds only large objects."
        ),
        is_spectral=False,
    ),
    CoarseKind(
        "lrr",
        QT_TRANSLATE_NOOP("MapRefiner", "Pyramid: LRR"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "Reconstructs each class from shapes learned from the labels, and adds finer levels where "
            "the coarser ones are uncertain (Ghiasi and Fowlkes 2016); the slowest to train.",
        ),
        is_spectral=False,
        has_scales=True,
    ),
    CoarseKind(
        "fcn-8s-vgg16",
        QT_TRANSLATE_NOOP("MapRefiner", "Pyramid: FCN-8s on VGG-16"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "FCN-8s on its original large backbone, for three bands; needs pretrained weights and a GPU.",
        ),
        is_spectral=False,
        has_trunk=True,
    ),
    CoarseKind(
        "lrr-vgg16",
        QT_TRANSLATE_NOOP("MapRefiner", "Pyramid: LRR on VGG-16"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "LRR on its original large backbone, for three bands; needs pretrained weights and a GPU.",
        ),
        is_spectral=False,
        has_trunk=True,
        has_scales=True,
    ),
    CoarseKind(
        "lenet",
        QT_TRANSLATE_NOOP("MapRefiner", "Patches: LeNet"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "Classifies each pixel from the 32 x 32 pixels around it with few weights: for few labels, "
            "and slow to apply.",
        ),
        is_spectral=False,
    ),
    CoarseKind(
        "gru-pretanh",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: GRU, PRetanh"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "Processes the bands of a pixel in sequence (Mou et al. 2017): for many bands, and slow to train.",
        ),
    ),
    CoarseKind(
        "gru-pretanh-shared",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: GRU, one PRetanh slope"),
        QT_TRANSLATE_NOOP("MapRefiner", "The same network with one activation slope for all channels."),
    ),
    CoarseKind(
        "gru-tanh",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: GRU, tanh"),
        QT_TRANSLATE_NOOP("MapRefiner", "The same network with the usual activation, for comparison."),
    ),
    CoarseKind(
        "gru-relu",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: GRU, ReLU"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "The same network with an unbounded activation, for comparison; its training may diverge."
        ),
    ),
    CoarseKind(
        "lstm",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: LSTM"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "Processes the bands in sequence with a memory cell: a third more weights than the GRU."
        ),
    ),
    CoarseKind(
        "cnn-1d",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: 1-D convolutions"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "Finds patterns in the spectrum with 1-D convolutions (Hu et al. 2015); fast to apply."
        ),
    ),
    CoarseKind(
        "crnn",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: convolutions, then LSTM"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "Finds patterns in the spectrum and processes them in sequence (Wu and Prasad 2017); refine "
            "its map with the opinion pool.",
        ),
    ),
    CoarseKind(
        "random-forest",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: random forest"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "The votes of 200 decision trees: trains in seconds and is robust; needs scikit-learn."
        ),
    ),
    CoarseKind(
        "svm-rbf",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: support vector machine"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "Separates pairs of classes with a radial kernel: strong with few labels, slow with many; "
            "needs scikit-learn.",
        ),
    ),
)


def coarse_kind(key: str) -> CoarseKind | None:
    """Return the kind of a name, or None if this version does not know it."""
    return next((kind for kind in COARSE_KINDS if kind.key == key), None)
