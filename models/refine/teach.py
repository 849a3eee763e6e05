"""Teaching a refiner on labelled tiles, as the paper does: unrolled steps, cross-entropy on the last, AdaGrad."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..borders import WHOLE, reflect
from ..metrics import Accuracy, confusion
from ..score_maps import UNLABELLED, Labels, Scores
from ..training import Best, Epoch, Sampler, hold_out, turn
from .rnn import REACH, RefinementRNN
from .run import refine

UNROLLED = 5  # steps [paper, section IV]
LEARNING_RATE = 0.01  # of AdaGrad; "higher values make the loss diverge" [paper, section IV]
PATCH = 64  # px scored; with a halo of 2 px a step around them, 84 px are read [halo: ours, the paper pads]
BATCH = 8  # patches an update [ours: not stated]
JUDGE_EVERY = 25  # updates


@dataclass(frozen=True)
class LabelledTile:
    """A part of a scene with labels: logits (classes, rows, columns), image (bands, rows, columns), class indices."""

    scores: Scores
    image: Scores
    labels: Labels


@dataclass(frozen=True)
class _Examples:
    """A tile ready to draw patches from: padded by the halo, labels that may be learnt from."""

    scores: Tensor
    image: Tensor
    labels: Tensor
    sampler: Sampler


def teach(
    refiner: RefinementRNN, tiles: Sequence[LabelledTile], steps: int, seed: int, device: torch.device
) -> Iterator[Epoch]:
    """Teach a refiner, yielding an `Epoch` an update; closing the iterator early keeps the best weights too.

    Best is by the mean IoU after `UNROLLED` steps on the blocks of the tiles that are held out.
    """
    generator = np.random.default_rng(seed)
    halo = UNROLLED * REACH
    parts = [hold_out(tile.labels, seed, margin=halo) for tile in tiles]
    examples = [_examples(tile, learn, halo, device) for tile, (learn, _) in zip(tiles, parts, strict=True)]
    judged = [held for _, held in parts]
    optimizer = torch.optim.Adagrad(refiner.parameters(), lr=LEARNING_RATE, eps=1e-8)
    best = Best(refiner)
    try:
        for step in range(1, steps + 1):
            loss = _update(refiner, optimizer, examples, generator)
            score = None
            if step % JUDGE_EVERY == 0 or step in (1, steps):  # at the first, so that an early stop has a judged best
                score = held_out_miou(refiner, tiles, judged, UNROLLED, device)
            is_best = score is not None and best.offer(score)
            yield Epoch(step, steps, loss, score, is_best)
    finally:
        best.restore()


def coarse_miou(tiles: Sequence[LabelledTile], seed: int) -> float:
    """Return the mean IoU (0-1) of the unrefined scores on the same held-out blocks."""
    held = [hold_out(tile.labels, seed, margin=UNROLLED * REACH)[1] for tile in tiles]
    return held_out_miou(None, tiles, held, 0, torch.device("cpu"))


def held_out_miou(
    refiner: RefinementRNN | None,
    tiles: Sequence[LabelledTile],
    held: Sequence[Labels],
    steps: int,
    device: torch.device,
) -> float:
    """Return the mean IoU (0-1) after some steps, over the held-out labels of all tiles together."""
    classes = tiles[0].scores.shape[0]
    counts = np.zeros((classes, classes), dtype=np.int64)
    for tile, labels in zip(tiles, held, strict=True):
        scores = torch.from_numpy(tile.scores).to(device)
        if refiner is not None:
            for scores in refine(refiner, scores, torch.from_numpy(tile.image).to(device), WHOLE, steps):  # noqa: B007, B020
                pass
        counts += confusion(labels, scores.argmax(dim=0).to(torch.uint8).cpu().numpy(), classes)
    return Accuracy(tuple(map(str, range(classes))), counts).mean_iou


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
    refiner: RefinementRNN,
    optimizer: torch.optim.Optimizer,
    examples: Sequence[_Examples],
    generator: np.random.Generator,
) -> float:
    """Learn from one batch of random patches, each turned in one of eight ways; return the loss."""
    scores, image, labels = _batch(examples, generator)
    refined = refiner(scores, image, UNROLLED)
    loss = functional.cross_entropy(refined, labels, ignore_index=UNLABELLED)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return float(loss.detach())


def _batch(examples: Sequence[_Examples], generator: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    patches = []
    wide = PATCH + 2 * UNROLLED * REACH
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
