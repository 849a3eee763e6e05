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

from ..borders import WHOLE
from ..progress import Check, go_on
from ..score_maps import UNLABELLED
from ..training import Best, Epoch
from .cores import give_gradients
from .extended import ExtendedRefiner
from .lesson import LabelledTile, Pool, mean_iou_by_step, split
from .rnn import USUAL_STEPS
from .shares import Shares, counted

FEWEST, MOST = 3, 7  # steps a patch
PATCH = 56  # px scored
AROUND = 8  # px more on each side; beyond them a patch is mirrored, as a scene is at its borders
BATCH = 8
RATE, DECAY = 1e-2, 1e-3  # of AdamW, at the top of the cycle
NEW = 0.75  # of what such weights change by is kept: between the old and the new they hold better on other ground
JITTER = 0.1  # of gain and offset of each band, in standard deviations; twice as much of all bands together
SHIFT = 1.0  # px, standard deviation: of the coarse map against the image
WARMTH = 0.2  # of the coarse map's logarithmic temperature
SMOOTHED = 0.05  # of each label goes to the other classes, so that no score has to grow for ever
LATER = 0.8  # what the loss of a step counts, of that of the next
KEPT = 0.99  # of the average of the weights at each update
STEEPEST = 1.0  # norm of the gradient
JUDGE_EVERY = 40  # updates
SHORTEST = 10  # of the rise and fall of the rate, in updates: of five, the rise would be none, which divides by zero


def drill(
    refiner: ExtendedRefiner,
    tiles: Sequence[LabelledTile],
    steps: int,
    seed: int,
    device: torch.device,
    check: Check = go_on,
) -> Iterator[Epoch]:
    """Teach the extended refiner, yielding an `Epoch` an update; closing the iterator early keeps the best weights too.

    The last average is kept, also where the coarse map beats it on what is held out: those blocks are few, and what
    they refuse may still be right elsewhere; whoever taught it is told, and stops at step 0 or looks. Where the
    teaching ends early the best is kept, by the mean IoU after `USUAL_STEPS` steps, and the untaught refiner, which
    leaves the map as it is, takes part. Of a refiner that was taught before, the weights that are judged and kept lie
    between those and the new ones (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
    """
    generator = np.random.default_rng(seed)
    learnt, held = split(tiles, seed)
    pool = Pool(tiles, learnt, PATCH, AROUND, device)
    before = None if refiner.is_untaught else copy.deepcopy(refiner)
    optimizer = torch.optim.AdamW(refiner.parameters(), lr=RATE, weight_decay=DECAY)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=max(steps, SHORTEST), pct_start=0.2)
    average, kept = copy.deepcopy(refiner), copy.deepcopy(refiner)
    best, shares = Best(kept), Shares(refiner.classes, device)

    def judged() -> float:
        kept.load_state_dict(average.state_dict())
        if before:
            approach(kept, before, 1 - NEW)
        return mean_iou_by_step(kept, tiles, held, USUAL_STEPS, device, check)[-1]

    best.offer(judged())
    try:
        for step in range(1, steps + 1):
            loss = gradients(refiner, pool, shares, generator)
            nn.utils.clip_grad_norm_(refiner.parameters(), STEEPEST)
            optimizer.step()
            cycle.step()
            approach(average, refiner, 1 - min(KEPT, step / (step + 10)))
            score = judged() if step % JUDGE_EVERY == 0 or step == steps else None
            is_best = score is not None and best.offer(score)
            if step == steps and score is not None:
                best.take(score)
                is_best = True
            yield Epoch(step, steps, loss, score, is_best)
    finally:
        best.restore()
        refiner.load_state_dict(kept.state_dict())


def approach(weights: nn.Module, others: nn.Module, share: float) -> None:
    """Move weights towards others by a share of the way."""
    with torch.no_grad():
        for value, other in zip(weights.parameters(), others.parameters(), strict=True):
            value.lerp_(other, share)


def gradients(refiner: ExtendedRefiner, pool: Pool, shares: Shares, generator: np.random.Generator) -> float:
    """Give the weights the gradients of one batch of random patches, and adjust the shares; return the loss."""
    scores, image, labels = pool.draw(BATCH, generator)
    scores = _shaken(scores, generator).contiguous(memory_format=torch.channels_last)  # 1.3 times as fast on CPUs
    image = _lit(image, generator).contiguous(memory_format=torch.channels_last)
    known = labels.ne(UNLABELLED).sum().clamp_min(1)
    count = int(generator.integers(FEWEST, MOST + 1))
    weights = LATER ** np.arange(count - 1, -1, -1)
    weights /= weights.sum()
    inside = (..., slice(AROUND, -AROUND), slice(AROUND, -AROUND))
    counts: list[Tensor] = []

    def loss(part: slice) -> Tensor:
        prepared = refiner.look(image[part], scores[part], WHOLE)
        state = refiner.start(scores[part])
        total = state.new_zeros(())
        for index, weight in enumerate(weights):
            state = refiner.step(state, prepared, WHOLE, index)
            refined = state[:, : refiner.classes][inside]
            total = total + weight * _wrong(refined, labels[part], shares.weights) / known
        counts.append(counted(labels[part], refined))
        return total

    value = give_gradients(refiner.parameters(), BATCH, loss, scores.device)
    shares.adjust(torch.stack(counts).sum(dim=0))
    return value


def _wrong(refined: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    return functional.cross_entropy(
        refined, labels, weights, ignore_index=UNLABELLED, label_smoothing=SMOOTHED, reduction="sum"
    )


def _shaken(scores: Tensor, generator: np.random.Generator) -> Tensor:
    """Move each coarse map of a batch a little, and make it surer or less sure: there are few, and all alike."""
    shifts = np.clip(np.rint(generator.normal(0, SHIFT, (len(scores), 2))), -AROUND, AROUND).astype(int)
    warmth = np.exp(generator.normal(0, WARMTH, len(scores)))
    moved = [
        torch.roll(one, tuple(shift), (-2, -1)) * float(sure)
        for one, shift, sure in zip(scores, shifts.tolist(), warmth, strict=True)
    ]
    return torch.stack(moved)


def _lit(images: Tensor, generator: np.random.Generator) -> Tensor:
    """Change the light of each of a batch of images a little."""
    bands = generator.normal(0, JITTER, (2, *images.shape[:2], 1, 1))
    gain, offset = bands + generator.normal(0, 2 * JITTER, (2, len(images), 1, 1, 1))
    change = torch.from_numpy(np.stack([1 + gain, offset]).astype(np.float32)).to(images.device)
    return images * change[0] + change[1]
