"""FCN-32s, FCN-16s and FCN-8s of Long, Shelhamer and Darrell (CVPR 2015), on a small trunk.

Scores at stride 32 are upsampled; FCN-16s adds scores from stride 16 on the way, FCN-8s also from stride 8. Ours are
the trunk and its training: the source begins with VGG-16 and pads by a hundred pixels of zeros, here real neighbours
are read, and the last features of a stride are tapped, where there what a pooling makes of the features before.
Upsampling is bilinear and fixed, and the layers of scores begin at zero, as there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .backbone import MAX_STRIDE, SMALL, VGG16, Backbone, BackboneSize

LEARNING_RATE = 3e-3  # of Adam [ours]
LEARNING_RATE_VGG16 = 1e-4  # of what begins with weights that are good already


def halo_of(size: BackboneSize) -> int:
    """Return what is to be seen beyond the output, in px: by the trunk and the upsampling, in whole strides."""
    return -(-(size.reach + 2 * MAX_STRIDE) // MAX_STRIDE) * MAX_STRIDE


class SkipNet(nn.Module):
    """The trunk, a layer of scores at each stride that is used, and bilinear upsampling between them."""

    kind = ""
    skips = 0  # how many finer strides than 32 are used
    stride = MAX_STRIDE
    size = SMALL
    halo = halo_of(SMALL)
    patch, margin, batch = 96, 32, 8  # px, px and patches of the training; a margin of the halo would be most of it
    is_balanced = True
    rate = LEARNING_RATE

    def __init__(self, classes: int, bands: int) -> None:
        """Make the network, with scores of zero."""
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

    def scores(self, image: Tensor) -> Tensor:
        """Return the logits of a batch of images, as `CoarseModel` asks."""
        with torch.inference_mode():
            return self.forward(image)

    def optimizer(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), lr=self.rate)


def upsampled(maps: Tensor, factor: int) -> Tensor:
    """Upsample (batch, K, rows, columns) bilinearly, pixel areas over pixel areas."""
    return functional.interpolate(maps, scale_factor=factor, mode="bilinear", align_corners=False)


class FCN32s(SkipNet):
    """Scores from stride 32 alone."""

    kind = "fcn-32s"


class FCN16s(SkipNet):
    """Scores from strides 32 and 16."""

    kind = "fcn-16s"
    skips = 1


class FCN8s(SkipNet):
    """Scores from strides 32, 16 and 8."""

    kind = "fcn-8s"
    skips = 2


class FCN8sVGG16(FCN8s):
    """The same on the convolutions of VGG-16, whose weights it begins with where there are some."""

    kind = "fcn-8s-vgg16"
    size = VGG16
    halo = halo_of(VGG16)
    rate = LEARNING_RATE_VGG16
