"""Refining one tile once: the same for a whole scene, for what a map shows of it, and on a cluster."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..arrays.borders import Borders
from ..arrays.score_maps import Mask, Scores, uniform_where_invalid
from ..arrays.tiles import Tile
from ..refine.refiner import Refiner
from ..refine.unroll import from_prepared, total_halo
from ..runtime.device import synchronize


def prepare_tile(
    refiner: Refiner, image: Scores, begun: Scores, valid: Mask, borders: Borders, device: torch.device
) -> Tensor:
    """Return what does not change from step to step, from the image and the scores that the refiner began with."""
    first = torch.from_numpy(uniform_where_invalid(begun, valid, refiner.classes))
    with torch.inference_mode():
        return refiner.prepare(torch.from_numpy(image).to(device), first.to(device), borders)


def refine_tile(
    refiner: Refiner, tile: Tile, before: Scores, prepared: Tensor, valid: Mask, index: int, device: torch.device
) -> Scores:
    """Refine a tile once and cut it to its core; `before` has bare scores at the first step of a refiner."""
    held = torch.from_numpy(uniform_where_invalid(before, valid, refiner.classes)).to(device)
    with torch.inference_mode():
        (after,) = from_prepared(
            refiner,
            held if index else refiner.start(held),
            prepared,
            tile.borders,
            range(index, index + 1),
            None if valid.all() else torch.from_numpy(valid).to(device),  # to hold what is missing costs a copy
        )
        synchronize(device)
    top = 0 if tile.borders.top else total_halo(refiner)
    left = 0 if tile.borders.left else total_halo(refiner)
    rows, columns = tile.core.slices(tile.outer)
    cut = after[:, rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return np.asarray(cut.cpu().numpy(), dtype=np.float32)
