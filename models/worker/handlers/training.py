"""Training coarse models and refiners, and teaching a refiner on from corrections."""

from __future__ import annotations

from ...arrays.grid import Window
from ...arrays.score_maps import Mask, Scores
from ...coarse.registry import KINDS as COARSE_KINDS
from ...coarse.train_patches import Recipe
from ...errors import RefinerError
from ...pipelines.fine_tune_refiner import learn_on as learn
from ...pipelines.train_coarse import about_coarse
from ...pipelines.train_coarse import train_coarse as train
from ...pipelines.train_refiner import About, TaughtRefiner
from ...pipelines.train_refiner import teach_refiner as teach
from ...refine.registry import LESSONS
from ...refine.training.held_out import coarse_miou
from ...refine.training.samples import LabelledTile
from ...runtime.preload_torch import load_optimizers
from ...scene.examples import coarse_examples, labelled_tile
from ...scene.labels import burn_sources, named_labels, read_labels
from ...session.session import Session
from ...shared import events, requests
from ...weights.pretrained import SHIPPED, shipped_for
from ..context import Desk


def train_coarse(desk: Desk, request: requests.TrainCoarse) -> None:
    """Train a coarse model on the open scene."""
    scene = desk.session.scene
    if request.kind not in COARSE_KINDS:
        raise RefinerError("The coarse model {request_kind!r} is none of {coarse_kinds}.", request_kind=request.kind, coarse_kinds=', '.join(COARSE_KINDS))
    desk.say(0.0, "Reading the vector layers")
    if request.labels:
        labels, classes = named_labels(request.labels, scene.grid)
    else:
        labels, classes = burn_sources(request.sources, scene.grid)
    desk.check()
    about = about_coarse(request.kind, classes, scene, f"{scene.path.name}, with vector layers")
    recipe = Recipe(request.steps or COARSE_KINDS[request.kind].updates, request.seed, check=desk.check)
    examples = coarse_examples(request.kind, scene, labels, classes, request.samples, request.seed)
    desk.say(0.0, "Training")  # the first update may take a while
    load_optimizers(desk.check)
    tell = desk.tell_training(None)
    outcome = train(
        examples, about, recipe, request.model, desk.device, desk.is_stopped, tell, request.kind, request.trunk
    )
    desk.send(events.Trained(request.model, outcome.steps, outcome.held_out_miou, None, outcome.stopped, "coarse"))


def train_refiner(desk: Desk, request: requests.TrainRefiner) -> None:
    """Teach a refiner on a labelled tile, and use it from now on."""
    session = desk.session
    scene = session.scene
    if not session.history:
        raise RefinerError("There is no coarse map yet; classify the scene first.")
    if request.kind not in LESSONS:
        raise RefinerError("The refiner {request_kind!r} is none of {lessons}.", request_kind=request.kind, lessons=', '.join(LESSONS))
    tile = _tile(session, request.labels)
    about = About(session.classes, scene.pixel_size_m, f"a labelled tile of {scene.path.name}")
    begin = request.begin
    if begin == SHIPPED:
        begin = shipped_for(request.kind, session.classes, len(tile.image))
    load_optimizers(desk.check)
    taught = teach(
        request.kind,
        [tile],
        about,
        request.steps,
        request.seed,
        request.model,
        desk.device,
        desk.is_stopped,
        desk.tell_training(coarse_miou([tile], request.seed)),
        desk.check,
        begin,
    )
    session.use_refiner(taught.refiner, request.model, session.classes)
    desk.send(_trained(taught, request.model))


def _tile(session: Session, path: str) -> LabelledTile:
    """Read what is labelled of a scene, with the coarse map there."""
    labels = read_labels(path, session.scene.grid, session.classes)

    def read(window: Window) -> tuple[Scores, Mask]:
        maps = session.maps(0, window)
        return maps.scores, maps.valid

    return labelled_tile(session.scene, read, labels, session.classes)


def _trained(taught: TaughtRefiner, path: str) -> events.Trained:
    outcome, best = taught.outcome, taught.best_step
    return events.Trained(
        path,
        outcome.steps,
        taught.by_step[best],
        taught.coarse_miou,
        outcome.stopped,
        "refiner",
        taught.by_step,
        best,
        taught.before_miou,
    )


def learn_on(desk: Desk, request: requests.LearnOn) -> None:
    """Teach the refiner in use on from the corrections, and use what comes of it from now on."""
    session = desk.session
    desk.say(0.0, "Reading the corrections")
    tell = desk.tell_training(None)
    load_optimizers(desk.check)
    given = request.labels, request.model, request.updates, request.seed
    found = learn(session, *given, desk.is_stopped, tell, desk.check)
    session.use_refiner(found.refiner, request.model, found.card.classes)
    desk.send(events.Learnt(request.model, found.outcome.steps, found.outcome.stopped, found.corrected, found.tile))
