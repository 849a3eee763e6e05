"""What every way of teaching a refiner shares: labelled tiles, and the accuracy on what is held out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..borders import WHOLE, reflect
from ..metrics import Accuracy, confusion
from ..progress import Check, checked, go_on
from ..score_maps import UNLABELLED, Labels, Scores
from ..training import HELD_OUT, Sampler, hold_out, turn
from .refiner import Refiner
from .run import margin, refine

JUDGED_STEPS = 8  # how far a taught refiner is followed, to find the step that is best
WHOLE_PX = 800_000  # of labelled tiles together: of larger ones only some cells are judged, or it takes minutes
CELL, MOST_CELLS = 128, 16  # px a side, and how many
MANY = 4  # tiles, of which whole ones are held out
APART = 10  # px between what is learnt from and what is held out
ENOUGH = 0.95  # of the gain: later steps for the rest are a risk where the scene looks otherwise than the tile


@dataclass(frozen=True)
class LabelledTile:
    """A part of a scene with labels: logits (classes, rows, columns), image (bands, rows, columns), class indices."""

    scores: Scores
    image: Scores
    labels: Labels


class Pool:
    """Labelled tiles on a device, to draw patches from: each is mirrored outwards, and as large as a patch at least.

    A batch has patches of `patch` labelled pixels a side, with `around` more on each side of scores and image.
    """

    def __init__(
        self,
        tiles: Sequence[LabelledTile],
        labels: Sequence[Labels],
        patch: int,
        around: int,
        device: torch.device,
    ) -> None:
        """Draw from tiles, where some labels may be learnt from."""
        self._patch, self._wide = patch, patch + 2 * around
        self._tiles, self._samplers = [], []
        for tile, known in zip(tiles, labels, strict=True):
            if not (known != UNLABELLED).any():
                continue
            rows, columns = known.shape
            more = max(0, patch - rows), max(0, patch - columns)
            down = torch.from_numpy(reflect(-around, rows + around + more[0], rows))
            across = torch.from_numpy(reflect(-around, columns + around + more[1], columns))
            padded = np.pad(known, ((0, more[0]), (0, more[1])), constant_values=UNLABELLED)
            maps = [torch.from_numpy(each)[:, down][:, :, across].to(device) for each in (tile.scores, tile.image)]
            self._tiles.append((*maps, torch.from_numpy(padded).to(device)))
            self._samplers.append(Sampler(padded, patch))

    def draw(self, count: int, generator: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return some random patches, each turned in one of eight ways: scores, images and labels, a batch each."""
        patches = []
        for number in generator.integers(len(self._tiles), size=count):
            scores, image, labels = self._tiles[number]
            top, left = self._samplers[number].draw(generator)
            way = int(generator.integers(8))
            wide = (..., slice(top, top + self._wide), slice(left, left + self._wide))
            known = labels[top : top + self._patch, left : left + self._patch]
            patches.append((turn(scores[wide], way), turn(image[wide], way), turn(known, way)))
        batch_scores, batch_image, batch_labels = (torch.stack(each) for each in zip(*patches, strict=True))
        return batch_scores, batch_image, batch_labels.long()


def split(tiles: Sequence[LabelledTile], seed: int) -> tuple[list[Labels], list[Labels]]:
    """Split the labels of tiles into those to learn from and those to judge by: whole tiles of many, else by blocks.

    What a refiner is worth elsewhere is seen where it never learnt; blocks between others flatter it.
    """
    if len(tiles) >= MANY:
        away = np.random.default_rng(seed).permutation(len(tiles))[: round(HELD_OUT * len(tiles))]
        nothing = [np.full_like(tile.labels, UNLABELLED) for tile in tiles]
        learnt = [nothing[n] if n in away else tile.labels for n, tile in enumerate(tiles)]
        return learnt, [tile.labels if n in away else nothing[n] for n, tile in enumerate(tiles)]
    parts = [hold_out(tile.labels, seed, margin=APART) for tile in tiles]
    return [learn for learn, _ in parts], [held for _, held in parts]


def mean_iou_by_step(
    refiner: Refiner | None,
    tiles: Sequence[LabelledTile],
    held: Sequence[Labels],
    steps: int,
    device: torch.device,
    check: Check = go_on,
) -> tuple[float, ...]:
    """Return the mean IoU (0-1) of the scores as they come and after each step, over the labels of all tiles.

    `check` is called before each part that is judged and after each of its steps.
    """
    classes = tiles[0].scores.shape[0]
    counts = np.zeros((steps + 1, classes, classes), dtype=np.int64)
    for tile in judged_parts(tiles, held, margin(refiner, steps) if refiner is not None and steps else 0):
        scores = torch.from_numpy(tile.scores).to(device)
        counts[0] += _confused(scores, tile.labels)
        if refiner is None or not steps:
            continue
        refined = refine(refiner, scores, torch.from_numpy(tile.image).to(device), WHOLE, steps)
        for step, maps in enumerate(checked(refined, check), start=1):
            counts[step] += _confused(maps, tile.labels)
    names = tuple(map(str, range(classes)))
    return tuple(Accuracy(names, each).mean_iou for each in counts)


def _confused(scores: Tensor, labels: Labels) -> NDArray[np.int64]:
    return confusion(labels, scores.max(dim=0).indices.to(torch.uint8).cpu().numpy(), len(scores))


def judged_parts(tiles: Sequence[LabelledTile], held: Sequence[Labels], around: int) -> list[LabelledTile]:
    """Return tiles with the labels that are judged by; of large ones some cells, with `around` what they depend on."""
    if sum(labels.size for labels in held) <= WHOLE_PX:
        return [LabelledTile(tile.scores, tile.image, labels) for tile, labels in zip(tiles, held, strict=True)]
    cells = [
        (tile, labels, slice(row, row + CELL), slice(column, column + CELL))
        for tile, labels in zip(tiles, held, strict=True)
        for row in range(0, labels.shape[0], CELL) for column in range(0, labels.shape[1], CELL)
        if (labels[row : row + CELL, column : column + CELL] != UNLABELLED).any()
    ]  # fmt: skip
    chosen = np.random.default_rng(0).permutation(len(cells))[:MOST_CELLS]  # the same ones each time, to be comparable
    return [_cut(cells[number], around) for number in chosen.tolist()]


def _cut(cell: tuple[LabelledTile, Labels, slice, slice], around: int) -> LabelledTile:
    tile, labels, rows, columns = cell
    alone = np.full_like(labels, UNLABELLED)
    alone[rows, columns] = labels[rows, columns]
    cut = tuple(slice(max(0, side.start - around), side.stop + around) for side in (rows, columns))
    return LabelledTile(tile.scores[:, cut[0], cut[1]], tile.image[:, cut[0], cut[1]], alone[cut])


def best_step(by_step: Sequence[float]) -> int:
    """Return the first step that has nearly all that stepping gains on what is held out; 0 where it gains nothing."""
    gains = np.asarray(by_step) - by_step[0]
    return int(np.argmax(gains >= ENOUGH * gains.max()))


def coarse_miou(tiles: Sequence[LabelledTile], seed: int) -> float:
    """Return the mean IoU (0-1) of the unrefined scores on what is held out."""
    return mean_iou_by_step(None, tiles, split(tiles, seed)[1], 0, torch.device("cpu"))[0]
