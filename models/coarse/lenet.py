"""LeNet as a patch classifier, applied densely: each pixel is classified from the 32 x 32 pixels around it.

Two convolutions of 5 x 5, two average poolings, sigmoids, dense layers of 120 and 84 units. The widths 6, 16 and 84 are
the usual ones. Textbook versions pad a 28 x 28 image with two zeros on each side; this network reads the real
neighbours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .model import PatchNet

WINDOW_PX = 32  # px, side of an output's receptive field
STRIP_ROWS = 128  # rows scored at once, to limit the dense layers' maps: 120 values per pixel
LEARNING_RATE = 3e-3  # Adam's [ours]; with sigmoids, plain gradient descent needs far more updates


class LeNet(PatchNet):
    """LeNet with one output per class; `forward` applies the same weights around each pixel.

    It has 61,706 weights for one band and ten classes.
    """

    kind = "lenet"
    halo = WINDOW_PX // 2
    stride = 1

    def __init__(self, classes: int, bands: int) -> None:
        """Build the network with Xavier initialisation."""
        super().__init__()
        self.classes, self.bands = classes, bands
        self.conv1 = nn.Conv2d(bands, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.dense1 = nn.Linear(16 * 5 * 5, 120)
        self.dense2 = nn.Linear(120, 84)
        self.out = nn.Linear(84, classes)
        for layer in (self.conv1, self.conv2, self.dense1, self.dense2, self.out):
            nn.init.xavier_uniform_(layer.weight)

    def of_patches(self, patches: Tensor) -> Tensor:
        """Return (patches, K) logits of (patches, bands, 32, 32), as in the original LeNet."""
        maps = nn.functional.avg_pool2d(self.conv1(patches).sigmoid(), 2)  # 14 x 14
        maps = nn.functional.avg_pool2d(self.conv2(maps).sigmoid(), 2)  # 5 x 5
        logits: Tensor = self.out(self.dense2(self.dense1(maps.flatten(1)).sigmoid()).sigmoid())
        return logits

    def forward(self, image: Tensor) -> Tensor:
        """Return (batch, K, S - 32, S - 32) logits of a (batch, bands, S, S) image.

        Pooling uses stride 1 here, so the convolutions after it are dilated.
        """
        maps = _mean_of_four(self.conv1(image).sigmoid(), 1)
        maps = nn.functional.conv2d(maps, self.conv2.weight, self.conv2.bias, dilation=2).sigmoid()
        maps = _mean_of_four(maps, 2)
        first = self.dense1.weight.reshape(120, 16, 5, 5)
        maps = nn.functional.conv2d(maps, first, self.dense1.bias, dilation=4).sigmoid()  # S - 31
        maps = nn.functional.conv2d(maps, self.dense2.weight[..., None, None], self.dense2.bias).sigmoid()
        scores = nn.functional.conv2d(maps, self.out.weight[..., None, None], self.out.bias)
        return scores[..., :-1, :-1]  # a window of 32 has no middle pixel; the 17th counts as the middle

    def scores(self, image: Tensor) -> Tensor:
        """Return the logits of a batch of images, as `CoarseModel` requires."""
        rows = image.shape[-2] - WINDOW_PX
        with torch.inference_mode():
            strips = [self(image[..., top : top + STRIP_ROWS + WINDOW_PX, :]) for top in range(0, rows, STRIP_ROWS)]
            return torch.cat(strips, dim=-2)

    def optimizer(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), lr=LEARNING_RATE)


def _mean_of_four(maps: Tensor, step: int) -> Tensor:
    """Average 2 x 2 pixels that are `step` apart, at every pixel."""
    rows = maps[..., :-step, :] + maps[..., step:, :]
    return (rows[..., :-step] + rows[..., step:]) / 4
