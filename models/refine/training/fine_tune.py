"""Fine-tuning on a few corrections [ours]: present weights, a low learning rate, and a penalty on other changes.

Training only on a few corrections would lose everything else. Half of each batch is therefore drawn around them, the
other half from the labelled tile if there is one. Unlabelled pixels are penalised for differing from the earlier
probabilities, the more so the more certain these are. Any refiner with weights can be fine-tuned through its own steps.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor, nn
from torch.nn import functional

from ...arrays.borders import WHOLE
from ...arrays.score_maps import UNLABELLED, Labels
from ...metrics.pixels import confusion
from ...runtime.parallel import data_parallel_backward
from ...runtime.progress import CancelCheck, never_cancel, with_cancel
from ...training.loop import TrainingUpdate
from ..refiner import Refiner
from ..rnn import USUAL_STEPS
from ..unroll import refine_steps, total_halo
from .samples import LabelledTile, PatchSampler

UPDATES = 24  # weight updates per click on Learn, a few seconds
PATCH = 72  # px with a loss; a few large patches take half the time of many small ones
CONTEXT_PX = 8  # px more on each side
BATCH = 4
LEARNING_RATE = 1e-3  # of Adam
STEP_WEIGHT = 0.7  # loss weight of a step relative to the next step
MOST_PIXELS_PER_CORRECTION = 60  # px used of each correction: a large one carries no more information than a small one
HELD = 2.0  # weight of the unlabelled pixels relative to the labelled ones
LARGEST_GRADIENT = 1.0  # largest gradient norm
GRAIN = 48  # px; sides of evaluated parts are multiples of it
EVALUATED = 20  # largest number of corrections evaluated


def fine_tune_weights(
    refiner: Refiner,
    corrected: Sequence[LabelledTile],
    tiles: Sequence[LabelledTile],
    updates: int,
    seed: int,
    device: torch.device,
) -> Iterator[TrainingUpdate]:
    """Fine-tune a refiner in place from its present weights, yielding one `TrainingUpdate` per update.

    Args:
        refiner: a trained refiner, on `device`.
        corrected: tiles with corrections as labels; all other pixels are unlabelled.
        tiles: its training tiles, as far as they are known.
        updates: number of weight updates.
        seed: random seed of the patches.
        device: device of the computation.
    """
    generator = np.random.default_rng(seed)
    thinned = [_thinned(tile.labels, generator) for tile in corrected]
    pools = [
        PatchSampler([_marked(tile) for tile in part], [_from_one(each) for each in labels], PATCH, CONTEXT_PX, device)
        for part, labels in ((corrected, thinned), (tiles, [tile.labels for tile in tiles]))
        if part
    ]
    before = copy.deepcopy(refiner)
    weights = list(cast(nn.Module, refiner).parameters())
    optimizer = torch.optim.Adam(weights, lr=LEARNING_RATE)
    cycle = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, updates, LEARNING_RATE / 10)
    for step in range(1, updates + 1):
        drawn = [pool.draw(BATCH // len(pools), generator) for pool in pools]
        scores, image, shifted = (torch.cat(each) for each in zip(*drawn, strict=True))
        labels = torch.where(shifted == UNLABELLED, shifted, shifted - 1)
        known = labels.ne(UNLABELLED).sum().clamp_min(1)
        batch = (scores, image, labels)

        def loss(part: slice, batch: tuple[Tensor, ...] = batch, known: Tensor = known) -> Tensor:
            return torch.stack([_wrong(refiner, before, *one) for one in zip(*(b[part] for b in batch))]).sum() / known

        value = data_parallel_backward(weights, BATCH, loss, device)
        nn.utils.clip_grad_norm_(weights, LARGEST_GRADIENT)
        optimizer.step()
        cycle.step()
        yield TrainingUpdate(step, updates, value)


def _thinned(labels: Labels, generator: np.random.Generator) -> Labels:
    """Keep at most `MOST_PIXELS_PER_CORRECTION` pixels of each connected correction."""
    kept = np.full_like(labels, UNLABELLED)
    for k in np.unique(labels[labels != UNLABELLED]):
        parts, _ = ndimage.label(labels == k)
        for n, place in enumerate(ndimage.find_objects(parts), start=1):
            rows, columns = np.nonzero(parts[place] == n)
            some = generator.permutation(rows.size)[:MOST_PIXELS_PER_CORRECTION]
            kept[place][rows[some], columns[some]] = k
    return kept


def _from_one(labels: Labels) -> Labels:
    """Renumber the classes from 1, so that the first one is sampled as often as any other."""
    return np.where(labels == UNLABELLED, labels, labels + 1).astype(np.uint8)


def _marked(tile: LabelledTile) -> LabelledTile:
    """Append a band to the image that marks all labelled pixels, including those not used for training."""
    band = (tile.labels != UNLABELLED).astype(np.float32)[None]
    return LabelledTile(tile.scores, np.concatenate([tile.image, band]), tile.labels)


def _wrong(refiner: Refiner, before: Refiner, scores: Tensor, image: Tensor, labels: Tensor) -> Tensor:
    """Return the summed loss of one patch: all steps on labelled pixels, the last step on unlabelled ones."""
    inside = (..., slice(CONTEXT_PX, -CONTEXT_PX), slice(CONTEXT_PX, -CONTEXT_PX))
    image, marks = image[:-1], image[-1]
    steps = [state[inside] for state in _unrolled(refiner, scores, image)]
    shares = STEP_WEIGHT ** np.arange(len(steps) - 1, -1, -1)
    total = scores.new_zeros(())
    for state, share in zip(steps, shares / shares.sum(), strict=True):
        one = functional.cross_entropy(state[None], labels[None], ignore_index=UNLABELLED, reduction="sum")
        total = total + float(share) * one
    free = marks[inside].eq(0)
    if not free.any():
        return total
    with torch.no_grad():
        earlier = _unrolled(before, scores, image)[-1][inside].softmax(dim=0)
    apart = functional.kl_div(steps[-1].log_softmax(dim=0), earlier, reduction="none").sum(dim=0)
    known = labels.ne(UNLABELLED).sum().clamp_min(1)
    return total + HELD * known * (apart * free).sum() / free.sum()


def _unrolled(refiner: Refiner, scores: Tensor, image: Tensor) -> list[Tensor]:
    """Return the scores after each step, with gradients if they are enabled."""
    state, prepared = refiner.start(scores), refiner.prepare(image, scores, WHOLE)
    found = []
    for index in range(USUAL_STEPS):
        state = refiner.step(state, prepared, WHOLE, index)
        found.append(state[: refiner.classes])
    return found


def share_right(
    refiner: Refiner, tiles: Sequence[LabelledTile], device: torch.device, check: CancelCheck = never_cancel
) -> float:
    """Return the share (0-1) of corrected pixels that a refiner classifies correctly after the usual steps.

    Only a sample of many corrections is evaluated, because the user waits for the result twice per fine-tuning. `check`
    is called between their steps.
    """
    counts: Any = np.zeros((refiner.classes, refiner.classes), dtype=np.int64)
    for tile in _evaluation_tiles(tiles, total_halo(refiner, USUAL_STEPS)):
        scores, image = torch.from_numpy(tile.scores).to(device), torch.from_numpy(tile.image).to(device)
        *_, after = with_cancel(refine_steps(refiner, scores, image, WHOLE, USUAL_STEPS), check)
        counts += confusion(tile.labels, after.argmax(dim=0).to(torch.uint8).cpu().numpy(), refiner.classes)
    return float(np.trace(counts) / max(1, counts.sum()))


def _evaluation_tiles(tiles: Sequence[LabelledTile], reach: int) -> list[LabelledTile]:
    parts = [part for tile in tiles for part in _around_corrections(tile, reach)]
    return [parts[number] for number in np.random.default_rng(0).permutation(len(parts))[:EVALUATED]]


def _around_corrections(tile: LabelledTile, reach: int) -> list[LabelledTile]:
    """Cut out each correction with its halo, unless the whole tile is no larger than all of them."""
    spots, _ = ndimage.label(tile.labels != UNLABELLED, np.ones((3, 3)))
    boxes = [tuple(_grown(side, reach) for side in box) for box in ndimage.find_objects(spots)]
    if sum(spots[box].size for box in boxes) >= spots.size:
        return [tile]
    parts = []
    for number, box in enumerate(boxes, start=1):
        labels = np.where(spots[box] == number, tile.labels[box], UNLABELLED).astype(np.uint8)
        parts.append(LabelledTile(tile.scores[:, box[0], box[1]], tile.image[:, box[0], box[1]], labels))
    return parts


def _grown(side: slice, reach: int) -> slice:
    """Extend a side by `reach`, to a multiple of `GRAIN`, because torch rebuilds its operations for each new size."""
    first = max(0, side.start - reach)
    return slice(first, first + -(-(side.stop + reach - first) // GRAIN) * GRAIN)
