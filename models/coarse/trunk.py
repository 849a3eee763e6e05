"""The trunk of the pyramids: a small network in the manner of VGG-16, trained from scratch."""

from __future__ import annotations

from torch import Tensor, nn

WIDTHS = (16, 32, 64, 64, 96)  # channels of the stages; VGG-16 has 64, 128, 256, 512, 512
CONVOLUTIONS = (1, 1, 2, 2, 2)  # of 3 x 3 in each; VGG-16 has 2, 2, 3, 3, 3
TOP = 128  # channels of the last layer; VGG-16 has 4096
COARSEST = 32  # px, the stride of the last layer
REACH = 1 + 2 + 2 * 4 + 2 * 8 + 2 * 16 + 31 + 32  # px to each side: the stages, the poolings, and 3 x 3 at the top


class Trunk(nn.Module):
    """Features at strides 4, 8, 16 and 32, from stages of 3 x 3 convolutions and poolings by two.

    It pads with zeros, and what lies within `REACH` of a side knows of them: whoever uses it cuts that off.
    """

    channels = (WIDTHS[2], WIDTHS[3], WIDTHS[4], TOP)

    def __init__(self, bands: int) -> None:
        """Make the stages with He's weights."""
        super().__init__()
        stages, width = [], bands
        for out, count in zip(WIDTHS, CONVOLUTIONS, strict=True):
            layers: list[nn.Module] = []
            for _ in range(count):
                layers += [nn.Conv2d(width, out, 3, padding=1), nn.ReLU()]
                width = out
            stages.append(nn.Sequential(*layers))
        self.stages = nn.ModuleList(stages)
        self.pool = nn.MaxPool2d(2)
        self.top = nn.Sequential(nn.Conv2d(width, TOP, 3, padding=1), nn.ReLU(), nn.Dropout(0.5))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return features at strides 4, 8, 16, 32 of (batch, bands, S, S), S a multiple of 32."""
        taps, maps = [], image
        for stage in self.stages:
            maps = stage(maps)
            taps.append(maps)
            maps = self.pool(maps)
        return taps[2], taps[3], taps[4], self.top(maps)
