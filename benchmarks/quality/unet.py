"""A plain alternative to a refiner: a small U-Net on image and coarse probabilities, trained on the same tile."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from map_refiner.models.arrays.score_maps import UNLABELLED, Scores
from map_refiner.models.refine.training.samples import LabelledTile, PatchSampler, split
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 16
PATCH, AROUND, BATCH = 56, 8, 8  # as for the extended refiner
UPDATES = 300
LEARNING_RATE = 3e-3


class Block(nn.Sequential):
    """Two convolutions with batch normalisation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        layers: list[nn.Module] = []
        for count in (inputs, outputs):
            layers += [nn.Conv2d(count, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
        super().__init__(*layers)


class UNet(nn.Module):
    """A three-level U-Net with about 119,000 weights."""

    def __init__(self, classes: int, bands: int) -> None:
        super().__init__()
        self.top, self.middle, self.bottom = (
            Block(classes + bands, WIDTH),
            Block(WIDTH, 2 * WIDTH),
            Block(2 * WIDTH, 4 * WIDTH),
        )
        self.up_middle, self.up_top = Block(6 * WIDTH, 2 * WIDTH), Block(3 * WIDTH, WIDTH)
        self.out = nn.Conv2d(WIDTH, classes, 1)

    def forward(self, scores: Tensor, image: Tensor) -> Tensor:
        """Return (batch, classes, rows, columns) logits."""
        maps = torch.cat([scores.softmax(1), image], 1)
        rows, columns = maps.shape[2:]
        maps = functional.pad(maps, (0, -columns % 4, 0, -rows % 4), mode="reflect")
        top = self.top(maps)
        middle = self.middle(functional.max_pool2d(top, 2))
        bottom = self.bottom(functional.max_pool2d(middle, 2))
        middle = self.up_middle(torch.cat([_double(bottom), middle], 1))
        return torch.as_tensor(self.out(self.up_top(torch.cat([_double(middle), top], 1)))[..., :rows, :columns])


def _double(maps: Tensor) -> Tensor:
    return functional.interpolate(maps, scale_factor=2, mode="bilinear", align_corners=False)


def train_unet(tiles: Sequence[LabelledTile], seed: int) -> tuple[UNet, float]:
    """Train a U-Net on the training tiles of a refiner; return it and the training seconds."""
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    net = UNet(tiles[0].scores.shape[0], tiles[0].image.shape[0]).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    pool = PatchSampler(tiles, split(tiles, seed)[0], PATCH, AROUND, torch.device("cpu"))
    optimizer = torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=UPDATES, pct_start=0.2)
    started = time.monotonic()
    inside = (..., slice(AROUND, -AROUND), slice(AROUND, -AROUND))
    for _ in range(UPDATES):
        scores, image, labels = pool.draw(BATCH, generator)
        image = image * (1 + 0.1 * torch.randn(len(image), 3, 1, 1)) + 0.1 * torch.randn(len(image), 3, 1, 1)
        loss = functional.cross_entropy(net(scores, image)[inside], labels, ignore_index=UNLABELLED)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        cycle.step()
    return net.eval(), time.monotonic() - started


def apply_unet(net: UNet, scores: Scores, image: Scores) -> Tensor:
    """Return (classes, rows, columns) logits of an image."""
    with torch.inference_mode():
        return torch.as_tensor(net(torch.from_numpy(scores)[None], torch.from_numpy(image)[None])[0])
