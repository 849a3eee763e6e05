"""The Triton kernel of `triton_step`; importing this module needs Triton.

A program refines ROWS x COLUMNS pixels of all classes. Its inputs, 25 taps per class and 25 per band, are shared by
neighbouring pixels and stay in the first-level cache. Everything else stays on the chip: the 32 image features, shared
by all classes, and the hidden units in registers (128 pixels on 128 threads: 32 per thread), and the operands of the
products, 16 KB of patches and 4 KB of weights, in shared memory. So several programs fit a multiprocessor of an H100 or
H200 (228 KB of shared memory, 64 K registers). A pixel costs 36 bytes of traffic per step; storing the image term of
the hidden units would cost 400. Rows of 32 floats are whole cache lines of 128 bytes.
"""

from __future__ import annotations

from typing import Any

import triton
import triton.language as tl

ROWS, COLUMNS = 4, 32  # px per program
WARPS = 4


@triton.jit  # type: ignore[untyped-decorator,unused-ignore]
def _product(left: Any, right: Any, start: Any, REDUCED: tl.constexpr) -> Any:
    """Return left @ right + start in float32; if `REDUCED`, with operands rounded to bfloat16."""
    if REDUCED == "bfloat16":
        return tl.dot(left.to(tl.bfloat16), right.to(tl.bfloat16), start)
    if REDUCED == "rounded":  # the same products for the interpreter, which misreads bfloat16 in products
        left, right = left.to(tl.bfloat16).to(tl.float32), right.to(tl.bfloat16).to(tl.float32)
    return tl.dot(left, right, start, input_precision="ieee")


@triton.jit  # type: ignore[untyped-decorator,unused-ignore]
def refine_tile(
    scores: Any,  # (CLASSES, rows + 4, columns + 4)
    image: Any,  # (BANDS, rows + 4, columns + 4)
    after: Any,  # (CLASSES, rows, columns): the result
    by_scores: Any,  # (NETWORKS, 32 taps, 25 of them used, 32): A
    filters: Any,  # (TAPS, 25 BANDS of them used, 32): N
    by_features: Any,  # (NETWORKS, 32, 32): the columns of W1 that follow N
    bias: Any,  # (NETWORKS, 32)
    out: Any,  # (NETWORKS, 32): W2
    out_bias: Any,  # (NETWORKS,)
    rows: Any,
    columns: Any,
    CLASSES: tl.constexpr,
    NETWORKS: tl.constexpr,
    BANDS: tl.constexpr,
    TAPS: tl.constexpr,
    REDUCED: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
) -> None:
    """Refine the pixels of one program once."""
    pixel = tl.arange(0, ROWS * COLUMNS)
    row, column = tl.program_id(1) * ROWS + pixel // COLUMNS, tl.program_id(0) * COLUMNS + pixel % COLUMNS
    inside = (row < rows) & (column < columns)
    wide = columns + 4
    plane = (rows + 4).to(tl.int64) * wide
    corner = row.to(tl.int64) * wide + column  # of the pixel's patch
    here = row.to(tl.int64) * columns + column
    tap, unit = tl.arange(0, 32), tl.arange(0, 32)
    features = tl.zeros((ROWS * COLUMNS, 32), dtype=tl.float32)
    for first in range(0, TAPS, 32):
        number = first + tap
        place = (number // 25) * plane + (number % 25 // 5) * wide + number % 5
        known = inside[:, None] & (number < 25 * BANDS)[None, :]
        patches = tl.load(image + corner[:, None] + place[None, :], mask=known, other=0.0)
        features = _product(patches, tl.load(filters + number[:, None] * 32 + unit[None, :]), features, REDUCED)
    place = (tap // 5) * wide + tap % 5
    known = inside[:, None] & (tap < 25)[None, :]
    for k in range(CLASSES):
        n = k % NETWORKS
        square = n * 1024 + tap[:, None] * 32 + unit[None, :]
        patches = tl.load(scores + k * plane + corner[:, None] + place[None, :], mask=known, other=0.0)
        hidden = tl.zeros((ROWS * COLUMNS, 32), dtype=tl.float32) + tl.load(bias + n * 32 + unit)[None, :]
        hidden = _product(patches, tl.load(by_scores + square), hidden, REDUCED)
        hidden = _product(features, tl.load(by_features + square), hidden, REDUCED)
        update = tl.sum(tl.maximum(hidden, 0.0) * tl.load(out + n * 32 + unit)[None, :], axis=1)
        before = tl.load(scores + k * plane + corner + 2 * wide + 2, mask=inside, other=0.0)
        refined = before + update + tl.load(out_bias + n)
        tl.store(after + k * (rows.to(tl.int64) * columns) + here, refined, mask=inside)
