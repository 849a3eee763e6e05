"""The first eleven blocks of EfficientNet-Lite0 (Tan and Le, ICML 2019; Liu, 2020), with batch norm folded in.

The blocks after stride 16 are left out: they hold two thirds of the weights and would more than double the context
radius, which every tile must read around itself. Folding makes frozen batch norm part of the convolutions, so that the
encoder is exact in tiles and trains without statistics of a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

STEM = 32  # channels
# Kernel size, stride, expansion and channels of each block.
BLOCKS = (
    *((3, 1, 1, 16), (3, 2, 6, 24), (3, 1, 6, 24), (5, 2, 6, 40), (5, 1, 6, 40)),
    *((3, 2, 6, 80), (3, 1, 6, 80), (3, 1, 6, 80), (5, 1, 6, 112), (5, 1, 6, 112), (5, 1, 6, 112)),
)
TAKEN = (0, 2, 4, 10)  # blocks whose output is a feature map: at strides 2, 4, 8 and 16
CHANNELS = tuple(BLOCKS[block][-1] for block in TAKEN)
STRIDE = 16  # px, of the last features
EPSILON = 1e-3  # of the public batch norm


class LiteEncoder(nn.Module):
    """Features at strides 2, 4, 8 and 16 of (batch, bands, rows, columns) images, sides multiples of 16."""

    def __init__(self, bands: int) -> None:
        """Build the blocks with He's weights."""
        super().__init__()
        self.stem = _Convolution(bands, STEM, 3, 2)
        widths = (STEM, *(block[-1] for block in BLOCKS))
        self.blocks = nn.ModuleList(
            _Block(width, out, block) for (width, out), block in zip(pairwise(widths), BLOCKS, strict=True)
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the features, finest first."""
        maps = functional.relu6(self.stem(image), inplace=True)
        found = []
        for number, block in enumerate(self.blocks):
            maps = block(maps)
            if number in TAKEN:
                found.append(maps)
        return found

    def load_public(self, weights: Mapping[str, Tensor]) -> None:
        """Load the weights of the public implementation (`efficientnet_lite_pytorch`), folding its batch norm.

        With another number of bands, the first layer is spread over them.
        """
        weight, bias = _folded(weights, "_conv_stem", "_bn0")
        self.stem.load(spread(weight, self.stem.weight.shape[1]), bias)
        for number, block in enumerate(self.blocks):
            cast(_Block, block).load_public(weights, f"_blocks.{number}.")


class _Convolution(nn.Conv2d):
    """A convolution that pads as TensorFlow's "same": for a stride of 2, less before than behind."""

    def __init__(self, channels: int, out: int, size: int, stride: int = 1, groups: int = 1) -> None:
        before, behind = (size - stride) // 2, (size - stride + 1) // 2
        super().__init__(channels, out, size, stride, padding=before if before == behind else 0, groups=groups)
        self.pads = None if before == behind else (before, behind) * 2
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        nn.init.zeros_(self.bias)  # type: ignore[arg-type]

    def forward(self, maps: Tensor) -> Tensor:
        """Pad, then convolve."""
        return super().forward(functional.pad(maps, self.pads) if self.pads else maps)

    def load(self, weight: Tensor, bias: Tensor) -> None:
        """Take a weight and a bias."""
        with torch.no_grad():
            self.weight.copy_(weight)
            self.bias.copy_(bias)  # type: ignore[union-attr]


class _Block(nn.Module):
    """An inverted residual block: expansion, depthwise convolution, projection, and the input added where it fits."""

    def __init__(self, channels: int, out: int, block: tuple[int, int, int, int]) -> None:
        super().__init__()
        size, stride, expansion, _ = block
        inner = channels * expansion
        self.expand = _Convolution(channels, inner, 1) if expansion > 1 else None
        self.depthwise = _Convolution(inner, inner, size, stride, groups=inner)
        self.project = _Convolution(inner, out, 1)
        self.is_residual = stride == 1 and channels == out

    def load_public(self, weights: Mapping[str, Tensor], name: str) -> None:
        """Load the weights of the public block `name`."""
        if self.expand is not None:
            self.expand.load(*_folded(weights, f"{name}_expand_conv", f"{name}_bn0"))
        self.depthwise.load(*_folded(weights, f"{name}_depthwise_conv", f"{name}_bn1"))
        self.project.load(*_folded(weights, f"{name}_project_conv", f"{name}_bn2"))

    def forward(self, maps: Tensor) -> Tensor:
        inner = maps if self.expand is None else functional.relu6(self.expand(maps), inplace=True)
        out: Tensor = self.project(functional.relu6(self.depthwise(inner), inplace=True))
        return out.add_(maps) if self.is_residual else out


def spread(weight: Tensor, bands: int) -> Tensor:
    """Return (outputs, bands, rows, columns) filters of an image layer that treat grey images of any bands alike."""
    return weight if weight.shape[1] == bands else weight.sum(dim=1, keepdim=True).expand(-1, bands, -1, -1) / bands


def context_radius() -> int:
    """Return how many px on each side the features at stride 16 depend on."""
    radius, stride = 1, 2  # of the stem
    for size, step, _, _ in BLOCKS[: TAKEN[-1] + 1]:
        radius += (size // 2) * stride
        stride *= step
    return radius


def _folded(weights: Mapping[str, Tensor], convolution: str, norm: str) -> tuple[Tensor, Tensor]:
    """Return the weight and bias of a convolution with its batch norm folded in."""
    scale = weights[f"{norm}.weight"] / (weights[f"{norm}.running_var"] + EPSILON).sqrt()
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    return weights[f"{convolution}.weight"] * scale[:, None, None, None], bias
