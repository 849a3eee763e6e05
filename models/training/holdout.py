"""Held-out blocks of labels, and checks of the labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..arrays.score_maps import UNLABELLED, Labels
from ..errors import LabelError

BLOCKS = 4  # per side; whole blocks are held out, because neighbouring pixels are too similar
HELD_OUT = 0.25  # of the labelled pixels


def hold_out(labels: Labels, seed: int, margin: int) -> tuple[Labels, Labels]:
    """Split labels by blocks into training and held-out labels.

    Blocks are taken in a random order until a quarter of the labelled pixels is held out; `margin` pixels around
    them are in neither part.

    Returns:
        Two arrays like `labels`, `UNLABELLED` outside the respective part.

    Raises:
        LabelError: if nothing is labelled.
    """
    rows, columns = np.nonzero(labels != UNLABELLED)
    if rows.size == 0:
        raise LabelError("Nothing is labelled within the scene; draw the tile over the image.")
    block_rows = np.array_split(np.arange(rows.min(), rows.max() + 1), BLOCKS)
    block_columns = np.array_split(np.arange(columns.min(), columns.max() + 1), BLOCKS)
    blocks = [(r, c) for r in block_rows for c in block_columns if r.size and c.size]
    held = np.zeros(labels.shape, dtype=bool)
    taken = 0
    for index in np.random.default_rng(seed).permutation(len(blocks)):
        r, c = blocks[index]
        part = labels[r[0] : r[-1] + 1, c[0] : c[-1] + 1]
        inside = int(np.count_nonzero(part != UNLABELLED))
        if taken and taken + inside > HELD_OUT * rows.size * 1.2:
            continue
        held[r[0] : r[-1] + 1, c[0] : c[-1] + 1] = True
        taken += inside
        if taken >= HELD_OUT * rows.size:
            break
    near = ndimage.binary_dilation(held, np.ones((3, 3), dtype=bool), iterations=margin) if margin else held
    learn = np.where(near, UNLABELLED, labels).astype(np.uint8)
    if not (learn != UNLABELLED).any():  # a tile of a few pixels: only the training labels are left for evaluation
        return labels, labels
    return learn, np.where(held, labels, UNLABELLED).astype(np.uint8)


def present_classes(labels: Labels, classes: Sequence[str]) -> NDArray[np.uint8]:
    """Return the class indices that occur in labels, in order.

    Raises:
        LabelError: if nothing is labelled, or an index has no class.
    """
    present = np.unique(labels[labels != UNLABELLED])
    if present.size == 0:
        raise LabelError("Nothing is labelled within the scene; check the extent and the CRS of the labels.")
    if present[-1] >= len(classes):
        raise LabelError(
            "The labels hold the class index {present}, but there are {count_classes} classes: "
            "{classes} (indices 0 to {number}; 255 is unlabelled).",
            present=present[-1],
            count_classes=len(classes),
            classes=", ".join(classes),
            number=len(classes) - 1,
        )
    return present


def check_classes(labels: Labels, classes: Sequence[str]) -> None:
    """Reject labels that cannot be used for training.

    Raises:
        LabelError: if nothing is labelled, only one class is labelled, or an index has no class.
    """
    present = present_classes(labels, classes)
    if present.size == 1:
        raise LabelError(
            "The labels hold only one class, {class_name!r}; training needs at least two.",
            class_name=classes[present[0]],
        )
