"""Convolutional recurrent network of Wu and Prasad (Remote Sensing, 2017).

The order of the layers is the paper's; their sizes could not be found and are ours. The paper's decision fusion over
the neighbours of a pixel, the linear opinion pool, is the refiner `opinion-pool`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .pixel_model import PixelModel

CHANNELS, KERNEL = 32, 6
UNITS = 128
LEARNING_RATE = 1e-3


class CRNN(PixelModel):
    """Two convolutions (32 filters of 6 bands, ReLU, pooling by two), two LSTM layers of 128, dropout, classifier."""

    kind = "crnn"

    def __init__(self, classes: int, bands: int) -> None:
        """Build the network for at least one band."""
        super().__init__(classes, bands)
        self.convolutions = nn.Sequential(
            nn.Conv1d(1, CHANNELS, KERNEL, padding=KERNEL // 2),
            nn.ReLU(),
            nn.MaxPool1d(2, ceil_mode=True),
            nn.Conv1d(CHANNELS, CHANNELS, KERNEL, padding=KERNEL // 2),
            nn.ReLU(),
            nn.MaxPool1d(2, ceil_mode=True),
        )
        self.recurrent = nn.LSTM(CHANNELS, UNITS, num_layers=2, batch_first=True)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(UNITS, classes)

    def forward(self, spectra: Tensor) -> Tensor:
        """Return (pixels, classes) logits of (pixels, bands)."""
        maps = self.convolutions(spectra[:, None])  # (pixels, 32, a quarter of the bands)
        states, _ = self.recurrent(maps.transpose(1, 2))
        logits: Tensor = self.out(self.drop(states[:, -1]))
        return logits

    def optimizer(self) -> torch.optim.Optimizer:
        """Return Adam."""
        return torch.optim.Adam(self.parameters(), lr=LEARNING_RATE)
