"""Training scenes of a coarse model: one scene, or several with the same classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Union

from ..coarse.spectral.samples import SpectralSamples
from ..coarse.train_patches import TrainingImage
from ..errors import RefinerError
from ..io.bands import parse_bands
from ..io.raster_reader import GridReader
from ..scene.examples import coarse_examples
from ..scene.labels import burn_sources, named_labels, raster_labels
from ..scene.scene import Scene
from ..shared.class_source import ClassSource
from ..shared.conventions import BACKGROUND
from .train_coarse import coarse_model_info
from .train_refiner import ModelInfo

Examples = Union[SpectralSamples, list[TrainingImage]]


@dataclass(frozen=True)
class TrainingScenes:
    """Settings for reading training scenes."""

    kind: str  # of the coarse model
    sources: tuple[ClassSource, ...]  # the named classes, with their files if there is no raster of labels
    samples: int  # maximum pixels per class of spectral kinds; 0: the default
    seed: int
    bands: str  # as the user writes them; empty: the default ones
    pixel_size_m: float | None

    def read(self, image: str, labels: str | None, others: Sequence[str] = ()) -> tuple[Examples, ModelInfo]:
        """Read a scene with its labels or class files, and further scenes, each IMAGE or IMAGE=LABELS.

        Raises:
            RefinerError: if the scenes do not fit each other.
        """
        examples, info = self._read(image, labels)
        if not others:
            return examples, info
        if isinstance(examples, SpectralSamples):
            raise RefinerError(
                "{kind} trains on the spectra of one image; other kinds train on several images.", kind=self.kind
            )
        images, names = list(examples), [Path(image).name]
        for text in others:
            path, own = _named(text, labels)
            more, other = self._read(path, own)
            if other.classes != info.classes:
                raise RefinerError(
                    "{name} has the classes {classes}, and {name_2} {classes_2}; name them in the "
                    "order of their indices, with --class NAME.",
                    name=Path(path).name,
                    classes=", ".join(other.classes),
                    name_2=names[0],
                    classes_2=", ".join(info.classes),
                )
            images += [] if isinstance(more, SpectralSamples) else more
            names.append(Path(path).name)
            if len(images[-1].image) != len(images[0].image):
                raise RefinerError(
                    "{name} has {count_image} bands, and {name_2} {count_image_2}; choose the same with --bands.",
                    name=names[-1],
                    count_image=len(images[-1].image),
                    name_2=names[0],
                    count_image_2=len(images[0].image),
                )
        return images, replace(info, trained_on=", ".join(names))

    def _read(self, image: str, labels: str | None) -> tuple[Examples, ModelInfo]:
        with Scene(image, self._bands(image), None, self.pixel_size_m) as scene:
            if labels and self.sources:
                truth = raster_labels(labels, scene.grid)
                count = int(truth[truth < 255].max(initial=1)) + 1
                names = _class_names([source.name for source in self.sources], count)
            elif labels:
                truth, names = named_labels(labels, scene.grid)
            else:
                truth, names = burn_sources(self.sources, scene.grid)
            examples = coarse_examples(
                self.kind, scene, labels=truth, classes=names, samples=self.samples, seed=self.seed
            )
            return examples, coarse_model_info(self.kind, names, scene, Path(image).name)

    def _bands(self, image: str) -> tuple[int, ...]:
        if not self.bands:
            return ()
        with GridReader(image) as reader:
            return parse_bands(self.bands, reader)


def _named(text: str, labels: str | None) -> tuple[str, str | None]:
    """Split IMAGE or IMAGE=LABELS; labels are required exactly if the first scene has labels."""
    path, _, own = text.partition("=")
    if not path or bool(own) != bool(labels):
        raise RefinerError(
            "Another scene is given as IMAGE=LABELS where the first has labels, and else as IMAGE; found {text!r}.",
            text=text,
        )
    return path, own or None


def _class_names(given: Sequence[str], count: int) -> tuple[str, ...]:
    """Return the class names of a label raster: background, then the given names, then numbers."""
    names = [BACKGROUND, *(name for name in given if name != BACKGROUND)]
    return (*names, *(f"class {k}" for k in range(len(names), count)))
