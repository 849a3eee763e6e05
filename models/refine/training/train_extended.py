"""Training of the extended refiner [ours]: a loss at every step, a random number of steps, averaged weights.

The paper trains only the fifth step, from initial weights far from the identity. Here each patch is refined three to
seven times, with a loss at every step and larger weights for later steps. The optimizer is AdamW with one cycle of the
learning rate. Classes weigh more while the map underestimates them. The brightness of images and the position of coarse
maps vary at random. The result is a running average of the weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel

from ...arrays.borders import WHOLE
from ...arrays.score_maps import UNLABELLED
from ...runtime.parallel import data_parallel_backward
from ...runtime.progress import CancelCheck, never_cancel
from ...training.loop import BestWeights, TrainingUpdate
from ..extended import ExtendedRefiner
from ..rnn import USUAL_STEPS
from .class_balance import ClassBalance, class_counts
from .held_out import mean_iou_by_step
from .samples import LabelledTile, PatchSampler, split

FEWEST_STEPS, MOST_STEPS = 3, 7  # steps per patch
PATCH = 56  # px with a loss
CONTEXT_PX = 8  # px more on each side; beyond them a patch is mirrored, like a scene at its borders
BATCH = 8
LEARNING_RATE, DECAY = 1e-2, 1e-3  # of AdamW; the rate is the peak of the cycle
PRETRAINED_RATE = 3e-3  # rate for an already trained refiner: the full rate scored lower (docs/measured/refiners.md)
JITTER = 0.1  # standard deviation of the gain and offset of each band; twice that for all bands together
SHIFT_PX = 1.0  # px, standard deviation of the coarse map's shift
TEMPERATURE_JITTER = 0.2  # standard deviation of the coarse map's log temperature
LABEL_SMOOTHING = 0.05  # share of each label given to all classes, so that scores do not grow without bound
STEP_WEIGHT = 0.8  # loss weight of a step relative to the next step
AVERAGE_DECAY = 0.99  # decay of the averaged weights per update
LARGEST_GRADIENT = 1.0  # largest gradient norm
EVALUATE_EVERY = 40  # updates
SHORTEST = 10  # least length of the rate cycle, in updates: with five, its rise is empty, which divides by zero


def train_extended(
    refiner: ExtendedRefiner,
    tiles: Sequence[LabelledTile],
    updates: int,
    seed: int,
    device: torch.device,
    check: CancelCheck = never_cancel,
) -> Iterator[TrainingUpdate]:
    """Train the extended refiner, yielding one `TrainingUpdate` per update.

    The last average is kept even if the coarse map has a higher held-out score: the held-out blocks are few, and the
    refiner may still be better elsewhere. The user is informed and can use step 0 or inspect the map. If the iterator
    is closed early, the weights with the best held-out mean IoU after `USUAL_STEPS` steps are kept. The initial weights
    are a candidate too; those of an untrained refiner leave the map unchanged.
    """
    generator = np.random.default_rng(seed)
    training, held_out = split(tiles, seed)
    pool = PatchSampler(tiles, training, PATCH, CONTEXT_PX, device)
    rate = LEARNING_RATE if refiner.is_untrained else PRETRAINED_RATE
    optimizer = torch.optim.AdamW(refiner.parameters(), lr=rate, weight_decay=DECAY)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=max(updates, SHORTEST), pct_start=0.2)
    averaged = AveragedModel(refiner, avg_fn=_average)
    averaged.n_averaged.fill_(1)  # the initial weights count too
    average = cast(ExtendedRefiner, averaged.module)
    best, shares = BestWeights(average), ClassBalance(refiner.classes, device)

    def evaluate() -> float:
        return mean_iou_by_step(average, tiles, held_out=held_out, steps=USUAL_STEPS, device=device, check=check)[-1]

    best.update(evaluate())
    try:
        for update in range(1, updates + 1):
            loss = _update(refiner, optimizer, pool, shares, generator)
            cycle.step()
            averaged.update_parameters(refiner)
            score = evaluate() if update % EVALUATE_EVERY == 0 or update == updates else None
            is_best = score is not None and best.update(score)
            if update == updates and score is not None:
                best.set(score)
                is_best = True
            yield TrainingUpdate(update, updates, loss, score, is_best)
    finally:
        best.restore()
        refiner.load_state_dict(average.state_dict())


def _average(mean: Tensor, value: Tensor, count: Tensor | int) -> Tensor:
    """Return the running average after `count` updates; its memory grows to 1 / (1 - `AVERAGE_DECAY`) updates."""
    return mean.lerp(value, 1 - min(AVERAGE_DECAY, int(count) / (int(count) + 10)))


def _update(
    refiner: ExtendedRefiner,
    optimizer: torch.optim.Optimizer,
    pool: PatchSampler,
    shares: ClassBalance,
    generator: np.random.Generator,
) -> float:
    """Train on one batch of random patches; return the loss."""
    scores, image, labels = pool.draw(BATCH, generator)
    scores = _jitter_scores(scores, generator).contiguous(
        memory_format=torch.channels_last
    )  # 1.3 times as fast on CPUs
    image = _jitter_brightness(image, generator).contiguous(memory_format=torch.channels_last)
    known = labels.ne(UNLABELLED).sum().clamp_min(1)
    count = int(generator.integers(FEWEST_STEPS, MOST_STEPS + 1))
    weights = STEP_WEIGHT ** np.arange(count - 1, -1, -1)
    weights /= weights.sum()
    inside = (..., slice(CONTEXT_PX, -CONTEXT_PX), slice(CONTEXT_PX, -CONTEXT_PX))
    counts: list[Tensor] = []

    def loss(part: slice) -> Tensor:
        prepared = refiner.look(image[part], scores[part], WHOLE)
        state = refiner.start(scores[part])
        total = state.new_zeros(())
        for index, weight in enumerate(weights):
            state = refiner.step(state, prepared, WHOLE, index)
            refined = state[:, : refiner.classes][inside]
            total = total + weight * _wrong(refined, labels[part], shares.weights) / known
        counts.append(class_counts(labels[part], refined))
        return total

    value = data_parallel_backward(refiner.parameters(), BATCH, loss, scores.device)
    shares.adjust(torch.stack(counts).sum(dim=0))
    nn.utils.clip_grad_norm_(refiner.parameters(), LARGEST_GRADIENT)
    optimizer.step()
    return value


def _wrong(refined: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    return functional.cross_entropy(
        refined, labels, weights, ignore_index=UNLABELLED, label_smoothing=LABEL_SMOOTHING, reduction="sum"
    )


def _jitter_scores(scores: Tensor, generator: np.random.Generator) -> Tensor:
    """Shift each coarse map of a batch a little and vary its certainty, because coarse maps are few and similar."""
    shifts = np.clip(np.rint(generator.normal(0, SHIFT_PX, (len(scores), 2))), -CONTEXT_PX, CONTEXT_PX).astype(int)
    warmth = np.exp(generator.normal(0, TEMPERATURE_JITTER, len(scores)))
    moved = [
        torch.roll(one, tuple(shift), (-2, -1)) * float(sure)
        for one, shift, sure in zip(scores, shifts.tolist(), warmth, strict=True)
    ]
    return torch.stack(moved)


def _jitter_brightness(images: Tensor, generator: np.random.Generator) -> Tensor:
    """Vary the brightness and contrast of each image of a batch a little."""
    bands = generator.normal(0, JITTER, (2, *images.shape[:2], 1, 1))
    gain, offset = bands + generator.normal(0, 2 * JITTER, (2, len(images), 1, 1, 1))
    change = torch.from_numpy(np.stack([1 + gain, offset]).astype(np.float32)).to(images.device)
    return images * change[0] + change[1]
