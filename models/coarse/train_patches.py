"""Training of coarse networks on imprecise labels: random patches, SGD, best weights by a held-out block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ..arrays.borders import reflect
from ..arrays.score_maps import UNLABELLED, Labels, Scores
from ..metrics.pixels import ConfusionAccuracy, confusion
from ..runtime.process_group import ProcessGroup
from ..runtime.progress import CancelCheck, never_cancel
from ..training.holdout import hold_out
from ..training.loop import BestWeights, TrainingUpdate
from ..training.patches import Sampler, dihedral
from .model import PatchNet

SINGLE_PROCESS = ProcessGroup()
MOMENTUM, DECAY = 0.9, 2e-4  # [paper, section IV]
EVALUATE_EVERY = 50  # updates
JITTER = 0.1  # standard deviation of the random gain and offset of each band [ours]


@dataclass(frozen=True)
class TrainingOptions:
    """Training options; the paper uses 64 patches and a rate of 0.01, fewer at a higher rate suit short CPU runs."""

    updates: int
    seed: int
    batch: int = 16
    learning_rate: float = 0.03
    optimizer: Literal["sgd", "adamw"] = "sgd"  # the paper's; AdamW at 0.001 copes better with many unlike scenes
    process_group: ProcessGroup = SINGLE_PROCESS  # shares each batch
    check: CancelCheck = never_cancel  # also called within long updates: before each layer during evaluation


@dataclass(frozen=True)
class TrainingImage:
    """A part of a scene: image (bands, rows, columns) standardised, and class indices (rows, columns).

    `weight` is the relative frequency at which its labelled pixels are drawn, compared with other images.
    """

    image: Scores
    labels: Labels
    weight: float = 1.0


def train_patches(
    net: PatchNet, images: Sequence[TrainingImage], options: TrainingOptions, device: torch.device
) -> Iterator[TrainingUpdate]:
    """Train a coarse network and yield each update; closing the iterator early also keeps the best weights."""
    group = options.process_group
    generator = np.random.default_rng(group.seeds(options.seed))
    parts = [hold_out(image.labels, options.seed, margin=0) for image in images]
    patch, batch = net.patch, group.share(min(options.batch, net.batch or options.batch))
    margin = net.margin or net.halo
    examples = [
        _padded(image, training, margin, patch, device) for image, (training, _) in zip(images, parts, strict=True)
    ]
    pixels = [
        image.weight * np.count_nonzero(training != UNLABELLED)
        for image, (training, _) in zip(images, parts, strict=True)
    ]
    weights = np.array(pixels, dtype=float)
    balance = _balance([training for training, _ in parts], net.classes).to(device) if net.is_balanced else None
    optimizer = net.optimizer() or _optimizer(net, options)
    lowest = optimizer.param_groups[0]["lr"] / 50
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.updates, lowest)
    net.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    group.agree(net)
    best = BestWeights(net)
    try:
        for update in range(1, options.updates + 1):
            chosen = generator.choice(len(examples), size=batch, p=weights / weights.sum())
            loss = _update(
                net,
                optimizer,
                chosen=[examples[n] for n in chosen],
                size=patch,
                margin=margin,
                balance=balance,
                generator=generator,
                process_group=group,
            )
            rate.step()
            score = None
            is_evaluated = update % EVALUATE_EVERY == 0 or update in (
                1,
                options.updates,
            )  # the first too: an early stop then has best weights
            if group.is_first and is_evaluated:
                net.eval()  # disables dropout
                score = evaluate_held_out(net, images, [held_out for _, held_out in parts], device)
                net.train()
            is_best = score is not None and best.update(score)
            yield TrainingUpdate(update, options.updates, loss, score, is_best)
    finally:
        best.restore()
        net.eval()


def _balance(labels: Sequence[Labels], classes: int) -> Tensor:
    """Return class weights, each one over the root of the class's frequency; the mean weight of a pixel is one.

    Without them, networks with coarse features leave out small objects, of which they are rarely certain.
    """
    counts = np.sum([np.bincount(each.ravel(), minlength=UNLABELLED + 1)[:classes] for each in labels], axis=0)
    roots = np.sqrt(counts.clip(1) / counts.sum())
    return torch.from_numpy((1 / roots / roots[counts > 0].sum()).astype(np.float32))


def _optimizer(net: PatchNet, options: TrainingOptions) -> torch.optim.Optimizer:
    if options.optimizer == "adamw":
        return torch.optim.AdamW(net.parameters(), lr=options.learning_rate, weight_decay=1e-3)
    return torch.optim.SGD(net.parameters(), lr=options.learning_rate, momentum=MOMENTUM, weight_decay=DECAY)


def evaluate_held_out(
    net: PatchNet, images: Sequence[TrainingImage], held_out: Sequence[Labels], device: torch.device
) -> float:
    """Return the mean IoU (0-1) of the held-out labels of all images together."""
    counts = np.zeros((net.classes, net.classes), dtype=np.int64)
    for image, labels in zip(images, held_out, strict=True):
        rows, columns = np.nonzero(labels != UNLABELLED)
        if rows.size == 0:
            continue
        top, bottom = int(rows.min()), int(rows.max()) + 1
        left, right = int(columns.min()), int(columns.max()) + 1
        stride, halo = net.stride, net.halo
        height, width = -(-(bottom - top) // stride) * stride, -(-(right - left) // stride) * stride
        down = reflect(top - halo, top + height + halo, labels.shape[0])
        across = reflect(left - halo, left + width + halo, labels.shape[1])
        scores = net.scores(torch.from_numpy(image.image[:, down][:, :, across])[None].to(device))[0]
        predicted = scores.max(dim=0).indices.to(torch.uint8).cpu().numpy()[: bottom - top, : right - left]
        counts += confusion(labels[top:bottom, left:right], predicted, net.classes)
    return ConfusionAccuracy(tuple(map(str, range(net.classes))), counts).mean_iou


def _padded(
    image: TrainingImage, labels: Labels, margin: int, patch: int, device: torch.device
) -> tuple[Tensor, Tensor, Sampler]:
    """Pad an image by the margin, and to the size of a patch if it is smaller."""
    rows, columns = labels.shape
    more = max(0, patch - rows), max(0, patch - columns)
    down = reflect(-margin, rows + margin + more[0], rows)
    across = reflect(-margin, columns + margin + more[1], columns)
    padded = np.pad(labels, ((0, more[0]), (0, more[1])), constant_values=UNLABELLED)
    pixels = torch.from_numpy(np.ascontiguousarray(image.image[:, down][:, :, across])).to(device)
    return pixels, torch.from_numpy(padded).to(device), Sampler(padded, patch)


def _update(
    net: PatchNet,
    optimizer: torch.optim.Optimizer,
    chosen: Sequence[tuple[Tensor, Tensor, Sampler]],
    size: int,
    margin: int,
    balance: Tensor | None,
    generator: np.random.Generator,
    process_group: ProcessGroup,
) -> float:
    images, labels = [], []
    wide = size + 2 * margin
    for pixels, truth, sampler in chosen:
        top, left = sampler.draw(generator)
        way = int(generator.integers(8))
        patch = dihedral(pixels[:, top : top + wide, left : left + wide], way)
        gain, offset = generator.normal(0, JITTER, (2, len(patch), 1, 1)).astype(np.float32)
        images.append(patch * torch.from_numpy(1 + gain).to(patch.device) + torch.from_numpy(offset).to(patch.device))
        labels.append(dihedral(truth[top : top + size, left : left + size], way))
    batch = torch.stack(images).contiguous(memory_format=torch.channels_last)
    truth = torch.stack(labels).long()
    loss = net.loss(batch, truth, balance)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    process_group.average(net)
    torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)  # one outlier patch must not ruin the training
    optimizer.step()
    return float(loss.detach())
