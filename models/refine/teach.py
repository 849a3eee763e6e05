"""Teaching the paper's refiners on labelled tiles as it does: steps unrolled, cross-entropy on the last, AdaGrad."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..borders import reflect
from ..score_maps import UNLABELLED, Labels
from ..training import Best, Epoch, Sampler, turn
from .lesson import LabelledTile, mean_iou_by_step, split
from .rnn import REACH, USUAL_STEPS, RefinementRNN, UnsharedRNN

HALO = USUAL_STEPS * REACH
LEARNING_RATE = 0.01  # of AdaGrad; "higher values make the loss diverge" [paper, section IV]
PATCH = 64  # px scored; with a halo of 2 px a step around them, 84 px are read [halo: ours, the paper pads]
BATCH = 8  # patches an update [ours: not stated]
JUDGE_EVERY = 25  # updates


@dataclass(frozen=True)
class _Examples:
    """A tile ready to draw patches from: padded by the halo, labels that may be learnt from."""

    scores: Tensor
    image: Tensor
    labels: Tensor
    sampler: Sampler


def teach(
    refiner: RefinementRNN | UnsharedRNN, tiles: Sequence[LabelledTile], steps: int, seed: int, device: torch.device
) -> Iterator[Epoch]:
    """Teach a refiner, yielding an `Epoch` an update; closing the iterator early keeps the best weights too.

    Best is by the mean IoU after `USUAL_STEPS` steps on the blocks of the tiles that are held out.
    """
    generator = np.random.default_rng(seed)
    learnt, judged = split(tiles, seed)
    examples = [_examples(tile, labels, HALO, device) for tile, labels in zip(tiles, learnt, strict=True)]
    optimizer = torch.optim.Adagrad(refiner.parameters(), lr=LEARNING_RATE, eps=1e-8)
    best = Best(refiner)
    try:
        for step in range(1, steps + 1):
            loss = _update(refiner, optimizer, examples, generator)
            score = None
            if step % JUDGE_EVERY == 0 or step in (1, steps):  # at the first, so that an early stop has a judged best
                score = mean_iou_by_step(refiner, tiles, judged, USUAL_STEPS, device)[-1]
            is_best = score is not None and best.offer(score)
            yield Epoch(step, steps, loss, score, is_best)
    finally:
        best.restore()


def _examples(tile: LabelledTile, labels: Labels, halo: int, device: torch.device) -> _Examples:
    """Pad a tile by the halo, and to the size of a patch where it is smaller."""
    rows, columns = labels.shape
    more = max(0, PATCH - rows), max(0, PATCH - columns)
    down = torch.from_numpy(reflect(-halo, rows + halo + more[0], rows))
    across = torch.from_numpy(reflect(-halo, columns + halo + more[1], columns))
    padded = np.pad(labels, ((0, more[0]), (0, more[1])), constant_values=UNLABELLED)
    return _Examples(
        torch.from_numpy(tile.scores)[:, down][:, :, across].to(device),
        torch.from_numpy(tile.image)[:, down][:, :, across].to(device),
        torch.from_numpy(padded).to(device),
        Sampler(padded, PATCH),
    )


def _update(
    refiner: RefinementRNN | UnsharedRNN,
    optimizer: torch.optim.Optimizer,
    examples: Sequence[_Examples],
    generator: np.random.Generator,
) -> float:
    """Learn from one batch of random patches, each turned in one of eight ways; return the loss."""
    scores, image, labels = _batch(examples, generator)
    refined = refiner(scores, image, USUAL_STEPS)
    loss = functional.cross_entropy(refined, labels, ignore_index=UNLABELLED)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return float(loss.detach())


def _batch(examples: Sequence[_Examples], generator: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    patches = []
    wide = PATCH + 2 * HALO
    for number in generator.integers(len(examples), size=BATCH):
        tile = examples[number]
        top, left = tile.sampler.draw(generator)
        way = int(generator.integers(8))
        patches.append(
            (
                turn(tile.scores[:, top : top + wide, left : left + wide], way),
                turn(tile.image[:, top : top + wide, left : left + wide], way),
                turn(tile.labels[top : top + PATCH, left : left + PATCH], way),
            )
        )
    scores, image, labels = zip(*patches, strict=True)
    return torch.stack(scores), torch.stack(image), torch.stack(labels).long()
