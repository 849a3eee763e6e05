"""Grid search for the parameters of a refiner, evaluated on a labelled tile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...arrays.borders import Borders
from ...arrays.score_maps import UNLABELLED, Labels
from ...metrics.pixels import ConfusionAccuracy, confusion
from ...runtime.progress import CancelCheck, never_cancel, with_cancel
from ...training.loop import BestWeights, TrainingUpdate
from ..refiner import crop_halo
from ..rnn import USUAL_STEPS
from ..tunable import TunableRefiner
from ..unroll import refine_steps, total_halo
from .samples import LabelledTile, split

CELLS, CELL_PX = 4, 100  # cells per side, and px per side of a cell: the searched part of a large tile


@dataclass(frozen=True)
class _Piece:
    """A part of a tile for the search, with its halo; training and held-out labels exclude the halo."""

    scores: Tensor
    image: Tensor
    borders: Borders
    training: Labels
    held_out: Labels


def grid_search(
    refiner: TunableRefiner,
    tiles: Sequence[LabelledTile],
    updates: int,
    seed: int,
    device: torch.device,
    check: CancelCheck = never_cancel,
) -> Iterator[TrainingUpdate]:
    """Evaluate up to `updates` candidates, yielding a `TrainingUpdate` each; keep the best, even if closed early.

    The usual parameters come first, the others in random order. As for trained refiners, the best candidate has the
    highest held-out mean IoU after `USUAL_STEPS` steps; the loss is 1 - mean IoU on the training labels. Of a tile of
    more than 400 pixels a side, only the part of that size that best covers all classes is used.
    """
    usual, *others = refiner.candidates()
    order = np.random.default_rng(seed).permutation(len(others))
    tried = [usual, *(others[n] for n in order)][:updates]
    pieces = [
        _piece(tile, training, held_out, total_halo(refiner, USUAL_STEPS), device)
        for tile, training, held_out in zip(tiles, *split(tiles, seed), strict=True)
    ]
    best = BestWeights(refiner)
    try:
        for number, values in enumerate(tried, start=1):
            refiner.use(values)
            training, held_out = _score(refiner, pieces, check)
            yield TrainingUpdate(number, len(tried), 1 - training, held_out, best.update(held_out))
    finally:
        best.restore()


def _score(refiner: TunableRefiner, pieces: Sequence[_Piece], check: CancelCheck) -> tuple[float, float]:
    """Return the mean IoU (0-1) after the usual steps, on the training labels and on the held-out labels."""
    classes = refiner.classes
    counts = np.zeros((2, classes, classes), dtype=np.int64)
    for piece in pieces:
        steps = refine_steps(refiner, piece.scores, piece.image, piece.borders, USUAL_STEPS)
        *_, refined = with_cancel(steps, check)
        found = refined.max(dim=0).indices.to(torch.uint8).cpu().numpy()
        counts += [confusion(labels, found, classes) for labels in (piece.training, piece.held_out)]
    names = tuple(map(str, range(classes)))
    training, held_out = (ConfusionAccuracy(names, each).mean_iou for each in counts)
    return training, held_out


def _piece(tile: LabelledTile, training: Labels, held_out: Labels, around: int, device: torch.device) -> _Piece:
    """Cut out the searched part with a halo of `around` real pixels, so that it is refined like the whole tile."""
    rows, columns = tile.labels.shape
    top, bottom, left, right = _core(training, held_out)
    top, bottom = max(0, top - around), min(rows, bottom + around)
    left, right = max(0, left - around), min(columns, right + around)
    borders = Borders(top == 0, left == 0, bottom == rows, right == columns)
    cut = (slice(top, bottom), slice(left, right))
    scores, image = (torch.from_numpy(each[:, cut[0], cut[1]].copy()).to(device) for each in (tile.scores, tile.image))
    training, held_out = (
        crop_halo(torch.from_numpy(labels[cut]), around, borders).numpy() for labels in (training, held_out)
    )
    return _Piece(scores, image, borders, training, held_out)


def _core(training: Labels, held_out: Labels) -> tuple[int, int, int, int]:
    """Return top, bottom, left and right of the up to `CELLS` x `CELLS` cells that best cover all classes."""
    rows, columns = training.shape
    starts = [range(0, max(1, -(-size // CELL_PX) - CELLS + 1)) for size in (rows, columns)]
    worth = np.zeros([len(each) for each in starts])
    for labels in (training, held_out):
        for k in np.unique(labels[labels != UNLABELLED]):
            inside = _counts(labels == k)
            shares = [[inside[r : r + CELLS, c : c + CELLS].sum() for c in starts[1]] for r in starts[0]]
            worth += np.sqrt(shares)  # half of each of two classes counts more than all of one
    row, column = np.unravel_index(worth.argmax(), worth.shape)
    top, left = int(row) * CELL_PX, int(column) * CELL_PX
    core = (top, min(rows, top + CELLS * CELL_PX), left, min(columns, left + CELLS * CELL_PX))
    cut = (slice(*core[:2]), slice(*core[2:]))
    known = [labels != UNLABELLED for labels in (training, held_out)]
    is_enough = all(each[cut].any() or not each.any() for each in known)
    return core if is_enough else (0, rows, 0, columns)


def _counts(mask: np.typing.NDArray[np.bool_]) -> np.typing.NDArray[np.float64]:
    """Return the share of a mask's pixels in each cell."""
    rows, columns = (np.arange(0, size, CELL_PX) for size in mask.shape)
    inside = np.add.reduceat(np.add.reduceat(mask, rows, axis=0, dtype=np.int64), columns, axis=1)
    return np.asarray(inside / mask.sum())
