"""A U-Net on the pretrained EfficientNet-Lite0 encoder: the coarse model that can be fine-tuned on one tile [ours].

Each decoder stage doubles the resolution, joins the encoder's features of that stride and convolves. The head works at
stride 2: it joins the image, with each 2 x 2 block of pixels stacked as channels, and predicts four pixels at once.
This takes a third of the time of a head at full resolution. The decoder has no normalisation, so tiles give the same
result as the whole scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .lite_encoder import CHANNELS, STRIDE, LiteEncoder, context_radius, spread
from .model import PatchNet

WIDTHS = (64, 40, 24)  # channels of the decoder at strides 8, 4 and 2
HEAD = 32  # channels, at stride 2
PIXELS = 4  # per position at stride 2
_RADIUS_PX = context_radius() + STRIDE + 8 + 4 + 2 + 2  # a position, and each 3 x 3 convolution of the decoder
HALO_PX = -(-_RADIUS_PX // STRIDE) * STRIDE
LEARNING_RATE = 1e-3  # of AdamW, from random weights
ENCODER_SHARE = 0.25  # of that rate
GENTLE_RATE = 4e-4  # for pretrained weights with a frozen encoder: low, so that one tile does not undo the others
WEIGHT_DECAY = 1e-2
DICE = 0.5  # weight of the Dice loss relative to the cross-entropy


class LiteUNet(PatchNet):
    """Encoder, three decoder stages, and a small head at full resolution."""

    kind = "unet-lite0"
    stride = STRIDE
    halo = HALO_PX
    patch, margin, batch = 128, 32, 8  # for training; a full halo would be larger than the patch
    is_balanced = True

    def __init__(self, classes: int, bands: int) -> None:
        """Build the network with random weights; the score layer starts at zero."""
        super().__init__()
        self.classes, self.bands = classes, bands
        self.encoder = LiteEncoder(bands)
        widths = (CHANNELS[-1], *WIDTHS)
        skips = CHANNELS[-2::-1]
        self.stages = nn.ModuleList(
            nn.Conv2d(width + skip, out, 3, padding=1)
            for (width, out), skip in zip(pairwise(widths), skips, strict=True)
        )
        self.head = nn.Conv2d(WIDTHS[-1] + PIXELS * bands, HEAD, 3, padding=1)
        for layer in (*self.stages, self.head):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
        self.out = nn.Conv2d(HEAD, PIXELS * classes, 1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def start_from(self, other: LiteUNet, rows: Sequence[int | None]) -> None:
        """Copy the weights of a network with other classes and bands, and freeze the encoder.

        `rows` holds the other network's index of each class, or None for a new class, whose scores start at zero.
        """
        weights = other.state_dict()
        weights["encoder.stem.weight"] = spread(weights["encoder.stem.weight"], self.bands)
        head = weights["head.weight"]
        image = head[:, WIDTHS[-1] :].unflatten(1, (other.bands, PIXELS))
        image = torch.stack([spread(image[:, :, pixel], self.bands) for pixel in range(PIXELS)], dim=2).flatten(1, 2)
        weights["head.weight"] = torch.cat([head[:, : WIDTHS[-1]], image], dim=1)
        for name in ("out.weight", "out.bias"):
            known = weights[name].unflatten(0, (other.classes, PIXELS))
            new = torch.zeros_like(known[0])
            weights[name] = torch.cat([new if row is None else known[row] for row in rows])
        self.load_state_dict(weights)
        self.encoder.requires_grad_(False)

    def forward(self, image: Tensor) -> Tensor:
        """Return (batch, K, S - 2 halo, S - 2 halo) logits of (batch, bands, S, S), S a multiple of 16."""
        image = image.contiguous(memory_format=torch.channels_last)
        *skips, maps = self.encoder(image)
        for stage, skip in zip(self.stages, skips[::-1], strict=True):
            maps = functional.relu(stage(torch.cat([_doubled(maps), skip], dim=1)), inplace=True)
        cut = (self.margin if self.training else self.halo) // 2
        maps = torch.cat([maps, functional.pixel_unshuffle(image, 2)], dim=1)[..., cut - 1 : 1 - cut, cut - 1 : 1 - cut]
        maps = functional.relu(self.head(maps), inplace=True)[..., 1:-1, 1:-1]
        return functional.pixel_shuffle(self.out(maps), 2)

    def loss(self, image: Tensor, labels: Tensor, balance: Tensor | None = None) -> Tensor:
        """Return the cross-entropy plus half of a soft Dice loss over the labelled pixels."""
        logits: Tensor = self(image)
        known = labels < self.classes
        if not known.any():
            return logits.sum() * 0
        truth = functional.one_hot(labels.where(known, 0), self.classes).movedim(-1, 1) * known[:, None]
        chance = logits.softmax(dim=1) * known[:, None]
        both, sums = (chance * truth).sum(dim=(0, 2, 3)), (chance + truth).sum(dim=(0, 2, 3))
        present = truth.sum(dim=(0, 2, 3)) > 0
        dice = 1 - (2 * both / sums.clamp_min(1))[present].mean()
        entropy = functional.cross_entropy(logits, labels.where(known, -1), balance, ignore_index=-1)
        return entropy + DICE * dice

    def optimizer(self) -> torch.optim.Optimizer:
        """Return AdamW with a lower rate for the encoder; if the encoder is frozen, optimise only the decoder."""
        inner = set(self.encoder.parameters())
        if not any(weight.requires_grad for weight in inner):
            decoder = [weight for weight in self.parameters() if weight.requires_grad]
            return torch.optim.AdamW(decoder, lr=GENTLE_RATE, weight_decay=WEIGHT_DECAY)
        outer = [weight for weight in self.parameters() if weight not in inner]
        groups: list[dict[str, Any]] = [
            {"params": outer},
            {"params": list(inner), "lr": ENCODER_SHARE * LEARNING_RATE},
        ]
        return torch.optim.AdamW(groups, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)


def _doubled(maps: Tensor) -> Tensor:
    return functional.interpolate(maps, scale_factor=2, mode="nearest")
