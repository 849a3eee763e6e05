"""Base of the models that classify single spectra without neighbours."""

from __future__ import annotations

import torch
from torch import Tensor, nn

CHUNK_PIXELS = 8192  # pixels per batch; more are no faster on a CPU and take more memory


class PixelModel(nn.Module):
    """A classifier of spectra as a coarse model: `forward` returns (pixels, classes) logits of (pixels, bands)."""

    kind = ""
    halo = 0
    stride = 1

    def __init__(self, classes: int, bands: int) -> None:
        """Store the numbers of classes and bands."""
        super().__init__()
        self.classes, self.bands = classes, bands

    def optimizer(self) -> torch.optim.Optimizer:
        """Return the optimizer of the model's source."""
        raise NotImplementedError

    def scores(self, image: Tensor) -> Tensor:
        """Return the logits of a batch of images, as `CoarseModel` requires."""
        batch, bands, rows, columns = image.shape
        with torch.inference_mode():
            spectra = image.movedim(1, -1).reshape(-1, bands)
            parts = [self(part) for part in torch.split(spectra, CHUNK_PIXELS)]
            return torch.cat(parts).reshape(batch, rows, columns, self.classes).movedim(-1, 1)


def init_uniform(module: nn.Module, bound: float) -> None:
    """Draw all weights and biases of a module uniformly from [-bound, bound]."""
    for weight in module.parameters():
        nn.init.uniform_(weight, -bound, bound)
