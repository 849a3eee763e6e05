"""Teaching the extended refiner [ours]: a loss at every step, a random number of steps, averaged weights.

The paper's lesson asks for the fifth step alone, from weights that begin far from doing nothing. Here each patch is
refined three to seven times and every step is to be right, the later the more; AdamW with one cycle of the rate,
classes that weigh more while the map lacks them, images made brighter and darker at random and coarse maps moved; and
what is kept is a running average of the weights.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

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

FEWEST, MOST = 3, 7  # steps a patch
PATCH = 56  # px scored
CONTEXT_PX = 8  # px more on each side; beyond them a patch is mirrored, as a scene is at its borders
BATCH = 8
LEARNING_RATE, DECAY = 1e-2, 1e-3  # of AdamW, at the top of the cycle
GENTLE = 3e-3  # the rate for a refiner that was taught before: the other came out lower (docs/refiners.md)
JITTER = 0.1  # of gain and offset of each band, in standard deviations; twice as much of all bands together
SHIFT = 1.0  # px, standard deviation: of the coarse map against the image
WARMTH = 0.2  # of the coarse map's logarithmic temperature
SMOOTHED = 0.05  # of each label goes to the other classes, so that no score has to grow for ever
LATER = 0.8  # what the loss of a step counts, of that of the next
KEPT = 0.99  # of the average of the weights at each update
STEEPEST = 1.0  # norm of the gradient
EVALUATE_EVERY = 40  # updates
SHORTEST = 10  # of the rise and fall of the rate, in updates: of five, the rise would be none, which divides by zero


def train_extended(
    refiner: ExtendedRefiner,
    tiles: Sequence[LabelledTile],
    updates: int,
    seed: int,
    device: torch.device,
    check: CancelCheck = never_cancel,
) -> Iterator[TrainingUpdate]:
    """Teach the extended refiner, yielding an `Epoch` an update; closing the iterator early keeps the best weights too.

    The last average is kept, also where the coarse map beats it on what is held out: those blocks are few, and what
    they refuse may still be right elsewhere; whoever taught it is told, and stops at step 0 or looks. Where the
    teaching ends early the best is kept, by the mean IoU after `USUAL_STEPS` steps, and the untaught refiner, which
    leaves the map as it is, takes part.
    """
    generator = np.random.default_rng(seed)
    learnt, held = split(tiles, seed)
    pool = PatchSampler(tiles, learnt, PATCH, CONTEXT_PX, device)
    rate = LEARNING_RATE if refiner.is_untaught else GENTLE
    optimizer = torch.optim.AdamW(refiner.parameters(), lr=rate, weight_decay=DECAY)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=max(updates, SHORTEST), pct_start=0.2)
    average = copy.deepcopy(refiner)
    best, shares = BestWeights(average), ClassBalance(refiner.classes, device)

    def judged() -> float:
        return mean_iou_by_step(average, tiles, held, USUAL_STEPS, device, check)[-1]

    best.update(judged())
    try:
        for update in range(1, updates + 1):
            loss = _update(refiner, optimizer, pool, shares, generator)
            cycle.step()
            _keep_average(average, refiner, min(KEPT, update / (update + 10)))
            score = judged() if update % EVALUATE_EVERY == 0 or update == updates else None
            is_best = score is not None and best.update(score)
            if update == updates and score is not None:
                best.set(score)
                is_best = True
            yield TrainingUpdate(update, updates, loss, score, is_best)
    finally:
        best.restore()
        refiner.load_state_dict(average.state_dict())


def _keep_average(average: nn.Module, refiner: nn.Module, kept: float) -> None:
    with torch.no_grad():
        for mean, value in zip(average.parameters(), refiner.parameters(), strict=True):
            mean.lerp_(value, 1 - kept)


def _update(
    refiner: ExtendedRefiner,
    optimizer: torch.optim.Optimizer,
    pool: PatchSampler,
    shares: ClassBalance,
    generator: np.random.Generator,
) -> float:
    """Learn from one batch of random patches; return the loss."""
    scores, image, labels = pool.draw(BATCH, generator)
    scores = _jitter_scores(scores, generator).contiguous(
        memory_format=torch.channels_last
    )  # 1.3 times as fast on CPUs
    image = _jitter_brightness(image, generator).contiguous(memory_format=torch.channels_last)
    known = labels.ne(UNLABELLED).sum().clamp_min(1)
    count = int(generator.integers(FEWEST, MOST + 1))
    weights = LATER ** np.arange(count - 1, -1, -1)
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
    nn.utils.clip_grad_norm_(refiner.parameters(), STEEPEST)
    optimizer.step()
    return value


def _wrong(refined: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    return functional.cross_entropy(
        refined, labels, weights, ignore_index=UNLABELLED, label_smoothing=SMOOTHED, reduction="sum"
    )


def _jitter_scores(scores: Tensor, generator: np.random.Generator) -> Tensor:
    """Move each coarse map of a batch a little, and make it surer or less sure: there are few, and all alike."""
    shifts = np.clip(np.rint(generator.normal(0, SHIFT, (len(scores), 2))), -CONTEXT_PX, CONTEXT_PX).astype(int)
    warmth = np.exp(generator.normal(0, WARMTH, len(scores)))
    moved = [
        torch.roll(one, tuple(shift), (-2, -1)) * float(sure)
        for one, shift, sure in zip(scores, shifts.tolist(), warmth, strict=True)
    ]
    return torch.stack(moved)


def _jitter_brightness(images: Tensor, generator: np.random.Generator) -> Tensor:
    """Change the light of each of a batch of images a little."""
    bands = generator.normal(0, JITTER, (2, *images.shape[:2], 1, 1))
    gain, offset = bands + generator.normal(0, 2 * JITTER, (2, len(images), 1, 1, 1))
    change = torch.from_numpy(np.stack([1 + gain, offset]).astype(np.float32)).to(images.device)
    return images * change[0] + change[1]
