"""FCN-32s, FCN-16s and FCN-8s of Long, Shelhamer and Darrell (CVPR 2015), on a small backbone.

Scores at stride 32 are upsampled; FCN-16s adds scores at stride 16, FCN-8s also at stride 8. As in the paper, the
upsampling is bilinear and fixed, and the score layers start at zero. The backbone and its training are our own. The
paper starts from VGG-16 and pads with 100 px of zeros; this code reads real neighbours. The skips here use the last
features at each stride; those in the paper use the output of the pooling before them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .backbone import MAX_STRIDE, SMALL_BACKBONE, VGG16, Backbone, BackboneSize
from .model import PatchNet

LEARNING_RATE = 3e-3  # of Adam [ours]
LEARNING_RATE_VGG16 = 1e-4  # for pretrained weights


def halo_of(size: BackboneSize) -> int:
    """Return the halo in px of the backbone and the upsampling, rounded up to whole strides."""
    return -(-(size.context_radius + 2 * MAX_STRIDE) // MAX_STRIDE) * MAX_STRIDE


class SkipNet(PatchNet):
    """The backbone, a score layer at each stride in use, and bilinear upsampling between them."""

    kind = ""
    skips = 0  # number of strides finer than 32 in use
    stride = MAX_STRIDE
    size = SMALL_BACKBONE
    halo = halo_of(SMALL_BACKBONE)
    patch, margin, batch = 96, 32, 8  # training: px, px, patches; the halo would be larger than the patch
    is_balanced = True
    rate = LEARNING_RATE

    def __init__(self, classes: int, bands: int) -> None:
        """Build the network with zero score layers."""
        super().__init__()
        self.classes, self.bands = classes, bands
        self.trunk = Backbone(bands, self.size)
        widths = self.trunk.channels[::-1][: 1 + self.skips]
        self.heads = nn.ModuleList(nn.Conv2d(width, classes, 1) for width in widths)
        for weight in self.heads.parameters():
            nn.init.zeros_(weight)

    def forward(self, image: Tensor) -> Tensor:
        """Return (batch, K, S - 2 halo, S - 2 halo) logits of (batch, bands, S, S), S a multiple of 32."""
        _, eight, sixteen, top = self.trunk(image)
        scores: Tensor = self.heads[0](top)
        for head, maps in zip(self.heads[1:], (sixteen, eight), strict=False):
            scores = upsampled(scores, 2) + head(maps)
        scores = upsampled(scores, image.shape[-1] // scores.shape[-1])
        cut = self.margin if self.training else self.halo
        return scores[..., cut:-cut, cut:-cut]

    def optimizer(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), lr=self.rate)


def upsampled(maps: Tensor, factor: int) -> Tensor:
    """Upsample (batch, K, rows, columns) bilinearly, aligned by pixel areas."""
    return functional.interpolate(maps, scale_factor=factor, mode="bilinear", align_corners=False)


class FCN32s(SkipNet):
    """FCN with scores from stride 32 only."""

    kind = "fcn-32s"


class FCN16s(SkipNet):
    """FCN with scores from strides 32 and 16."""

    kind = "fcn-16s"
    skips = 1


class FCN8s(SkipNet):
    """FCN with scores from strides 32, 16 and 8."""

    kind = "fcn-8s"
    skips = 2


class FCN8sVGG16(FCN8s):
    """FCN-8s on the convolutions of VGG-16, optionally with its pretrained weights."""

    kind = "fcn-8s-vgg16"
    size = VGG16
    halo = halo_of(VGG16)
    rate = LEARNING_RATE_VGG16
