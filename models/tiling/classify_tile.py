"""Classification of one tile of a scene by a coarse model."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..arrays.borders import reflect
from ..arrays.grid import Window
from ..arrays.score_maps import LOG_FLOOR, Scores
from ..arrays.statistics import Statistics
from ..coarse.model import CoarseModel, Pyramid
from ..scene.scene import CLIP, Scene


def score_window(
    model: CoarseModel, scene: Scene, window: Window, device: torch.device, statistics: Statistics | None = None
) -> Scores:
    """Return (classes, rows, columns) logits of a window.

    Beyond the scene's own borders the image is mirrored; inside, every tile reads its real neighbours. The bands are
    standardised by the scene's own statistics, or by those that the model was trained with.
    """
    return score_image(model, image_around(model, scene, window, statistics), window, device)


def suitable_side(model: CoarseModel, side: int) -> int:
    """Return the side of a tile for a model: `side`, doubled until it is at least four halos."""
    while side < 4 * model.halo:
        side *= 2
    return side


def image_around(model: CoarseModel, scene: Scene, window: Window, statistics: Statistics | None = None) -> Scores:
    """Read the (bands, rows, columns) from which a model scores a window: extended to its stride, with its halo."""
    grid = scene.grid
    rows = strides(window.row, window.height, model.stride)
    columns = strides(window.column, window.width, model.stride)
    down = reflect(rows.start - model.halo, rows.stop + model.halo, grid.height)
    across = reflect(columns.start - model.halo, columns.stop + model.halo, grid.width)
    top, left = int(down.min()), int(across.min())
    source = Window(top, left, int(down.max()) - top + 1, int(across.max()) - left + 1)
    image, _ = scene.read(source)
    padded = image[:, down - top][:, :, across - left]
    if statistics is not None and statistics != scene.statistics:
        gain, offset = scene.statistics.towards(statistics)
        padded = np.clip(padded * gain[:, None, None] + offset[:, None, None], -CLIP, CLIP)
    return np.ascontiguousarray(padded)


def score_levels(
    model: CoarseModel, scene: Scene, window: Window, device: torch.device, statistics: Statistics | None = None
) -> list[Scores]:
    """Return the logits of a window as `score_window` does, after those of the coarser levels if there are any."""
    image = image_around(model, scene, window, statistics)
    if not isinstance(model, Pyramid):
        return [score_image(model, image, window, device)]
    levels = model.pyramid(torch.from_numpy(image)[None].to(device))
    return [_cropped(logits[0], window, model.stride) for logits in levels]


def score_image(model: CoarseModel, image: Scores, window: Window, device: torch.device) -> Scores:
    """Return (classes, rows, columns) logits of a window from the image around it."""
    return _cropped(model.scores(torch.from_numpy(image)[None].to(device))[0], window, model.stride)


def _cropped(logits: Tensor, window: Window, stride: int) -> Scores:
    top, left = window.row % stride, window.column % stride
    core = logits[:, top : top + window.height, left : left + window.width]
    return np.asarray(core.float().cpu().numpy(), dtype=np.float32)


def log_probabilities(logits: Scores) -> Scores:
    """Return log probabilities, limited to at least that of `LOG_FLOOR`: the scores of step 0."""
    log = torch.log_softmax(torch.from_numpy(logits), dim=0).clamp_min(float(np.log(LOG_FLOOR)))
    return np.asarray(log.numpy(), dtype=np.float32)


def strides(start: int, size: int, stride: int) -> range:
    """Extend [start, start + size) to multiples of `stride`."""
    return range(start // stride * stride, -(-(start + size) // stride) * stride)
