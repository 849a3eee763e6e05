"""What the models of single spectra have in common: pixels in, no neighbours."""

from __future__ import annotations

import torch
from torch import Tensor, nn

CHUNK_PIXELS = 8192  # pixels at once; more gain nothing on a CPU and cost memory


class PixelModel(nn.Module):
    """A classifier of spectra as a coarse model: `forward` makes (pixels, classes) logits of (pixels, bands)."""

    kind = ""
    halo = 0
    stride = 1

    def __init__(self, classes: int, bands: int) -> None:
        """Know how many classes and bands there are."""
        super().__init__()
        self.classes, self.bands = classes, bands

    def optimizer(self) -> torch.optim.Optimizer:
        """Return what trains the weights, as its source does it."""
        raise NotImplementedError

    def scores(self, image: Tensor) -> Tensor:
        """Return the logits of a batch of images, as `CoarseModel` asks."""
        batch, bands, rows, columns = image.shape
        with torch.inference_mode():
            spectra = image.movedim(1, -1).reshape(-1, bands)
            parts = [self(part) for part in torch.split(spectra, CHUNK_PIXELS)]
            return torch.cat(parts).reshape(batch, rows, columns, self.classes).movedim(-1, 1)


def init_uniform(module: nn.Module, bound: float) -> None:
    """Draw all weights and biases of a module uniformly from -bound to bound."""
    for weight in module.parameters():
        nn.init.uniform_(weight, -bound, bound)
