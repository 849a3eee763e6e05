"""PRetanh, the parametric rectified hyperbolic tangent of Mou, Ghamisi and Zhu (TGRS 2017, equations 11 to 18)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SLOPE = 0.25  # to begin with [ours, PReLU's: the paper does not say]


class PRetanh(nn.Module):
    """f(h) = max(0, tanh h) + slope min(0, tanh h): bounded, and as sparse as the learned slope makes it.

    df/dslope = min(0, tanh h). The slope is a channel's own, or one for all channels; nothing keeps it within 0 to 1,
    and no weight decay may pull on it.
    """

    def __init__(self, channels: int, shared: bool = False) -> None:
        """Make the slopes of so many channels, which lie in the last dimension."""
        super().__init__()
        self.slope = nn.Parameter(torch.full((1 if shared else channels,), SLOPE))

    def forward(self, maps: Tensor) -> Tensor:
        """Return the activations of (..., channels)."""
        bent = torch.tanh(maps)
        return torch.addcmul(bent.clamp_min(0), self.slope, bent.clamp_max(0))
