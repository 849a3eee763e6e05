"""Laplacian pyramid reconstruction and refinement (LRR) of Ghiasi and Fowlkes (ECCV 2016), on a small backbone.

At strides 32, 16, 8 and 4, the network predicts coefficients for ten learned bases per class, and reconstructs each
level at four times its resolution. Each coarser level is upsampled, and the finer level is added where the coarser one
is uncertain: the boundary mask is the local maximum minus the local minimum of its probabilities. As in the authors'
code: bases from singular vectors of label masks, boundary masks over 9 x 9 pixels, a loss at every level, and at the
coarsest level two more heads that predict the classes dilated and eroded by a disk. Ours: the backbone, its training,
and dilation only within a patch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..arrays.score_maps import UNLABELLED, Labels
from ..runtime.progress import CancelCheck, never_cancel
from ..training.loop import TrainingUpdate
from .backbone import MAX_STRIDE, SMALL_BACKBONE, VGG16, Backbone, BackboneSize
from .fcn_skips import LEARNING_RATE_VGG16, upsampled
from .model import PatchNet
from .train_patches import TrainingImage, TrainingOptions, train_patches

BASES, BASIS_SIZE, BASIS_STRIDE = 10, 8, 4  # number of bases per class; side of a basis, px; upsampling stride, px
SOURCE = 32  # px, side of the masks that the bases are computed from
MASKS = 2000  # per class; the source has 10,000
LEAST_SHARE = 0.02  # minimum share of a mask that the class must fill
MASK_WINDOW_PX = 9  # px of a level, for the boundary masks
RADIUS = 32  # px of the image, for dilation and erosion
LEARNING_RATE = 3e-3  # of Adam [ours]
BUILT = (8, 4, 2, 1)  # px, strides of the reconstructions from the levels at strides 32, 16, 8 and 4


def halo_of(size: BackboneSize) -> int:
    """Return the halo of a pyramid in px."""
    # Backbone; 5 x 5 coefficients and bases at the coarsest level; upsampling and masks at the finer levels.
    return (
        -(-(size.context_radius + 2 * 32 + 32 + (8 + 4 + 2) + MASK_WINDOW_PX // 2 * (4 + 2 + 1)) // MAX_STRIDE)
        * MAX_STRIDE
    )


class LRR(PatchNet):
    """The backbone, coefficients at four levels, fixed bases, and their reconstruction from coarse to fine."""

    kind = "lrr"
    stride = MAX_STRIDE
    size = SMALL_BACKBONE
    halo = halo_of(SMALL_BACKBONE)
    patch, margin, batch = 96, 32, 8  # training: px, px, patches; the halo would be larger than the patch
    is_balanced = True
    rate = LEARNING_RATE
    coarser = ("32x", "16x", "8x")  # the levels before the last, which is the coarse map
    bases: Tensor

    def __init__(self, classes: int, bands: int, is_masked: bool = True, has_edges: bool = True) -> None:
        """Build the network with zero coefficients; boundary masks and the edge loss are optional."""
        super().__init__()
        self.classes, self.bands = classes, bands
        self.is_masked, self.has_edges = is_masked, has_edges
        self.trunk = Backbone(bands, self.size)
        widths = self.trunk.channels[::-1]
        self.coefficients = nn.ModuleList(_coefficients(width, classes) for width in widths)
        self.edges = nn.ModuleList(_coefficients(widths[0], classes) for _ in range(2))  # dilated, eroded
        self.register_buffer("bases", torch.zeros(classes * BASES, 1, BASIS_SIZE, BASIS_SIZE))

    def levels(self, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the scores at strides 8, 4, 2 and 1, and during training those of the two edge heads at stride 8.

        The image is (batch, bands, S, S) with S a multiple of 32; the scores are not cropped.
        """
        taps = self.trunk(image)[::-1]  # strides 32, 16, 8, 4
        found = [self._built(self.coefficients[0](taps[0]))]
        for head, maps in zip(self.coefficients[1:], taps[1:], strict=True):
            coarser = upsampled(found[-1], 2)
            finer = self._built(head(maps))
            found.append(coarser + (boundary_mask(coarser) * finer if self.is_masked else finer))
        return found, [self._built(head(taps[0])) for head in self.edges] if self.has_edges and self.training else []

    def _built(self, coefficients: Tensor) -> Tensor:
        """Sum the weighted bases of each class, four times as fine as the coefficients."""
        crop = (BASIS_SIZE - BASIS_STRIDE) // 2
        return functional.conv_transpose2d(
            coefficients, self.bases, stride=BASIS_STRIDE, padding=crop, groups=self.classes
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return (batch, K, S - 2 halo, S - 2 halo) logits of (batch, bands, S, S), S a multiple of 32."""
        return self._core(self.levels(image)[0][-1], 1)

    def _core(self, maps: Tensor, stride: int) -> Tensor:
        cut = (self.margin if self.training else self.halo) // stride
        return maps[..., cut:-cut, cut:-cut]

    def loss(self, image: Tensor, labels: Tensor, balance: Tensor | None = None) -> Tensor:
        """Return the loss of all levels and of the edge heads; labels are (batch, S - 2 margin, S - 2 margin)."""
        found, edges = self.levels(image)
        total = image.new_zeros(())
        for scores, stride in zip(found, BUILT, strict=True):
            truth = labels[:, stride // 2 :: stride, stride // 2 :: stride]
            scores = self._core(scores, stride)
            total = total + functional.cross_entropy(scores, truth, balance, ignore_index=UNLABELLED)
        if edges:
            masks = functional.one_hot(torch.where(labels == UNLABELLED, 0, labels), self.classes).movedim(-1, 1)
            targets = dilated_and_eroded(masks.to(image.dtype), RADIUS, BUILT[0])
            for scores, target in zip(edges, targets, strict=True):
                total = total + functional.binary_cross_entropy_with_logits(self._core(scores, BUILT[0]), target)
        return total

    def pyramid(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the logits of all levels, coarsest first, each in the shape of `scores`."""
        with torch.inference_mode():
            found, _ = self.levels(image)
            return tuple(self._core(upsampled(maps, stride), 1) for maps, stride in zip(found, BUILT, strict=True))

    def optimizer(self) -> torch.optim.Optimizer:
        """Return Adam; the bases are fixed."""
        return torch.optim.Adam(self.parameters(), lr=self.rate)


class LRRVGG16(LRR):
    """LRR on the convolutions of VGG-16, optionally with its pretrained weights."""

    kind = "lrr-vgg16"
    size = VGG16
    halo = halo_of(VGG16)
    rate = LEARNING_RATE_VGG16


def _coefficients(width: int, classes: int) -> nn.Conv2d:
    head = nn.Conv2d(width, classes * BASES, 5, padding=2)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)  # type: ignore[arg-type]
    return head


def boundary_mask(scores: Tensor) -> Tensor:
    """Return the local maximum minus the local minimum of each class's probability (0-1) over 9 x 9 pixels."""
    probability = scores.softmax(dim=1)
    high = functional.max_pool2d(probability, MASK_WINDOW_PX, stride=1, padding=MASK_WINDOW_PX // 2)
    return high + functional.max_pool2d(-probability, MASK_WINDOW_PX, stride=1, padding=MASK_WINDOW_PX // 2)


def dilated_and_eroded(masks: Tensor, radius: int, stride: int = 1) -> tuple[Tensor, Tensor]:
    """Dilate and erode (batch, K, rows, columns) masks of 0 and 1 by a disk; borders have no effect.

    For each block of `stride` x `stride` pixels, only the middle pixel is returned.
    """
    context_radius = torch.arange(-radius, radius + 1, device=masks.device, dtype=masks.dtype)
    disk = (context_radius[:, None] ** 2 + context_radius[None] ** 2 <= radius**2).to(masks.dtype)[None, None]
    flat = masks.flatten(0, 1)[:, None]
    wide = _touched(flat, disk, stride)
    narrow = 1 - _touched(1 - flat, disk, stride)
    return wide.reshape(*masks.shape[:2], *wide.shape[2:]), narrow.reshape(*masks.shape[:2], *wide.shape[2:])


def _touched(flat: Tensor, disk: Tensor, stride: int) -> Tensor:
    radius = disk.shape[-1] // 2
    before = radius - stride // 2
    padded = functional.pad(flat, (before, radius, before, radius))
    return (functional.conv2d(padded, disk, stride=stride) > 0.5).to(flat.dtype)


def learn_bases(labels: Sequence[Labels], classes: int, seed: int, check: CancelCheck = never_cancel) -> Tensor:
    """Compute the bases (classes x 10, 1, 8, 8) from 32 x 32 px masks that a class fills to at least two per cent.

    They are the leading singular vectors of the centred masks, scaled by the standard deviation along each, and
    averaged over 4 x 4 px. A class with too few masks has zero bases, which have no effect. `check` is called once
    per class.
    """
    generator = np.random.default_rng(seed)
    found = torch.zeros(classes, BASES, SOURCE, SOURCE)
    for k in range(classes):
        check()
        masks = _masks(labels, k, generator)
        if len(masks) < 2:
            continue
        around = (masks - masks.mean(dim=0)).double()  # float32 rounding would look like variance
        squares, vectors = torch.linalg.eigh(around.t() @ around / len(masks))  # in ascending order
        count = min(BASES, len(masks))
        scaled = (vectors * squares.clamp_min(0).sqrt()).t().flip(0)[:count]
        largest = scaled.abs().argmax(dim=1, keepdim=True)
        signs = scaled.gather(1, largest).sign()
        found[k, :count] = (scaled * signs).reshape(count, SOURCE, SOURCE)
    return functional.avg_pool2d(found, SOURCE // BASIS_SIZE).reshape(classes * BASES, 1, BASIS_SIZE, BASIS_SIZE)


def _masks(labels: Sequence[Labels], k: int, generator: np.random.Generator) -> Tensor:
    """Draw masks (n, 1024) of a class, from the images in proportion to its pixels in each."""
    large = [each for each in labels if min(each.shape) >= SOURCE]
    filled = np.array([np.count_nonzero(each == k) for each in large], dtype=float)
    if not filled.sum():
        return torch.zeros(0, SOURCE * SOURCE)
    places = [np.argwhere(each == k) for each in large]
    masks = []
    for n in generator.choice(len(large), size=MASKS, p=filled / filled.sum()):
        centre = places[n][generator.integers(len(places[n]))] - generator.integers(0, SOURCE, 2)
        row, column = np.clip(centre, 0, np.array(large[n].shape) - SOURCE)
        mask = large[n][row : row + SOURCE, column : column + SOURCE] == k
        if mask.mean() >= LEAST_SHARE:
            masks.append(mask.ravel())
    return torch.from_numpy(np.array(masks, dtype=np.float32).reshape(-1, SOURCE * SOURCE))


def train_lrr(
    net: LRR, images: Sequence[TrainingImage], options: TrainingOptions, device: torch.device
) -> Iterator[TrainingUpdate]:
    """Compute the bases from the labels, then train the other weights like any coarse network."""
    net.bases.copy_(learn_bases([image.labels for image in images], net.classes, options.seed, options.check))
    yield from train_patches(net, images, options, device)
