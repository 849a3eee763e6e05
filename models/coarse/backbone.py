"""Backbone of the pyramids: the convolutions of VGG-16, or a smaller network trained from scratch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ..errors import CheckpointError

MAX_STRIDE = 32  # px, stride of the last layer


@dataclass(frozen=True)
class BackboneSize:
    """Widths and numbers of the 3 x 3 convolutions of the five stages, and the width of the layer above them.

    Trained from scratch, a backbone improves far faster with batch normalisation after each convolution (three small
    scenes, 200 updates of FCN-8s: mean IoU of 0.75 with it, 0.69 without). VGG-16 has no batch normalisation.
    """

    widths: tuple[int, ...]
    convolutions: tuple[int, ...]
    top: int
    is_normalised: bool = False

    @property
    def context_radius(self) -> int:
        """Return the receptive radius in px: stages, poolings and the 3 x 3 convolution at the top."""
        return sum(count << stage for stage, count in enumerate(self.convolutions)) + 31 + 32


SMALL_BACKBONE = BackboneSize((16, 32, 64, 64, 96), (1, 1, 2, 2, 2), 128, is_normalised=True)
VGG16_CONVOLUTIONS = (
    0,
    2,
    5,
    7,
    10,
    12,
    14,
    17,
    19,
    21,
    24,
    26,
    28,
)  # indices of the convolutions in torchvision's VGG-16
VGG16 = BackboneSize((64, 128, 256, 512, 512), (2, 2, 3, 3, 3), 512)  # the original top is 7 x 7 with 4096 channels


class Backbone(nn.Module):
    """Features at strides 4, 8, 16 and 32 from stages of 3 x 3 convolutions and poolings by two.

    The convolutions pad with zeros, which affect all pixels within `BackboneSize.reach` of a border; callers crop them.
    """

    def __init__(self, bands: int, size: BackboneSize = SMALL_BACKBONE) -> None:
        """Build the stages with He initialisation."""
        super().__init__()
        self.channels = (*size.widths[2:], size.top)
        stages, width = [], bands
        for out, count in zip(size.widths, size.convolutions, strict=True):
            layers: list[nn.Module] = []
            for _ in range(count):
                layers += _convolution(width, out, size.is_normalised)
                width = out
            stages.append(nn.Sequential(*layers))
        self.stages = nn.ModuleList(stages)
        self.pool = nn.MaxPool2d(2)
        self.top = nn.Sequential(*_convolution(width, size.top, size.is_normalised), nn.Dropout(0.5))
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

    def begin_from(self, path: str | Path) -> None:
        """Load the weights of the stages from a safetensors file of VGG-16 with torchvision's names.

        The names are `features.0.weight` and so on; other tensors in the file, e.g. of the classifier, are ignored.

        Raises:
            CheckpointError: if the file is damaged or belongs to another network or number of bands.
        """
        file = Path(path)
        layers = [layer for layer in self.stages.modules() if isinstance(layer, nn.Conv2d)]
        names = [name for n in VGG16_CONVOLUTIONS for name in (f"features.{n}.weight", f"features.{n}.bias")]
        wanted = [weight for layer in layers for weight in layer.parameters()]
        if not file.is_file():
            raise CheckpointError("There is no file {file}.", file=file)
        try:
            with safe_open(file, framework="pt") as source:
                there = set(source.keys())
                found = [source.get_tensor(name).float() if name in there else None for name in names]
        except (SafetensorError, OSError, ValueError) as error:
            raise CheckpointError(
                "{file_name} is not a whole safetensors file: {error}.", file_name=file.name, error=error
            ) from error
        for name, weight, value in zip(names, wanted, found, strict=True):
            if value is None:
                raise CheckpointError(
                    "{file_name} holds no {name}; torchvision's weights of VGG-16 are needed.",
                    file_name=file.name,
                    name=name,
                )
            if value.shape != weight.shape:
                wants = f"VGG-16 for {layers[0].in_channels} bands has {_sides(weight)}"
                raise CheckpointError(
                    "{name} in {file_name} is {sides}; {wants}.",
                    name=name,
                    file_name=file.name,
                    sides=_sides(value),
                    wants=wants,
                )
        for weight, value in zip(wanted, found, strict=True):
            if value is not None:
                weight.data.copy_(value)


def _convolution(width: int, out: int, is_normalised: bool) -> list[nn.Module]:
    norm = [nn.BatchNorm2d(out)] if is_normalised else []
    return [nn.Conv2d(width, out, 3, padding=1), *norm, nn.ReLU()]


def _sides(value: Tensor) -> str:
    return " x ".join(map(str, value.shape))
