"""Training examples of a scene, read into memory: labelled tiles and training images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..arrays.grid import Window
from ..arrays.score_maps import UNLABELLED, Labels, Mask, Scores
from ..arrays.tiles import surround, tiles
from ..coarse.spectral.samples import SpectralSamples
from ..coarse.train_patches import TrainingImage
from ..errors import LabelError
from ..refine.training.samples import LabelledTile
from ..shared.model_kinds import COARSE_KINDS
from ..training.holdout import check_classes
from .scene import Scene
from .spectral_examples import MOST_A_CLASS, training_pixels

SURROUNDINGS_PX = 32  # px around the labels that are also read, for refiners with a halo
LARGEST_TILE_AREA_PX = 16_000_000  # px of a labelled tile, which is held in memory for training
PART_PX, MOST_PARTS = 1024, 12  # px per side, and number, of the parts of a large scene used for training


def labelled_tile(
    scene: Scene, read_scores: Callable[[Window], tuple[Scores, Mask]], labels: Labels, classes: Sequence[str]
) -> LabelledTile:
    """Read the labelled part of a scene, with a margin of `SURROUNDINGS_PX` pixels.

    Raises:
        LabelError: if the labels cannot be used for training, or cover too much to be held in memory.
    """
    check_classes(labels, classes)
    rows, columns = np.nonzero(labels != UNLABELLED)
    top, left = int(rows.min()), int(columns.min())
    core = Window(top, left, int(rows.max()) - top + 1, int(columns.max()) - left + 1)
    window = surround(core, scene.grid.height, scene.grid.width, SURROUNDINGS_PX).outer
    if window.height * window.width > LARGEST_TILE_AREA_PX:
        raise LabelError(
            "The labels span {window_width} x {window_height} pixels; a training tile has at most "
            "{number:.0f} megapixels. Label a smaller tile, or choose a larger pixel size.",
            window_width=window.width,
            window_height=window.height,
            number=LARGEST_TILE_AREA_PX / 1000000.0,
        )
    image, valid = scene.read(window)
    scores, known = read_scores(window)
    kept = np.where(valid & known, labels[window.slices()], UNLABELLED).astype(np.uint8)
    check_classes(kept, classes)
    return LabelledTile(scores, image, kept)


def training_images(scene: Scene, labels: Labels, seed: int) -> list[TrainingImage]:
    """Read a scene with its labels; of a large scene, the parts with most foreground and some random others."""
    grid = scene.grid
    if grid.width * grid.height <= MOST_PARTS * PART_PX * PART_PX:
        windows = [Window(0, 0, grid.height, grid.width)]
    else:
        every = [tile.core for tile in tiles(grid.height, grid.width, PART_PX, 0)]
        filled = np.array([_foreground(labels[window.slices()]) for window in every])
        order = np.argsort(-filled, kind="stable")
        others = np.random.default_rng(seed).permutation(order[MOST_PARTS * 3 // 4 :])[: MOST_PARTS // 4]
        windows = [every[n] for n in (*order[: MOST_PARTS * 3 // 4], *others)]
    images = []
    for window in windows:
        image, valid = scene.read(window)
        kept = np.where(valid, labels[window.slices()], UNLABELLED).astype(np.uint8)
        if (kept != UNLABELLED).any():
            images.append(TrainingImage(image, kept))
    if not images:
        raise LabelError("Nothing is labelled where the image has data.")
    return images


def coarse_examples(
    kind: str, scene: Scene, labels: Labels, classes: tuple[str, ...], samples: int, seed: int
) -> SpectralSamples | list[TrainingImage]:
    """Read the training examples of a coarse model kind; spectral kinds get at most `samples` pixels per class.

    With `samples` = 0 they get the default number.

    Raises:
        LabelError: if the labels cannot be used for training.
    """
    if COARSE_KINDS[kind].is_spectral:
        return training_pixels(scene, labels, classes, samples or MOST_A_CLASS, seed)
    return training_images(scene, labels, seed)


def _foreground(labels: Labels) -> int:
    return int(np.count_nonzero((labels != UNLABELLED) & (labels > 0)))
