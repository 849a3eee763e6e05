"""Training summaries in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...models.shared.events import Trained, TrainingProgressed
from ...models.shared.model_kinds import TRAINING_FREE
from ..wording import tr


@dataclass(frozen=True)
class Verdict:
    """The summary of a training, the recommended action, and whether the refiner beats the previous map."""

    figures: str
    advice: str
    message: str  # figures and advice in one line
    beats: bool
    former_stays: bool = False  # the previous refiner is better than the new one and the coarse map


def doing(event: TrainingProgressed, kind: str) -> str:
    """Describe the current activity."""
    if kind in TRAINING_FREE:
        return tr("Trying parameter values {} of {}").format(event.update, event.updates)
    return tr("Training")


def progress(event: TrainingProgressed, kind: str, points: Sequence[tuple[int, float]], baseline: float | None) -> str:
    """Describe progress and scores; `points` are (update, held-out mean IoU), `baseline` is the coarse map's."""
    if kind in TRAINING_FREE:
        text = doing(event, kind)
        best = max((value for _, value in points), default=None)
        measured = tr(" · best held-out mean IoU {:.3f}")
    else:
        text = tr("Loss {:.3f}").format(event.loss)
        best = points[-1][1] if points else None
        measured = tr(" · held-out mean IoU {:.3f}")
    if best is not None:
        text += measured.format(best)
        if baseline is not None:
            text += tr(", coarse map {:.3f}").format(baseline)
    return text


def verdict(event: Trained) -> Verdict:
    """Summarize a training by its held-out scores."""
    coarse, before = event.coarse_miou or 0.0, event.before_miou
    if before is not None and before > coarse and before >= event.held_out_miou and not event.stopped:
        figures = tr(
            "The refiner is no better than its pretrained start: held-out mean IoU {:.3f}, before {:.3f} "
            "(coarse map: {:.3f})."
        ).format(event.held_out_miou, before, coarse)
        advice = tr(
            "The previous refiner stays selected; the new one is in the list. Label more, or "
            "train without pretrained weights."
        )
        message = tr(
            "No better than the previous refiner: held-out mean IoU {:.3f}, before {:.3f}. The previous "
            "refiner stays selected."
        )
        return Verdict(figures, advice, message.format(event.held_out_miou, before), False, True)
    if event.best_step > 0:
        figures = tr(
            "Training finished. Best result at step {}: mean IoU {:.3f} on held-out blocks (coarse map: {:.3f})."
        )
        advice = tr("Run to End goes there from the coarse map.")
        figures = figures.format(event.best_step, event.held_out_miou, coarse)
        return Verdict(figures, advice, figures, True)
    figures = tr(
        "The refiner does not beat the coarse map on held-out blocks: mean IoU {:.3f} at its best step "
        "(coarse map: {:.3f})."
    )
    refined = max(event.by_step[1:], default=event.held_out_miou)  # the coarse map's score if no step is better
    if event.stopped:
        advice = tr(
            "The training was stopped early. Train longer before you judge the result. The coarse map is shown."
        )
        figures = figures.format(refined, coarse)
        return Verdict(figures, advice, f"{figures} {advice}", False)
    advice = tr("The coarse map is shown. Label more, and more precisely, and train again; or export the coarse map.")
    message = tr(
        "The refiner does not beat the coarse map (held-out mean IoU {:.3f}, coarse map {:.3f}): "
        "label more, or export step 0."
    )
    return Verdict(figures.format(refined, coarse), advice, message.format(refined, coarse), False)
