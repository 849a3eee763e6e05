"""The refinement RNN of Maggiori et al. 2017 (TGRS), class-specific: "CNN+RNN" in the paper.

For class k at step t, with weights shared over the steps, M and N shared over the classes, and no nonlinearity before
the small network of each class:

    Phi = concat(M_i * u_k, N_j * I)         i, j = 1..32, filters of 5 x 5
    u_k <- u_k + W2_k ReLU(W1_k Phi + b1_k) + b2_k

Both convolutions and W1_k are linear, so they compose exactly: A_k = W1_k[:, :32] M is one 5 x 5 filter bank a class,
and N * I does not change from step to step. `step` computes that fused form, `plain_step` the paper's, for reference.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..borders import Borders
from .refiner import inner, pad
from .strips import in_strips

FILTERS = 32  # of each of M and N, and hidden units a class [paper, section III]
SIZE = 5  # of the filters, px
REACH = SIZE // 2
STRIP = 8_000  # pixels whose patches are worked on at once: they stay in the second-level cache (measured)
PART = 250_000  # pixels of the image that are filtered at once


class RefinementRNN(nn.Module):
    """The class-specific refiner with 800 + 2400 + 2113 K weights for three bands and K classes."""

    kind = "faithful"
    halo = REACH

    def __init__(self, classes: int, bands: int) -> None:
        """Make a refiner with weights drawn as in the authors' other networks: uniform, +-sqrt(3 / inputs)."""
        super().__init__()
        self.classes, self.bands = classes, bands
        self.score_filters = nn.Parameter(_xavier(FILTERS, SIZE * SIZE))  # M
        self.image_filters = nn.Parameter(_xavier(FILTERS, bands * SIZE * SIZE))  # N, bands outermost
        self.hidden = nn.Parameter(torch.stack([_xavier(FILTERS, 2 * FILTERS) for _ in range(classes)]))  # W1
        self.hidden_bias = nn.Parameter(torch.zeros(classes, FILTERS))
        self.out = nn.Parameter(torch.stack([_xavier(1, FILTERS) for _ in range(classes)]))  # W2
        self.out_bias = nn.Parameter(torch.zeros(classes))

    def prepare(self, image: Tensor, borders: Borders) -> Tensor:
        """Filter (bands, rows, columns) with N, to (32, rows, columns)."""
        padded = pad(image, REACH, borders)
        rows, columns = padded.shape[1] - 2 * REACH, padded.shape[2] - 2 * REACH
        term = padded.new_empty(FILTERS, rows, columns)
        height = max(1, PART // columns)
        for top in range(0, rows, height):  # all at once, the convolution's own copies need as much memory again
            term[:, top : top + height] = self._image_term(padded[None, :, top : top + height + 2 * REACH])[0]
        return term

    def _image_term(self, padded: Tensor) -> Tensor:
        """Filter a (batch, bands, rows, columns) image that is padded already."""
        return functional.conv2d(padded, self.image_filters.view(FILTERS, self.bands, SIZE, SIZE))

    def crop(self, prepared: Tensor, borders: Borders) -> Tensor:
        """Cut the image term by one step's reach on each side that is no border."""
        return inner(prepared, REACH, borders)

    def fused(self) -> Tensor:
        """Compose W1 with M: (classes, 32, 25 + 32) weights on a patch of scores and the image term."""
        scores = self.hidden[:, :, :FILTERS] @ self.score_filters  # (K, 32, 25)
        return torch.cat([scores, self.hidden[:, :, FILTERS:]], dim=2)

    def step(self, scores: Tensor, prepared: Tensor, borders: Borders) -> Tensor:
        """Refine (classes, rows, columns) once, in strips that fit the cache."""
        padded = pad(scores, REACH, borders)
        before = inner(scores, REACH, borders)
        rows, columns = before.shape[-2:]
        after = torch.empty_like(before)
        weights = self.fused()

        def refine_strip(part: slice) -> None:
            strip = padded[:, part.start : part.stop + 2 * REACH]
            after[:, part] = before[:, part] + self._update(strip, prepared[:, part], weights)

        if scores.device.type == "cpu":
            in_strips(rows, max(1, STRIP // columns), refine_strip)
        else:
            refine_strip(slice(0, rows))
        return after

    def _update(self, strip: Tensor, prepared: Tensor, weights: Tensor) -> Tensor:
        """Return the update of every class in a strip; the strip is padded, the image term is not."""
        _, rows, columns = prepared.shape
        phi = torch.empty(SIZE * SIZE + FILTERS, rows, columns, dtype=strip.dtype, device=strip.device)
        phi[SIZE * SIZE :] = prepared
        update = torch.empty(self.classes, rows * columns, dtype=strip.dtype, device=strip.device)
        for k in range(self.classes):
            patches = strip[k].unfold(0, rows, 1).unfold(1, columns, 1)  # (5, 5, rows, columns)
            phi[: SIZE * SIZE] = patches.reshape(SIZE * SIZE, rows, columns)
            hidden = torch.addmm(self.hidden_bias[k][:, None], weights[k], phi.flatten(1)).relu_()
            update[k] = torch.addmv(self.out_bias[k], hidden.T, self.out[k, 0])
        return update.view(self.classes, rows, columns)

    def plain_step(self, scores: Tensor, image: Tensor, borders: Borders) -> Tensor:
        """Refine (classes, rows, columns) once as the paper writes it; `image` is (bands, rows, columns)."""
        padded = pad(scores, REACH, borders)[:, None]  # (K, 1, rows + 4, columns + 4)
        by_scores = functional.conv2d(padded, self.score_filters.view(FILTERS, 1, SIZE, SIZE))
        by_image = self.prepare(image, borders).expand(self.classes, -1, -1, -1)
        phi = torch.cat([by_scores, by_image], dim=1)  # (K, 64, rows, columns)
        hidden = torch.einsum("khf,kfrc->khrc", self.hidden, phi) + self.hidden_bias[:, :, None, None]
        update = torch.einsum("kh,khrc->krc", self.out[:, 0], hidden.relu()) + self.out_bias[:, None, None]
        return inner(scores, REACH, borders) + update

    def forward(self, scores: Tensor, image: Tensor, steps: int) -> Tensor:
        """Refine a batch of patches, (batch, classes, rows, columns), without padding: each step costs 2 px a side.

        The classes are looped over: a grouped convolution's backward pass is several times slower on CPUs.
        """
        weights = self.fused()
        term = self._image_term(image)  # (batch, 32, rows - 4, columns - 4)
        by_image = [
            functional.conv2d(term, weights[k, :, SIZE * SIZE :, None, None], self.hidden_bias[k])
            for k in range(self.classes)
        ]
        filters = weights[:, :, : SIZE * SIZE].reshape(self.classes, FILTERS, 1, SIZE, SIZE)
        for _ in range(steps):
            updates = []
            for k in range(self.classes):
                hidden = (functional.conv2d(scores[:, k : k + 1], filters[k]) + by_image[k]).relu()
                updates.append(functional.conv2d(hidden, self.out[k][:, :, None, None], self.out_bias[k : k + 1]))
                by_image[k] = by_image[k][..., REACH:-REACH, REACH:-REACH]
            scores = scores[..., REACH:-REACH, REACH:-REACH] + torch.cat(updates, dim=1)
        return scores


def _xavier(outputs: int, inputs: int) -> Tensor:
    """Draw weights as Caffe's "xavier" filler does: uniform with variance 1 / inputs."""
    bound = math.sqrt(3.0 / inputs)
    return torch.empty(outputs, inputs).uniform_(-bound, bound)
