"""One-dimensional convolutional network of Hu, Huang, Wei, Zhang and Li (Journal of Sensors, 2015).

The sizes reproduce the parameter counts of its three published configurations: 81,408 for Indian Pines (220 bands, 8
classes), 82,216 for Salinas (224, 16) and 61,249 for PaviaU (103, 9). The paper does not state how the sizes follow
from the number of bands. The rule is ours: a kernel has a ninth of the bands, a pool a fifth of a kernel, and the
number of pooled values is rounded to tens.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .pixel_model import PixelModel, init_uniform

KERNELS, HIDDEN = 20, 100
BOUND = 0.05  # of the initial weights
LEARNING_RATE = 0.01


class CNN1D(PixelModel):
    """Convolution from 1 to 20 channels, max pooling, tanh, 100 hidden units with tanh, one output per class."""

    kind = "cnn-1d"

    def __init__(self, classes: int, bands: int) -> None:
        """Build the network for at least one band."""
        super().__init__(classes, bands)
        kernel, pooled = sizes(bands)
        self.conv = nn.Conv1d(1, KERNELS, kernel)
        self.pool = nn.AdaptiveMaxPool1d(pooled)
        self.hidden = nn.Linear(KERNELS * pooled, HIDDEN)
        self.out = nn.Linear(HIDDEN, classes)
        init_uniform(self, BOUND)
        for layer in (self.conv, self.hidden, self.out):
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, spectra: Tensor) -> Tensor:
        """Return (pixels, classes) logits of (pixels, bands)."""
        maps = torch.tanh(self.pool(self.conv(spectra[:, None])))  # (pixels, 20, pooled)
        logits: Tensor = self.out(torch.tanh(self.hidden(maps.flatten(1))))
        return logits

    def optimizer(self) -> torch.optim.Optimizer:
        """Return SGD with momentum [momentum: ours; without it, training takes hundreds of epochs]."""
        return torch.optim.SGD(self.parameters(), lr=LEARNING_RATE, momentum=0.9)


def sizes(bands: int) -> tuple[int, int]:
    """Return the kernel length and the number of pooled values for a number of bands."""
    kernel = max(1, bands // 9)
    left = bands - kernel + 1
    pooled = left / -(-kernel // 5)
    return kernel, max(1, 10 * round(pooled / 10) if pooled >= 20 else int(pooled))
