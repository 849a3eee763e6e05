"""The class-specific refinement RNN of Maggiori et al. 2017 (TGRS), "CNN+RNN" in the paper.

For class k at step t, with weights shared by all steps, M and N shared by all classes, and no nonlinearity before the
small network of each class:

    Phi = concat(M_i * u_k, N_j * I)         i, j = 1..32, filters of 5 x 5
    u_k <- u_k + W2_k ReLU(W1_k Phi + b1_k) + b2_k

Both convolutions and W1_k are linear, so they compose exactly: A_k = W1_k[:, :32] M is one 5 x 5 filter bank per class,
and N * I is the same in every step. `step` computes this fused form, `plain_step` the paper's form for reference.
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..arrays.borders import Borders
from ..runtime.parallel import in_strips
from .refiner import crop_halo, pad
from .triton_step import refined, supports

FILTERS = 32  # of each of M and N, and hidden units per class [paper, section III]
FILTER_SIZE = 5  # of the filters, px
HALO_PX = FILTER_SIZE // 2
USUAL_STEPS = 5  # steps that it is unrolled for [paper, section IV]
STRIP_PIXELS = 8_000  # pixels processed at once: their patches stay in the second-level cache (measured)
PART_PIXELS = 250_000  # image pixels filtered at once


class RefinementRNN(nn.Module):
    """The class-specific refiner with 800 + 2400 + 2113 K weights for three bands and K classes."""

    kind = "faithful"
    halo = context_radius = HALO_PX
    reduced = False  # whether a CUDA device may multiply in bfloat16

    def __init__(self, classes: int, bands: int) -> None:
        """Make a refiner with weights drawn as in the authors' other networks: uniform, +-sqrt(3 / inputs)."""
        super().__init__()
        self.classes, self.bands, self.channels = classes, bands, classes
        networks = self._networks(classes)
        self.score_filters = nn.Parameter(_xavier(FILTERS, FILTER_SIZE * FILTER_SIZE))  # M
        self.image_filters = nn.Parameter(_xavier(FILTERS, bands * FILTER_SIZE * FILTER_SIZE))  # N, bands outermost
        self.hidden = nn.Parameter(torch.stack([_xavier(FILTERS, 2 * FILTERS) for _ in range(networks)]))  # W1
        self.hidden_bias = nn.Parameter(torch.zeros(networks, FILTERS))
        self.out = nn.Parameter(torch.stack([_xavier(1, FILTERS) for _ in range(networks)]))  # W2
        self.out_bias = nn.Parameter(torch.zeros(networks))

    @staticmethod
    def _networks(classes: int) -> int:
        """Return the number of small networks: one per class."""
        return classes

    def start(self, scores: Tensor) -> Tensor:
        """Return the scores; there is no hidden state."""
        return scores

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Filter (bands, rows, columns) with N to (32, rows, columns), or only pad it if the CUDA kernel filters it."""
        padded = pad(image, HALO_PX, borders)
        return padded if supports(image) else self.filtered(padded)

    def filtered(self, padded: Tensor) -> Tensor:
        """Filter a padded (bands, rows, columns) image in parts."""
        rows, columns = padded.shape[1] - 2 * HALO_PX, padded.shape[2] - 2 * HALO_PX
        term = padded.new_empty(FILTERS, rows, columns)
        height = max(1, PART_PIXELS // columns)
        for top in range(0, rows, height):  # all at once, the convolution's copies double the memory use
            term[:, top : top + height] = self._image_term(padded[None, :, top : top + height + 2 * HALO_PX])[0]
        return term

    def _image_term(self, padded: Tensor) -> Tensor:
        """Filter a padded (batch, bands, rows, columns) image."""
        return functional.conv2d(padded, self.image_filters.view(FILTERS, self.bands, FILTER_SIZE, FILTER_SIZE))

    def fused(self) -> Tensor:
        """Compose W1 with M: (networks, 32, 25 + 32) weights for a patch of scores and the image term."""
        scores = self.hidden[:, :, :FILTERS] @ self.score_filters  # (K, 32, 25)
        return torch.cat([scores, self.hidden[:, :, FILTERS:]], dim=2)

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Refine (classes, rows, columns) once, on a CPU in strips that fit the cache; all steps are the same."""
        scores = state
        padded = pad(scores, HALO_PX, borders)
        if torch.is_grad_enabled():  # strips are filled in place, which blocks gradients
            return self.refine_patches(padded[None], self._hidden_terms(prepared[None]))[0]
        if supports(scores):
            parts = self.fused(), self.image_filters, self.hidden_bias, self.out, self.out_bias
            return refined(padded, prepared, *parts, reduced=self.reduced)
        before = crop_halo(scores, HALO_PX, borders)
        rows, columns = before.shape[-2:]
        after = torch.empty_like(before)
        weights = self.fused()

        def refine_strip(part: slice) -> None:
            strip = padded[:, part.start : part.stop + 2 * HALO_PX]
            after[:, part] = before[:, part] + self._update(strip, prepared[:, part], weights)

        if scores.device.type == "cpu":
            in_strips(rows, max(1, STRIP_PIXELS // columns), refine_strip)
        else:
            refine_strip(slice(0, rows))
        return after

    def _update(self, strip: Tensor, prepared: Tensor, weights: Tensor) -> Tensor:
        """Return the update of every class in a strip; the strip is padded, the image term is not."""
        _, rows, columns = prepared.shape
        phi = torch.empty(FILTER_SIZE * FILTER_SIZE + FILTERS, rows, columns, dtype=strip.dtype, device=strip.device)
        phi[FILTER_SIZE * FILTER_SIZE :] = prepared
        update = torch.empty(self.classes, rows * columns, dtype=strip.dtype, device=strip.device)
        for k in range(self.classes):
            patches = strip[k].unfold(0, rows, 1).unfold(1, columns, 1)  # (5, 5, rows, columns)
            phi[: FILTER_SIZE * FILTER_SIZE].view(FILTER_SIZE, FILTER_SIZE, rows, columns).copy_(patches)
            n = k % len(weights)
            hidden = torch.addmm(self.hidden_bias[n][:, None], weights[n], phi.flatten(1)).relu_()
            update[k] = torch.addmv(self.out_bias[n], hidden.T, self.out[n, 0])
        return update.view(self.classes, rows, columns)

    def plain_step(self, scores: Tensor, image: Tensor, borders: Borders) -> Tensor:
        """Refine (classes, rows, columns) once in the paper's form; `image` is (bands, rows, columns)."""
        padded = pad(scores, HALO_PX, borders)[:, None]  # (K, 1, rows + 4, columns + 4)
        by_scores = functional.conv2d(padded, self.score_filters.view(FILTERS, 1, FILTER_SIZE, FILTER_SIZE))
        by_image = self.filtered(pad(image, HALO_PX, borders)).expand(self.classes, -1, -1, -1)
        phi = torch.cat([by_scores, by_image], dim=1)  # (K, 64, rows, columns)
        own = [k % len(self.hidden) for k in range(self.classes)]
        hidden = torch.einsum("khf,kfrc->khrc", self.hidden[own], phi) + self.hidden_bias[own][:, :, None, None]
        update = torch.einsum("kh,khrc->krc", self.out[own, 0], hidden.relu()) + self.out_bias[own][:, None, None]
        return crop_halo(scores, HALO_PX, borders) + update

    def forward(self, scores: Tensor, image: Tensor, steps: int) -> Tensor:
        """Refine a batch of patches, (batch, classes, rows, columns), without padding: a step removes 2 px per side.

        Classes are processed in a loop, because the backward pass of a grouped convolution is several times slower on
        CPUs.
        """
        by_image = self.image_terms(image)
        for _ in range(steps):
            scores = self.refine_patches(scores, by_image)
            by_image = [term[..., HALO_PX:-HALO_PX, HALO_PX:-HALO_PX] for term in by_image]
        return scores

    def image_terms(self, image: Tensor) -> list[Tensor]:
        """Return the image term of each network's hidden units for a batch, (batch, 32, rows - 4, columns - 4)."""
        return self._hidden_terms(self._image_term(image))

    def _hidden_terms(self, term: Tensor) -> list[Tensor]:
        weights = self.hidden[:, :, FILTERS:, None, None]
        return [functional.conv2d(term, weights[n], self.hidden_bias[n]) for n in range(len(weights))]

    def refine_patches(self, scores: Tensor, by_image: list[Tensor]) -> Tensor:
        """Refine a batch of patches once without padding."""
        filters = self.fused()[:, :, : FILTER_SIZE * FILTER_SIZE].reshape(-1, FILTERS, 1, FILTER_SIZE, FILTER_SIZE)
        updates = []
        for k in range(self.classes):
            n = k % len(filters)
            hidden = (functional.conv2d(scores[:, k : k + 1], filters[n]) + by_image[n]).relu()
            updates.append(functional.conv2d(hidden, self.out[n][:, :, None, None], self.out_bias[n : n + 1]))
        return scores[..., HALO_PX:-HALO_PX, HALO_PX:-HALO_PX] + torch.cat(updates, dim=1)


class ClassAgnosticRNN(RefinementRNN):
    """The same RNN with one small network for all classes: 5,313 weights for three bands ("CNN+RNN=" in the paper)."""

    kind = "class-agnostic"

    @staticmethod
    def _networks(classes: int) -> int:
        """Return the number of small networks: one."""
        return 1


class UnsharedRNN(nn.Module):
    """Five refiners, one per step, each with its own weights: the paper's ablation of the recurrence.

    Later steps reuse the fifth refiner, because no others are trained.
    """

    kind = "unshared"
    halo = context_radius = HALO_PX

    def __init__(self, classes: int, bands: int) -> None:
        """Make the refiners of all steps."""
        super().__init__()
        self.classes, self.bands, self.channels = classes, bands, classes
        self.nets = nn.ModuleList(RefinementRNN(classes, bands) for _ in range(USUAL_STEPS))

    def _net(self, index: int) -> RefinementRNN:
        return cast(RefinementRNN, self.nets[min(index, USUAL_STEPS - 1)])

    def start(self, scores: Tensor) -> Tensor:
        """Return the scores; there is no hidden state."""
        return scores

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Pad the image; each step filters it with its own filters."""
        return pad(image, HALO_PX, borders)

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Refine (classes, rows, columns) with the weights of step `index`."""
        net = self._net(index)
        return net.step(state, prepared if supports(state) else net.filtered(prepared), borders, index)

    def forward(self, scores: Tensor, image: Tensor, steps: int) -> Tensor:
        """Refine a batch of patches as `RefinementRNN.forward` does."""
        for index in range(steps):
            net = self._net(index)
            scores = net.refine_patches(scores, net.image_terms(image))
            image = image[..., HALO_PX:-HALO_PX, HALO_PX:-HALO_PX]
        return scores


def _xavier(outputs: int, inputs: int) -> Tensor:
    """Draw weights like Caffe's "xavier" filler: uniform with variance 1 / inputs."""
    bound = math.sqrt(3.0 / inputs)
    return torch.empty(outputs, inputs).uniform_(-bound, bound)
