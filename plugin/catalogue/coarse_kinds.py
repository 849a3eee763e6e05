"""Titles and descriptions of the coarse model kinds."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.PyQt.QtCore import QT_TRANSLATE_NOOP

from ...models.shared.model_kinds import COARSE_KINDS, CoarseKind
from ..wording import tr


@dataclass(frozen=True)
class CoarseKindText:
    """The English title and description of a coarse model kind."""

    key: str
    name: str
    sentence: str

    @property
    def kind(self) -> CoarseKind:
        """The kind's capabilities."""
        return COARSE_KINDS[self.key]

    def title(self) -> str:
        """Return the translated title."""
        return tr(self.name)

    def description(self) -> str:
        """Return the translated description, one sentence."""
        return tr(self.sentence)


# The texts are marked for translation here and translated when shown.
COARSE_KIND_TEXTS = (
    CoarseKindText(
        "unet-lite0",
        QT_TRANSLATE_NOOP("MapRefiner", "Pretrained: U-Net on EfficientNet-Lite0"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "Fine-tunes the shipped model, which was pretrained on photographs and aerial images: accurate with few "
            "labels, for colour images of 0.25-1 m.",
        ),
    ),
    CoarseKindText(
        "fcn-8s",
        QT_TRANSLATE_NOOP("MapRefiner", "Pyramid: FCN-8s"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "For colour images of 0.25-1 m: scores at a stride of 32 pixels, refined by scores at "
            "strides 16 and 8 (Long et al. 2015); it has a larger context than the paper's network and "
            "finds more, but is slower.",
        ),
    ),
    CoarseKindText(
        "fcn",
        QT_TRANSLATE_NOOP("MapRefiner", "Convolutional network"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "The coarse network of the paper, for colour images of 0.25-1 m: a context of 30 pixels, "
            "fast, and tolerant of shifted or incomplete vectors.",
        ),
    ),
    CoarseKindText(
        "fcn-16s",
        QT_TRANSLATE_NOOP("MapRefiner", "Pyramid: FCN-16s"),
        QT_TRANSLATE_NOOP("MapRefiner", "The same with only strides of 32 and 16 pixels: coarser outlines."),
    ),
    CoarseKindText(
        "fcn-32s",
        QT_TRANSLATE_NOOP("MapRefiner", "Pyramid: FCN-32s"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "The same with only a stride of 32 pixels, for comparison: finds only large objects."
        ),
    ),
    CoarseKindText(
        "lrr",
        QT_TRANSLATE_NOOP("MapRefiner", "Pyramid: LRR"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "Reconstructs each class from shapes learned from the labels, and adds finer levels where "
            "the coarser ones are uncertain (Ghiasi and Fowlkes 2016); the slowest to train.",
        ),
    ),
    CoarseKindText(
        "fcn-8s-vgg16",
        QT_TRANSLATE_NOOP("MapRefiner", "Pyramid: FCN-8s on VGG-16"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "FCN-8s on its original large backbone, for three bands; needs pretrained weights and a GPU.",
        ),
    ),
    CoarseKindText(
        "lrr-vgg16",
        QT_TRANSLATE_NOOP("MapRefiner", "Pyramid: LRR on VGG-16"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "LRR on its original large backbone, for three bands; needs pretrained weights and a GPU.",
        ),
    ),
    CoarseKindText(
        "lenet",
        QT_TRANSLATE_NOOP("MapRefiner", "Patches: LeNet"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "Classifies each pixel from the 32 x 32 pixels around it with few weights: for few labels, "
            "and slow to apply.",
        ),
    ),
    CoarseKindText(
        "gru-pretanh",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: GRU, PRetanh"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "Processes the bands of a pixel in sequence (Mou et al. 2017): for many bands, and slow to train.",
        ),
    ),
    CoarseKindText(
        "gru-pretanh-shared",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: GRU, one PRetanh slope"),
        QT_TRANSLATE_NOOP("MapRefiner", "The same network with one activation slope for all channels."),
    ),
    CoarseKindText(
        "gru-tanh",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: GRU, tanh"),
        QT_TRANSLATE_NOOP("MapRefiner", "The same network with the usual activation, for comparison."),
    ),
    CoarseKindText(
        "gru-relu",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: GRU, ReLU"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "The same network with an unbounded activation, for comparison; its training may diverge."
        ),
    ),
    CoarseKindText(
        "lstm",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: LSTM"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "Processes the bands in sequence with a memory cell: a third more weights than the GRU."
        ),
    ),
    CoarseKindText(
        "cnn-1d",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: 1-D convolutions"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "Finds patterns in the spectrum with 1-D convolutions (Hu et al. 2015); fast to apply."
        ),
    ),
    CoarseKindText(
        "crnn",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: convolutions, then LSTM"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "Finds patterns in the spectrum and processes them in sequence (Wu and Prasad 2017); refine "
            "its map with the opinion pool.",
        ),
    ),
    CoarseKindText(
        "random-forest",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: random forest"),
        QT_TRANSLATE_NOOP(
            "MapRefiner", "The votes of 200 decision trees: trains in seconds and is robust; needs scikit-learn."
        ),
    ),
    CoarseKindText(
        "svm-rbf",
        QT_TRANSLATE_NOOP("MapRefiner", "Spectra: support vector machine"),
        QT_TRANSLATE_NOOP(
            "MapRefiner",
            "Separates pairs of classes with a radial kernel: strong with few labels, slow with many; "
            "needs scikit-learn.",
        ),
    ),
)
