"""Fully convolutional network of Maggiori et al. (2017, section III), after Mnih.

Four convolutions without padding and one learned upsampling by four. The paper gives neither the kernel and crop of the
upsampling, nor the padding, nor the initialisation; they are taken from the authors' published sister network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .model import PatchNet

STRIDE = 4  # px, stride of the first convolution; tiles start at multiples of it
HALO = 30  # px lost on each side: an input of S gives an output of S - 60
KERNELS = ((64, 12), (128, 3), (128, 3))


class FCN(PatchNet):
    """Conv 64 @ 12 x 12 / 4, 128 @ 3 x 3, 128 @ 3 x 3, K @ 9 x 9, upsampled: 280,451 weights for K = 3 and 3 bands.

    The four convolutions have 280,259 weights; the other 192 upsample each class separately.
    """

    kind = "fcn"
    halo = HALO
    stride = STRIDE

    def __init__(self, classes: int, bands: int) -> None:
        """Build the network with Caffe's "xavier" weights, zero biases and a trainable bilinear upsampling."""
        super().__init__()
        self.classes, self.bands = classes, bands
        self.conv1 = nn.Conv2d(bands, 64, 12, stride=STRIDE)
        self.conv2 = nn.Conv2d(64, 128, 3)
        self.conv3 = nn.Conv2d(128, 128, 3)
        self.conv4 = nn.Conv2d(128, classes, 9)
        self.upsample = nn.ConvTranspose2d(classes, classes, 8, stride=4, padding=4, groups=classes, bias=False)
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            fan_in = conv.weight[0].numel()
            bound = (3.0 / fan_in) ** 0.5
            nn.init.uniform_(conv.weight, -bound, bound)
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
        with torch.no_grad():
            self.upsample.weight.copy_(bilinear(8, 4).expand_as(self.upsample.weight))

    def forward(self, image: Tensor) -> Tensor:
        """Return (batch, K, S - 60, S - 60) logits of a (batch, bands, S, S) image; S - 12 is a multiple of four."""
        maps = self.conv1(image).relu_()
        maps = self.conv2(maps).relu_()
        maps = self.conv3(maps).relu_()
        scores: Tensor = self.upsample(self.conv4(maps))
        return scores


def bilinear(size: int, stride: int) -> Tensor:
    """Return the (size, size) kernel of bilinear upsampling by `stride`."""
    centre = (size - 1) / 2
    line = 1 - (torch.arange(size) - centre).abs() / stride
    return line[:, None] * line[None, :]
