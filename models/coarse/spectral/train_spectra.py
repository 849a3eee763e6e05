"""Training of networks on single spectra; the best weights are selected on held-out regions."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch.nn import functional

from ...errors import RefinerError
from ...training.loop import BestWeights, TrainingUpdate
from ..train_patches import TrainingOptions
from .pixel_model import PixelModel
from .samples import SpectralSamples, evaluate_held_out, hold_out_parts

BATCH = 128  # [ours; no source gives one]
EVALUATE_EVERY = 20  # updates
SLOWER_FROM, SLOWER = 0.8, 0.1  # lower rate for the last updates [ours; Mou et al. do not give their epochs]


def train_spectra(
    net: PixelModel, pixels: SpectralSamples, options: TrainingOptions, device: torch.device
) -> Iterator[TrainingUpdate]:
    """Train for `options.updates` updates and yield each; closing the iterator early keeps the best weights.

    Raises:
        RefinerError: if the loss is no longer finite.
    """
    training, held_out = hold_out_parts(pixels, options.seed)
    spectra = torch.from_numpy(pixels.spectra[training]).to(device)
    labels = torch.from_numpy(pixels.labels[training]).long().to(device)
    order = torch.Generator().manual_seed(options.seed)
    optimizer = net.optimizer()
    best = BestWeights(net)
    batches: list[torch.Tensor] = []
    net.train()
    try:
        for update in range(1, options.updates + 1):
            if not batches:
                batches = list(torch.split(torch.randperm(len(labels), generator=order).to(device), BATCH))
                if len(batches) > 1 and len(batches[-1]) < BATCH // 4:
                    batches.pop()  # too small for batch normalisation
            if update == math.ceil(SLOWER_FROM * options.updates) and update > 1:
                for group in optimizer.param_groups:
                    group["lr"] *= SLOWER
            chosen = batches.pop()
            loss = _update(net, optimizer, spectra[chosen], labels[chosen])
            if not math.isfinite(loss):
                raise RefinerError(
                    "The training of {net_kind} diverges at update {update}; choose another kind.",
                    net_kind=net.kind,
                    update=update,
                )
            score = None
            if update % EVALUATE_EVERY == 0 or update in (1, options.updates):
                score = evaluate_held_out(net.eval(), pixels, held_out, device)
                net.train()
            yield TrainingUpdate(update, options.updates, loss, score, score is not None and best.update(score))
    finally:
        best.restore()
        net.eval()


def _update(net: PixelModel, optimizer: torch.optim.Optimizer, spectra: torch.Tensor, labels: torch.Tensor) -> float:
    loss = functional.cross_entropy(net(spectra), labels)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return float(loss.detach())
