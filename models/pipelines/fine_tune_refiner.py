"""Fine-tuning of the refiner in use on corrections and a labelled tile, into a separate weights file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import nn

from ..arrays.grid import Window
from ..arrays.score_maps import UNLABELLED, Mask, Scores
from ..arrays.tiles import surround, tiles
from ..errors import LabelError, RefinerError
from ..io.files import require_space
from ..refine.refiner import Refiner
from ..refine.rnn import USUAL_STEPS
from ..refine.training.fine_tune import UPDATES, fine_tune_weights, share_right
from ..refine.training.held_out import mean_iou_by_step
from ..refine.training.samples import LabelledTile
from ..runtime.progress import CancelCheck, never_cancel
from ..scene.examples import SURROUNDINGS_PX, labelled_tile
from ..scene.labels import read_labels
from ..session.session import Session
from ..shared.model_kinds import TRAINING_FREE
from ..training.loop import TrainingOutcome, run_training
from ..weights.checkpoint import ModelCard, load_refiner, save_model
from .train_refiner import MODEL_BYTES, StopCheck, TrainingCallback

CELL_PX = 256  # px per side of the parts of a scene that are searched for corrections
MOST_CELLS = 64  # so that a scene with many corrections still fits into memory


@dataclass(frozen=True)
class FineTunedRefiner:
    """Fine-tuned refiner, with its evaluation before and after without corrections applied; fractions in 0-1."""

    refiner: Refiner
    card: ModelCard
    outcome: TrainingOutcome
    corrected: tuple[float, float]  # fraction of the corrected pixels that are right
    tile: tuple[float, float] | None  # mean IoU on the labelled tile, if there is one


def fine_tune_refiner(
    session: Session,
    labels: str,
    *,
    path: str,
    updates: int | None,
    seed: int,
    stop: StopCheck,
    report: TrainingCallback,
    check: CancelCheck = never_cancel,
) -> FineTunedRefiner:
    """Fine-tune the refiner of a session on its corrections, and save it; an exception saves nothing.

    The earlier weights stay in their file, so that the analyst can return to them.

    Args:
        session: a session with a refiner and corrections.
        labels: a labelled tile as in `read_labels`; empty: none.
        path: where to save the weights.
        updates: of the weights; None: as many as a few seconds allow.
        seed: of the patches.
        stop: returns whether to stop after the current update.
        report: called after each update.
        check: called during evaluation; an exception from it ends the training.

    Raises:
        RefinerError: if there are no corrections, or the refiner has no weights.
    """
    if session.refiner is None:
        raise RefinerError("There is no refiner yet; choose one, or train one on a labelled tile.")
    if session.refiner.kind in TRAINING_FREE:
        raise RefinerError(
            "This refiner follows a formula and has no weights to fine-tune; choose a learned refiner, or train one."
        )
    require_space(Path(path).parent, MODEL_BYTES)
    refiner, card = load_refiner(session.refiner_path, session.device)
    corrected = corrected_tiles(session)
    known = [_tile(session, labels)] if labels else []
    torch.manual_seed(seed)

    def evaluate() -> tuple[float, float | None]:
        right = share_right(refiner, corrected, session.device, check)
        if not known:
            return right, None
        return right, mean_iou_by_step(
            refiner, known, held_out=[known[0].labels], steps=USUAL_STEPS, device=session.device, check=check
        )[-1]

    before = evaluate()
    cast(nn.Module, refiner).train()
    outcome = run_training(
        fine_tune_weights(
            refiner, corrected, tiles=known, updates=updates or UPDATES, seed=seed, device=session.device
        ),
        stop,
        report,
    )
    cast(nn.Module, refiner).eval()
    after = evaluate()
    count = sum(int((tile.labels != UNLABELLED).sum()) for tile in corrected)
    name = session.scene.path.name
    card = replace(
        card,
        trained_on=f"{card.trained_on}; {count} corrected pixels of {name}",
        quality=f"{100 * after[0]:.0f} % of the corrected pixels right, {100 * before[0]:.0f} % before",
    )
    save_model(path, cast(nn.Module, refiner), card)
    tile = None if before[1] is None or after[1] is None else (before[1], after[1])
    return FineTunedRefiner(refiner, card, outcome, (before[0], after[0]), tile)


def _tile(session: Session, labels: str) -> LabelledTile:
    scene = session.scene
    return labelled_tile(scene, _coarse(session), read_labels(labels, scene.grid, session.classes), session.classes)


def _coarse(session: Session) -> Callable[[Window], tuple[Scores, Mask]]:
    def read(window: Window) -> tuple[Scores, Mask]:
        maps = session.maps(0, window)
        return maps.scores, maps.valid

    return read


def corrected_tiles(session: Session) -> list[LabelledTile]:
    """Read the parts of a scene that hold corrections, with the coarse map without corrections applied.

    Raises:
        LabelError: if nothing is corrected.
    """
    corrections, grid = session.corrections, session.scene.grid
    found = []
    if corrections is not None:
        for part in tiles(grid.height, grid.width, CELL_PX, 0):
            count = int(np.count_nonzero(corrections[part.core.slices()] != UNLABELLED))
            if count:
                found.append((count, part.core))
    found.sort(key=lambda each: -each[0])
    result = []
    for _, core in found[:MOST_CELLS]:
        part = surround(core, grid.height, grid.width, SURROUNDINGS_PX)
        maps = session.maps(0, part.outer)
        image, valid = session.scene.read(part.outer)
        labels = np.full(maps.valid.shape, UNLABELLED, dtype=np.uint8)
        inside = core.slices(part.outer)
        if corrections is not None:
            labels[inside] = np.where((valid & maps.valid)[inside], corrections[core.slices()], UNLABELLED)
        if (labels != UNLABELLED).any():
            result.append(LabelledTile(maps.scores, image, labels))
    if not result:
        raise LabelError("Nothing is corrected within the scene yet; paint something first.")
    return result
