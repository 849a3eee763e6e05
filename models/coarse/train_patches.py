"""Training of coarse networks on imprecise labels: random patches, SGD, best weights by a held-out block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..arrays.borders import reflect
from ..arrays.score_maps import UNLABELLED, Labels, Scores
from ..metrics.pixels import ConfusionAccuracy, confusion
from ..runtime.process_group import ProcessGroup
from ..runtime.progress import CancelCheck, never_cancel
from ..training.holdout import hold_out
from ..training.loop import BestWeights, TrainingUpdate
from ..training.patches import Sampler, dihedral

SINGLE_PROCESS = ProcessGroup()
PATCH = 64  # px of labels per patch [paper, section IV]; 124 px with the halo
MOMENTUM, DECAY = 0.9, 2e-4  # [paper, section IV]
EVALUATE_EVERY = 50  # updates
JITTER = 0.1  # standard deviation of the random gain and offset of each band [ours]


class PatchNet(Protocol):
    """Torch module that returns (batch, K, S - 2 halo, S - 2 halo) logits of (batch, bands, S, S).

    Optional members: an `optimizer`; a `loss`; preferred `patch` and `batch` sizes; a `margin`, the px read around a
    patch in training if the halo would cost too much; and `is_balanced`, which gives rare classes more weight in the
    loss.
    """

    classes: int
    halo: int
    stride: int

    def scores(self, image: Tensor) -> Tensor:
        """Return the logits."""
        ...


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
    net: Any, images: Sequence[TrainingImage], options: TrainingOptions, device: torch.device
) -> Iterator[TrainingUpdate]:
    """Train a coarse network and yield each update; closing the iterator early also keeps the best weights."""
    team = options.process_group
    generator = np.random.default_rng(team.seeds(options.seed))
    parts = [hold_out(image.labels, options.seed, margin=0) for image in images]
    patch, batch = getattr(net, "patch", PATCH), team.share(min(options.batch, getattr(net, "batch", options.batch)))
    margin = getattr(net, "margin", net.halo)
    examples = [_padded(image, learn, margin, patch, device) for image, (learn, _) in zip(images, parts, strict=True)]
    pixels = [
        image.weight * np.count_nonzero(learn != UNLABELLED) for image, (learn, _) in zip(images, parts, strict=True)
    ]
    weights = np.array(pixels, dtype=float)
    is_balanced = getattr(net, "is_balanced", False)
    balance = _balance([learn for learn, _ in parts], net.classes).to(device) if is_balanced else None
    optimizer = _optimizer(net, options)
    lowest = optimizer.param_groups[0]["lr"] / 50
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.updates, lowest)
    net.to(memory_format=torch.channels_last).train()
    team.agree(net)
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
                process_group=team,
            )
            rate.step()
            score = None
            is_evaluated = update % EVALUATE_EVERY == 0 or update in (
                1,
                options.updates,
            )  # the first too: an early stop then has best weights
            if team.is_first and is_evaluated:
                net.eval()  # disables dropout
                score = held_out_miou(net, images, [held for _, held in parts], device)
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


def _optimizer(net: Any, options: TrainingOptions) -> torch.optim.Optimizer:
    if hasattr(net, "optimizer"):
        own: torch.optim.Optimizer = net.optimizer()
        return own
    if options.optimizer == "adamw":
        return torch.optim.AdamW(net.parameters(), lr=options.learning_rate, weight_decay=1e-3)
    return torch.optim.SGD(net.parameters(), lr=options.learning_rate, momentum=MOMENTUM, weight_decay=DECAY)


def held_out_miou(
    net: PatchNet, images: Sequence[TrainingImage], held: Sequence[Labels], device: torch.device
) -> float:
    """Return the mean IoU (0-1) of the held-out labels of all images together."""
    counts = np.zeros((net.classes, net.classes), dtype=np.int64)
    for image, labels in zip(images, held, strict=True):
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
    net: Any,
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
    own = getattr(net, "loss", None)
    if own:
        loss = own(batch, truth, balance)
    else:
        loss = functional.cross_entropy(net(batch), truth, balance, ignore_index=UNLABELLED)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    process_group.average(net)
    torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)  # one outlier patch must not ruin the training
    optimizer.step()
    return float(loss.detach())
