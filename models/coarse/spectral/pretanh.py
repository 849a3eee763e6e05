"""PRetanh, the parametric rectified hyperbolic tangent of Mou, Ghamisi and Zhu (TGRS 2017, eqs. 11 to 18)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SLOPE = 0.25  # initial value [ours, PReLU's; the paper gives none]


class PRetanh(nn.Module):
    """f(h) = max(0, tanh h) + slope min(0, tanh h): bounded, and as sparse as the learned slope makes it.

    df/dslope = min(0, tanh h). There is one slope per channel, or one for all channels. It is not limited to 0-1 and
    must not be subject to weight decay.
    """

    def __init__(self, channels: int, shared: bool = False) -> None:
        """Create the slopes for `channels` channels in the last dimension."""
        super().__init__()
        self.slope = nn.Parameter(torch.full((1 if shared else channels,), SLOPE))

    def forward(self, maps: Tensor) -> Tensor:
        """Return the activations of (..., channels)."""
        bent = torch.tanh(maps)
        return torch.addcmul(bent.clamp_min(0), self.slope, bent.clamp_max(0))
