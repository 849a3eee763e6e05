"""Labelled tiles, random patches, and the held-out split for the training of refiners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...arrays.borders import reflect
from ...arrays.score_maps import UNLABELLED, Labels, Scores
from ...training.holdout import HELD_OUT, hold_out
from ...training.patches import Sampler, dihedral

HELD_OUT_STEPS = 8  # steps evaluated to find the best one
WHOLE_TILES_FROM = 4  # tiles; with at least this number, whole tiles are held out
GAP_PX = 10  # px between training and held-out labels
ENOUGH = 0.95  # share of the gain; more steps are risky if the scene looks different from the tile


@dataclass(frozen=True)
class LabelledTile:
    """A labelled part of a scene: logits (classes, rows, columns), image (bands, rows, columns), class indices."""

    scores: Scores
    image: Scores
    labels: Labels


class PatchSampler:
    """A sampler of random patches from labelled tiles on a device.

    Tiles are mirrored outwards to at least the size of a patch. A batch has patches of `patch` labelled pixels a side,
    with `around` more pixels on each side of scores and image.
    """

    def __init__(
        self,
        tiles: Sequence[LabelledTile],
        labels: Sequence[Labels],
        patch: int,
        around: int,
        device: torch.device,
    ) -> None:
        """Prepare the tiles that have training labels."""
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
        """Return a batch of random patches in one of eight orientations each: scores, images and labels."""
        patches = []
        for number in generator.integers(len(self._tiles), size=count):
            scores, image, labels = self._tiles[number]
            top, left = self._samplers[number].draw(generator)
            way = int(generator.integers(8))
            wide = (..., slice(top, top + self._wide), slice(left, left + self._wide))
            known = labels[top : top + self._patch, left : left + self._patch]
            patches.append((dihedral(scores[wide], way), dihedral(image[wide], way), dihedral(known, way)))
        batch_scores, batch_image, batch_labels = (torch.stack(each) for each in zip(*patches, strict=True))
        return batch_scores, batch_image, batch_labels.long()


def split(tiles: Sequence[LabelledTile], seed: int) -> tuple[list[Labels], list[Labels]]:
    """Split the labels into training and held-out labels, by whole tiles if there are many, else by blocks.

    Held-out tiles show how a refiner generalises; blocks between training blocks overestimate it.
    """
    if len(tiles) >= WHOLE_TILES_FROM:
        away = np.random.default_rng(seed).permutation(len(tiles))[: round(HELD_OUT * len(tiles))]
        nothing = [np.full_like(tile.labels, UNLABELLED) for tile in tiles]
        training = [nothing[n] if n in away else tile.labels for n, tile in enumerate(tiles)]
        return training, [tile.labels if n in away else nothing[n] for n, tile in enumerate(tiles)]
    parts = [hold_out(tile.labels, seed, margin=GAP_PX) for tile in tiles]
    return [learn for learn, _ in parts], [held_out for _, held_out in parts]
