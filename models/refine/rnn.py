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
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..arrays.borders import Borders
from ..runtime.parallel import in_strips
from .refiner import crop_halo, pad
from .triton_step import refined, supports

FILTERS = 32  # of each of M and N, and hidden units a class [paper, section III]
SIZE = 5  # of the filters, px
HALO_PX = SIZE // 2
USUAL_STEPS = 5  # that it is unrolled for [paper, section IV]
STRIP_PIXELS = 8_000  # pixels whose patches are worked on at once: they stay in the second-level cache (measured)
PART = 250_000  # pixels of the image that are filtered at once


class RefinementRNN(nn.Module):
    """The class-specific refiner with 800 + 2400 + 2113 K weights for three bands and K classes."""

    kind = "faithful"
    halo = sight = HALO_PX
    reduced = False  # whether a CUDA device may multiply in bfloat16

    def __init__(self, classes: int, bands: int) -> None:
        """Make a refiner with weights drawn as in the authors' other networks: uniform, +-sqrt(3 / inputs)."""
        super().__init__()
        self.classes, self.bands, self.channels = classes, bands, classes
        networks = self._networks(classes)
        self.score_filters = nn.Parameter(_xavier(FILTERS, SIZE * SIZE))  # M
        self.image_filters = nn.Parameter(_xavier(FILTERS, bands * SIZE * SIZE))  # N, bands outermost
        self.hidden = nn.Parameter(torch.stack([_xavier(FILTERS, 2 * FILTERS) for _ in range(networks)]))  # W1
        self.hidden_bias = nn.Parameter(torch.zeros(networks, FILTERS))
        self.out = nn.Parameter(torch.stack([_xavier(1, FILTERS) for _ in range(networks)]))  # W2
        self.out_bias = nn.Parameter(torch.zeros(networks))

    @staticmethod
    def _networks(classes: int) -> int:
        """Return how many small networks there are: one a class."""
        return classes

    def start(self, scores: Tensor) -> Tensor:
        """Return the scores: they are all that it remembers."""
        return scores

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Filter (bands, rows, columns) with N, to (32, rows, columns); or pad it for the kernel, which filters it."""
        padded = pad(image, HALO_PX, borders)
        return padded if supports(image) else self.filtered(padded)

    def filtered(self, padded: Tensor) -> Tensor:
        """Filter a (bands, rows, columns) image that is padded already, in parts."""
        rows, columns = padded.shape[1] - 2 * HALO_PX, padded.shape[2] - 2 * HALO_PX
        term = padded.new_empty(FILTERS, rows, columns)
        height = max(1, PART // columns)
        for top in range(0, rows, height):  # all at once, the convolution's own copies need as much memory again
            term[:, top : top + height] = self._image_term(padded[None, :, top : top + height + 2 * HALO_PX])[0]
        return term

    def _image_term(self, padded: Tensor) -> Tensor:
        """Filter a (batch, bands, rows, columns) image that is padded already."""
        return functional.conv2d(padded, self.image_filters.view(FILTERS, self.bands, SIZE, SIZE))

    def fused(self) -> Tensor:
        """Compose W1 with M: (networks, 32, 25 + 32) weights on a patch of scores and the image term."""
        scores = self.hidden[:, :, :FILTERS] @ self.score_filters  # (K, 32, 25)
        return torch.cat([scores, self.hidden[:, :, FILTERS:]], dim=2)

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Refine (classes, rows, columns) once, in strips that fit the cache; every step is alike."""
        scores = state
        padded = pad(scores, HALO_PX, borders)
        if torch.is_grad_enabled():  # strips are filled in place, through which no gradient flows
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
        phi = torch.empty(SIZE * SIZE + FILTERS, rows, columns, dtype=strip.dtype, device=strip.device)
        phi[SIZE * SIZE :] = prepared
        update = torch.empty(self.classes, rows * columns, dtype=strip.dtype, device=strip.device)
        for k in range(self.classes):
            patches = strip[k].unfold(0, rows, 1).unfold(1, columns, 1)  # (5, 5, rows, columns)
            phi[: SIZE * SIZE].view(SIZE, SIZE, rows, columns).copy_(patches)
            n = k % len(weights)
            hidden = torch.addmm(self.hidden_bias[n][:, None], weights[n], phi.flatten(1)).relu_()
            update[k] = torch.addmv(self.out_bias[n], hidden.T, self.out[n, 0])
        return update.view(self.classes, rows, columns)

    def plain_step(self, scores: Tensor, image: Tensor, borders: Borders) -> Tensor:
        """Refine (classes, rows, columns) once as the paper writes it; `image` is (bands, rows, columns)."""
        padded = pad(scores, HALO_PX, borders)[:, None]  # (K, 1, rows + 4, columns + 4)
        by_scores = functional.conv2d(padded, self.score_filters.view(FILTERS, 1, SIZE, SIZE))
        by_image = self.filtered(pad(image, HALO_PX, borders)).expand(self.classes, -1, -1, -1)
        phi = torch.cat([by_scores, by_image], dim=1)  # (K, 64, rows, columns)
        own = [k % len(self.hidden) for k in range(self.classes)]
        hidden = torch.einsum("khf,kfrc->khrc", self.hidden[own], phi) + self.hidden_bias[own][:, :, None, None]
        update = torch.einsum("kh,khrc->krc", self.out[own, 0], hidden.relu()) + self.out_bias[own][:, None, None]
        return crop_halo(scores, HALO_PX, borders) + update

    def forward(self, scores: Tensor, image: Tensor, steps: int) -> Tensor:
        """Refine a batch of patches, (batch, classes, rows, columns), without padding: each step costs 2 px a side.

        The classes are looped over: a grouped convolution's backward pass is several times slower on CPUs.
        """
        by_image = self.image_terms(image)
        for _ in range(steps):
            scores = self.refine_patches(scores, by_image)
            by_image = [term[..., HALO_PX:-HALO_PX, HALO_PX:-HALO_PX] for term in by_image]
        return scores

    def image_terms(self, image: Tensor) -> list[Tensor]:
        """Return what a batch of images adds before the ReLU of each network, (batch, 32, rows - 4, columns - 4)."""
        return self._hidden_terms(self._image_term(image))

    def _hidden_terms(self, term: Tensor) -> list[Tensor]:
        weights = self.hidden[:, :, FILTERS:, None, None]
        return [functional.conv2d(term, weights[n], self.hidden_bias[n]) for n in range(len(weights))]

    def refine_patches(self, scores: Tensor, by_image: list[Tensor]) -> Tensor:
        """Refine a batch of patches once without padding."""
        filters = self.fused()[:, :, : SIZE * SIZE].reshape(-1, FILTERS, 1, SIZE, SIZE)
        updates = []
        for k in range(self.classes):
            n = k % len(filters)
            hidden = (functional.conv2d(scores[:, k : k + 1], filters[n]) + by_image[n]).relu()
            updates.append(functional.conv2d(hidden, self.out[n][:, :, None, None], self.out_bias[n : n + 1]))
        return scores[..., HALO_PX:-HALO_PX, HALO_PX:-HALO_PX] + torch.cat(updates, dim=1)


class ClassAgnosticRNN(RefinementRNN):
    """The same with one small network for all classes: 5,313 weights for three bands ("CNN+RNN=" in the paper)."""

    kind = "class-agnostic"

    @staticmethod
    def _networks(classes: int) -> int:
        """Return how many small networks there are: one."""
        return 1


class UnsharedRNN(nn.Module):
    """Five refiners, one a step, with weights of their own: the paper's ablation of the recurrence.

    Beyond the fifth step the last one is applied again, for nothing was learnt for more.
    """

    kind = "unshared"
    halo = sight = HALO_PX

    def __init__(self, classes: int, bands: int) -> None:
        """Make the refiners of all steps."""
        super().__init__()
        self.classes, self.bands, self.channels = classes, bands, classes
        self.nets = nn.ModuleList(RefinementRNN(classes, bands) for _ in range(USUAL_STEPS))

    def _net(self, index: int) -> RefinementRNN:
        return cast(RefinementRNN, self.nets[min(index, USUAL_STEPS - 1)])

    def start(self, scores: Tensor) -> Tensor:
        """Return the scores: they are all that it remembers."""
        return scores

    def prepare(self, image: Tensor, scores: Tensor, borders: Borders) -> Tensor:
        """Pad the image; each step filters it with filters of its own."""
        return pad(image, HALO_PX, borders)

    def step(self, state: Tensor, prepared: Tensor, borders: Borders, index: int) -> Tensor:
        """Refine (classes, rows, columns) with the weights of this step."""
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
    """Draw weights as Caffe's "xavier" filler does: uniform with variance 1 / inputs."""
    bound = math.sqrt(3.0 / inputs)
    return torch.empty(outputs, inputs).uniform_(-bound, bound)
