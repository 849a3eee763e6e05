"""The paper's training of refiners on labelled tiles: unrolled steps, cross-entropy on the last, AdaGrad."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ...arrays.score_maps import UNLABELLED
from ...runtime.parallel import data_parallel_backward
from ...runtime.progress import CancelCheck, never_cancel
from ...training.loop import BestWeights, TrainingUpdate
from ..rnn import HALO_PX, USUAL_STEPS, RefinementRNN, UnsharedRNN
from .held_out import mean_iou_by_step
from .samples import LabelledTile, PatchSampler, split

HALO = USUAL_STEPS * HALO_PX
LEARNING_RATE = 0.01  # of AdaGrad; "higher values make the loss diverge" [paper, section IV]
PATCH = 64  # px with a loss; with a halo of 2 px per step, 84 px are read [halo: ours, the paper pads]
BATCH = 8  # patches per update [ours: not stated]
EVALUATE_EVERY = 25  # updates


def train_faithful(
    refiner: RefinementRNN | UnsharedRNN,
    tiles: Sequence[LabelledTile],
    updates: int,
    seed: int,
    device: torch.device,
    check: CancelCheck = never_cancel,
) -> Iterator[TrainingUpdate]:
    """Train a refiner, yielding one `TrainingUpdate` per update; if closed early, it keeps the best weights too.

    The best weights have the highest held-out mean IoU after `USUAL_STEPS` steps.
    """
    generator = np.random.default_rng(seed)
    training, evaluate = split(tiles, seed)
    pool = PatchSampler(tiles, training, PATCH, HALO, device)
    optimizer = torch.optim.Adagrad(refiner.parameters(), lr=LEARNING_RATE, eps=1e-8)
    best = BestWeights(refiner)
    try:
        for update in range(1, updates + 1):
            loss = _update(refiner, optimizer, pool, generator, device)
            score = None
            if update % EVALUATE_EVERY == 0 or update in (1, updates):  # the first, so that an early stop has a score
                score = mean_iou_by_step(
                    refiner, tiles, held_out=evaluate, steps=USUAL_STEPS, device=device, check=check
                )[-1]
            is_best = score is not None and best.update(score)
            yield TrainingUpdate(update, updates, loss, score, is_best)
    finally:
        best.restore()


def _update(
    refiner: RefinementRNN | UnsharedRNN,
    optimizer: torch.optim.Optimizer,
    pool: PatchSampler,
    generator: np.random.Generator,
    device: torch.device,
) -> float:
    """Train on one batch of random patches; return the loss."""
    scores, image, labels = pool.draw(BATCH, generator)
    known = labels.ne(UNLABELLED).sum().clamp_min(1)

    def loss(part: slice) -> Tensor:
        refined = refiner(scores[part], image[part], USUAL_STEPS)
        wrong = functional.cross_entropy(refined, labels[part], ignore_index=UNLABELLED, reduction="sum")
        return wrong / known

    value = data_parallel_backward(refiner.parameters(), BATCH, loss, device)
    optimizer.step()
    return value
