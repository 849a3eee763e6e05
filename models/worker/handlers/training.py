"""Training of coarse models and refiners, and fine-tuning of a refiner on corrections."""

from __future__ import annotations

from ...arrays.grid import Window
from ...arrays.score_maps import Mask, Scores
from ...coarse.train_patches import TrainingOptions
from ...errors import RefinerError
from ...pipelines.fine_tune_refiner import fine_tune_refiner
from ...pipelines.train_coarse import coarse_model_info, train_coarse
from ...pipelines.train_refiner import ModelInfo, TrainedRefiner, train_refiner
from ...refine.training.held_out import coarse_miou
from ...refine.training.samples import LabelledTile
from ...runtime.preload_torch import preload_optimizers
from ...scene.examples import coarse_examples, labelled_tile
from ...scene.labels import burn_sources, named_labels, read_labels
from ...session.session import Session
from ...shared import events, requests
from ...shared.conventions import SHIPPED
from ...shared.model_kinds import COARSE_KINDS, REFINER_KINDS
from ...weights.pretrained import pretrained_for
from ..context import RequestContext


def on_train_coarse(context: RequestContext, request: requests.TrainCoarse) -> None:
    """Train a coarse model on the open scene."""
    scene = context.session.scene
    if request.kind not in COARSE_KINDS:
        raise RefinerError(
            "The coarse model {request_kind!r} is none of {coarse_kinds}.",
            request_kind=request.kind,
            coarse_kinds=", ".join(COARSE_KINDS),
        )
    context.send_progress(0.0, "Reading the vector layers")
    if request.labels:
        labels, classes = named_labels(request.labels, scene.grid)
    else:
        labels, classes = burn_sources(request.sources, scene.grid)
    context.check()
    about = coarse_model_info(request.kind, classes, scene, f"{scene.path.name}, with vector layers")
    options = TrainingOptions(request.updates or COARSE_KINDS[request.kind].updates, request.seed, check=context.check)
    examples = coarse_examples(
        request.kind, scene, labels=labels, classes=classes, samples=request.samples, seed=request.seed
    )
    context.send_progress(0.0, "Training")  # the first update may take a while
    preload_optimizers(context.check)
    report = context.training_progress(None)
    outcome = train_coarse(
        examples,
        about,
        options,
        path=request.model,
        device=context.device,
        stop=context.is_stopped,
        report=report,
        kind=request.kind,
        backbone=request.backbone,
    )
    context.send(
        events.Trained(
            model=request.model,
            updates=outcome.updates,
            held_out_miou=outcome.held_out_miou,
            coarse_miou=None,
            stopped=outcome.stopped,
            role="coarse",
        )
    )


def on_train_refiner(context: RequestContext, request: requests.TrainRefiner) -> None:
    """Train a refiner on a labelled tile, and make it the session's refiner."""
    session = context.session
    scene = session.scene
    if not session.history:
        raise RefinerError("There is no coarse map yet; classify the scene first.")
    if request.kind not in REFINER_KINDS:
        raise RefinerError(
            "The refiner {request_kind!r} is none of {kinds}.",
            request_kind=request.kind,
            kinds=", ".join(REFINER_KINDS),
        )
    tile = _tile(session, request.labels)
    about = ModelInfo(session.classes, scene.pixel_size_m, f"a labelled tile of {scene.path.name}")
    pretrained = request.pretrained
    if pretrained == SHIPPED:
        pretrained = pretrained_for(request.kind, session.classes, len(tile.image))
    preload_optimizers(context.check)
    trained = train_refiner(
        request.kind,
        [tile],
        about,
        updates=request.updates,
        seed=request.seed,
        path=request.model,
        device=context.device,
        stop=context.is_stopped,
        report=context.training_progress(coarse_miou([tile], request.seed)),
        check=context.check,
        pretrained=pretrained,
    )
    session.use_refiner(trained.refiner, request.model, session.classes)
    context.send(_trained(trained, request.model))


def _tile(session: Session, path: str) -> LabelledTile:
    """Read the labelled parts of a scene, with the coarse map there."""
    labels = read_labels(path, session.scene.grid, session.classes)

    def read(window: Window) -> tuple[Scores, Mask]:
        maps = session.maps(0, window)
        return maps.scores, maps.valid

    return labelled_tile(session.scene, read, labels, session.classes)


def _trained(trained: TrainedRefiner, path: str) -> events.Trained:
    outcome, best = trained.outcome, trained.best_step
    return events.Trained(
        model=path,
        updates=outcome.updates,
        held_out_miou=trained.by_step[best],
        coarse_miou=trained.coarse_miou,
        stopped=outcome.stopped,
        role="refiner",
        by_step=trained.by_step,
        best_step=best,
        before_miou=trained.before_miou,
    )


def on_fine_tune(context: RequestContext, request: requests.FineTune) -> None:
    """Fine-tune the refiner in use on the corrections, and make the result the session's refiner."""
    session = context.session
    context.send_progress(0.0, "Reading the corrections")
    report = context.training_progress(None)
    preload_optimizers(context.check)
    found = fine_tune_refiner(
        session,
        request.labels,
        path=request.model,
        updates=request.updates,
        seed=request.seed,
        stop=context.is_stopped,
        report=report,
        check=context.check,
    )
    session.use_refiner(found.refiner, request.model, found.card.classes)
    context.send(
        events.FineTuned(request.model, found.outcome.updates, found.outcome.stopped, found.corrected, found.tile)
    )
