"""Step advice: reasons why another step is unlikely to help."""

from __future__ import annotations

from collections.abc import Sequence

from ..state import StepFacts
from ..wording import tr

LEAST_CHANGED = 0.001  # share of pixels; a step that changes fewer has converged


def reasons(steps: Sequence[StepFacts], shown: int) -> list[str]:
    """Return the reasons why a step after the shown one is unlikely to improve the map."""
    if not 0 < shown < len(steps):
        return []
    facts = steps[shown]
    found = []
    if facts.accuracy is not None:
        measured = [(step.accuracy.mean_iou, -step.index) for step in steps[:shown] if step.accuracy is not None]
        value, index = max(measured, default=(0.0, 0))
        if value > facts.accuracy.mean_iou:
            text = tr("the measured mean IoU was higher at step {} ({:.3f}, here {:.3f})")
            found.append(text.format(-index, value, facts.accuracy.mean_iou))
    if facts.best_step == 0:
        found.append(tr("on held-out blocks, this refiner does not beat the coarse map"))
    elif facts.best_step is not None and shown > facts.best_step:
        found.append(tr("on held-out blocks, this refiner gains little after step {}").format(facts.best_step))
    if facts.changed is not None and facts.changed < LEAST_CHANGED:
        found.append(tr("fewer than {:g} % of the pixels change").format(100 * LEAST_CHANGED))
    return found


def hint(steps: Sequence[StepFacts], shown: int) -> str:
    """Return the reasons as one sentence, or an empty string."""
    found = reasons(steps, shown)
    return tr("Further steps no longer help: {}.").format("; ".join(found)) if found else ""
