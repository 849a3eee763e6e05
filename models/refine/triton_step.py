"""The paper's update in one CUDA kernel, which reads only scores and image and writes only scores.

The kernel uses Triton, which comes with PyTorch for CUDA on Linux. If Triton or the C compiler that it needs is
missing, the refiner's own form in torch computes the same.
"""

from __future__ import annotations

import functools
import os
import shutil
from importlib.util import find_spec

import torch
from torch import Tensor
from torch.nn import functional

TAPS = 32  # the 25 of a patch, padded with zeros to the size of a GPU's matrix units


@functools.cache
def is_available() -> bool:
    """Return whether the kernel can run: on a CUDA device or in Triton's interpreter."""
    if find_spec("triton") is None:
        return False
    if os.environ.get("TRITON_INTERPRET") == "1":
        return True
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    return compiler is not None and torch.cuda.is_available()


def supports(maps: Tensor) -> bool:
    """Return whether the kernel can refine these maps: float32 on a CUDA device, without gradients."""
    floats = maps.device.type == "cuda" and maps.dtype == torch.float32
    return floats and not torch.is_grad_enabled() and is_available()


def refined(
    scores: Tensor,
    image: Tensor,
    weights: Tensor,
    image_filters: Tensor,
    bias: Tensor,
    out: Tensor,
    out_bias: Tensor,
    reduced: bool = False,
) -> Tensor:
    """Return (classes, rows, columns) refined once.

    Args:
        scores: (classes, rows + 4, columns + 4), padded.
        image: (bands, rows + 4, columns + 4), padded.
        weights: (networks, 32, 25 + 32), composed by `RefinementRNN.fused`.
        image_filters: (32, 25 bands), N.
        bias: (networks, 32).
        out: (networks, 1, 32), W2.
        out_bias: (networks,).
        reduced: multiply in bfloat16: several times faster, with an error of about a hundredth of an update.
    """
    from .triton_kernel import COLUMNS, ROWS, WARPS, refine_tile

    classes, rows, columns = scores.shape[0], scores.shape[1] - 4, scores.shape[2] - 4
    bands = len(image)
    by_scores = functional.pad(weights[:, :, :25].transpose(1, 2), (0, 0, 0, TAPS - 25)).contiguous()
    filters = functional.pad(image_filters.T, (0, 0, 0, -(25 * bands) % TAPS)).contiguous()
    after = torch.empty(classes, rows, columns, dtype=scores.dtype, device=scores.device)
    refine_tile[-(-columns // COLUMNS), -(-rows // ROWS)](
        scores.contiguous(),
        image.contiguous(),
        after,
        by_scores,
        filters,
        weights[:, :, 25:].transpose(1, 2).contiguous(),
        bias.contiguous(),
        out.contiguous(),
        out_bias.contiguous(),
        rows,
        columns,
        CLASSES=classes,
        NETWORKS=len(weights),
        BANDS=bands,
        TAPS=len(filters),
        REDUCED=("bfloat16" if scores.is_cuda else "rounded") if reduced else "",
        ROWS=ROWS,
        COLUMNS=COLUMNS,
        num_warps=WARPS,
    )
    return after
