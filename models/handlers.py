"""What the worker does for each request."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch

from . import protocol as p
from .assess import BOUNDARY, assess
from .coarse.existing import ExistingScores
from .coarse.kinds import KINDS as COARSE_KINDS
from .coarse.train import Recipe
from .correcting import correct
from .demo_scene.files import write as write_demo
from .device import out_of_memory
from .errors import Interrupted, RefinerError
from .examples import coarse_examples, labelled_tile
from .files import make_folder
from .filters import show_filters
from .labels import burn_sources, named_labels, read_labels
from .lessons import About, about_coarse, teach_refiner, train_coarse
from .optimizers import load_optimizers
from .polygon_files import write
from .polygons import Outline, Place, stream
from .preview import Previewer, View
from .producing import classify_image, refine_image
from .production import Made
from .progress import Clock, share
from .rasters.reading import environment
from .refine.kinds import LESSONS
from .refine.lesson import coarse_miou
from .regions import region_at
from .relearning import learn_on
from .results import evaluate, write_classes, write_scores
from .resuming import resume
from .scene import Scene
from .score_maps import Mask, Scores, Window
from .session import Session
from .spectra import class_spectra
from .state_tiles import Kept
from .steps import Step
from .training import Epoch
from .views import doubts_of, write_view
from .wire import Wire

TELL_EVERY_S = 0.2


class Handlers:
    """Carries out requests on the one session that is open."""

    def __init__(self, wire: Wire, device: torch.device) -> None:
        """Answer over a wire, computing on a device."""
        self._wire = wire
        self._device = device
        self._session: Session | None = None
        self._previewer: Previewer | None = None
        self._told = 0.0
        self._environment = environment()
        self._environment.__enter__()  # for as long as the process lives

    def handle(self, request: p.Message) -> None:
        """Carry out one request; exceptions end it."""
        name = type(request).__name__
        action: Callable[[p.Message], None] | None = getattr(self, f"_on_{name.lower()}", None)
        if action is None:
            raise RefinerError(f"The worker does not know the request {name}.")
        self._told = 0.0
        try:
            action(request)
        except (RuntimeError, MemoryError) as error:
            if out_of_memory(error):
                raise RefinerError("The memory is full; a smaller area or a larger pixel size needs less.") from error
            raise

    # --- scene and step 0 ------------------------------------------------------------------------------------

    def _on_open(self, request: p.Open) -> None:
        self._drop()
        make_folder(request.run_dir)
        scene = Scene(request.image, request.bands, request.area, request.pixel_size_m)
        self._session = Session(scene, request.run_dir, self._device)
        self._session.stepping.tell = partial(self._tell_kept, going_on=True)
        self._session.save()
        self._opened(self._session, -1)

    def _on_resume(self, request: p.Resume) -> None:
        self._drop()
        self._session = resume(request.run_dir, self._device)
        self._session.stepping.tell = partial(self._tell_kept, going_on=True)
        self._opened(self._session, len(self._session.history) - 1)
        self._tell_kept(self._session.unfinished())

    def _opened(self, session: Session, steps: int) -> None:
        self._previewer = Previewer(session)
        grid = session.scene.grid
        if not grid.crs:
            session.notices.append(f"{session.scene.path.name} has no CRS: sizes are in pixels, and areas unknown.")
        warning = " ".join(session.notices)
        session.notices.clear()
        self._wire.send(p.Opened(grid.width, grid.height, session.scene.pixel_size_m, steps, warning))

    def _on_classify(self, request: p.Classify) -> None:
        with self._keeping() as session:
            self._stepped(session.classify(request.model, self._watch("Classifying"), request.multi_scale))

    def _on_loadscores(self, request: p.LoadScores) -> None:
        with self._keeping() as session:
            self._stepped(session.load_scores(request.path, self._watch("Reading scores")))

    def _on_makedemoscene(self, request: p.MakeDemoScene) -> None:
        write_demo(Path(request.folder), watch=self._watch("Drawing the demo scene"))
        self._wire.send(p.DemoSceneMade(request.folder))

    def _on_traincoarse(self, request: p.TrainCoarse) -> None:
        session = self._open_session()
        scene = session.scene
        if request.kind not in COARSE_KINDS:
            raise RefinerError(f"The coarse model {request.kind!r} is none of {', '.join(COARSE_KINDS)}.")
        self._say(0.0, "Reading the vector layers", None)
        if request.labels:
            labels, classes = named_labels(request.labels, scene.grid)
        else:
            labels, classes = burn_sources(request.sources, scene.grid)
        about = about_coarse(request.kind, classes, scene, f"{scene.path.name}, with vector layers")
        recipe = Recipe(request.steps or COARSE_KINDS[request.kind].updates, request.seed)
        examples = coarse_examples(request.kind, scene, labels, classes, request.samples, request.seed)
        tell, stop = self._tell_training(None), self._wire.stopped.is_set
        self._say(0.0, "Training", None)  # the first update may take a while
        load_optimizers(self._check)
        outcome = train_coarse(
            examples, about, recipe, request.model, self._device, stop, tell, request.kind, request.trunk
        )
        self._wire.send(p.Trained(request.model, outcome.steps, outcome.held_out_miou, None, outcome.stopped, "coarse"))

    def _on_showspectra(self, request: p.ShowSpectra) -> None:
        scene = self._open_session().scene
        self._wire.send(class_spectra(scene, request.labels, self._watch("Reading the spectra")))

    # --- refining --------------------------------------------------------------------------------------------

    def _on_loadrefiner(self, request: p.LoadRefiner) -> None:
        card = self._open_session().load_refiner(request.path)
        self._wire.send(p.RefinerLoaded(request.path, card.summary(), card.steps))

    def _on_step(self, request: p.Step) -> None:
        watch = self._watch("Refining")
        with self._keeping() as session:
            for step in session.step(request.start, request.count, watch, lambda start: self._preview(start, request)):
                self._stepped(step)

    @contextmanager
    def _keeping(self) -> Iterator[Session]:
        """Give the session for making steps, and say what is kept of one that is broken off."""
        session = self._open_session()
        try:
            yield session
        finally:
            self._tell_kept(session.unfinished())

    def _tell_kept(self, kept: Kept | None, going_on: bool = False) -> None:
        if kept is not None:
            self._wire.send(p.TilesKept(kept.step, kept.finished, kept.tiles, going_on))

    def _preview(self, start: int, request: p.Step) -> None:
        """Show what is in view of the step after `start`, where that is quicker than the step."""
        if request.view is None or self._previewer is None:
            return
        self._check()
        classes = self._open_session().classes
        kind = request.kind if 0 <= request.kind <= len(classes) else 0
        path = self._previewer.make(start, View(request.view, *request.view_size), kind)
        if path is not None:
            self._wire.send(p.Previewed(start + 1, path, kind, classes))

    def _on_trainrefiner(self, request: p.TrainRefiner) -> None:
        session = self._open_session()
        scene = session.scene
        if not session.history:
            raise RefinerError("There is no coarse map yet; classify the scene first.")
        if request.kind not in LESSONS:
            raise RefinerError(f"The refiner {request.kind!r} is none of {', '.join(LESSONS)}.")
        labels = read_labels(request.labels, scene.grid, session.classes)

        def read(window: Window) -> tuple[Scores, Mask]:
            maps = session.maps(0, window)
            return maps.scores, maps.valid

        tile = labelled_tile(scene, read, labels, session.classes)
        about = About(session.classes, scene.pixel_size_m, f"a labelled tile of {scene.path.name}")
        load_optimizers(self._check)
        taught = teach_refiner(
            request.kind,
            [tile],
            about,
            request.steps,
            request.seed,
            request.model,
            self._device,
            self._wire.stopped.is_set,
            self._tell_training(coarse_miou([tile], request.seed)),
        )
        session.use_refiner(taught.refiner, request.model, session.classes)
        outcome = taught.outcome
        self._wire.send(
            p.Trained(
                request.model,
                outcome.steps,
                taught.by_step[taught.best_step],
                taught.coarse_miou,
                outcome.stopped,
                "refiner",
                taught.by_step,
                taught.best_step,
            )
        )

    # --- results ---------------------------------------------------------------------------------------------

    def _on_exportpolygons(self, request: p.ExportPolygons) -> None:
        session, source = self._source(request.step)
        self._write_polygons(ExistingScores(source, session.scene.image_grid), request)

    def _on_vectorize(self, request: p.Vectorize) -> None:
        self._write_polygons(ExistingScores(request.scores), request)

    def _write_polygons(self, scores: ExistingScores, request: p.ExportPolygons | p.Vectorize) -> None:
        try:
            outline = Outline(request.min_area_m2, request.tolerance_m, request.background)
            scheduler = request.scheduler if isinstance(request, p.Vectorize) else ""
            place = Place(Path(request.path).parent, scheduler or None)
            found = stream(scores, outline, place, self._watch("Tracing polygons"))
            written = write(found, request.path, scores.grid.crs)
        finally:
            scores.close()
        warning = written.warning
        if not written.count:
            warning = "There is no polygon to write: the map is background everywhere. " + warning
        self._wire.send(p.Exported(request.path, written.count, warning.strip()))

    def _on_exportraster(self, request: p.ExportRaster) -> None:
        session, source = self._source(request.step)
        write_classes(source, session.scene.image_grid, request.path, self._watch("Writing the class raster"))
        self._wire.send(p.Exported(request.path))

    def _on_exportscores(self, request: p.ExportScores) -> None:
        session, source = self._source(request.step)
        write_scores(source, session.scene.image_grid, request.path, self._watch("Writing the scores"))
        self._wire.send(p.Exported(request.path))

    def _on_assess(self, request: p.Assess) -> None:
        watch, scheduler = self._watch("Measuring"), request.scheduler or None
        for entry in assess(request.scores, request.labels, request.report, watch, scheduler):
            if entry.event is not None:
                self._wire.send(entry.event)
        self._wire.send(p.Exported(request.report))

    def _on_classifyimage(self, request: p.ClassifyImage) -> None:
        self._produced(classify_image(request, self._watch("Classifying")))

    def _on_refineimage(self, request: p.RefineImage) -> None:
        self._produced(refine_image(request, self._watch("Refining")))

    def _produced(self, made: Made) -> None:
        self._wire.send(p.Produced(made.classes, made.changed, " ".join(made.notices)))

    def _on_evaluate(self, request: p.Evaluate) -> None:
        session = self._open_session()
        labels = read_labels(request.labels, session.scene.grid, session.classes)
        watch, count = self._watch("Measuring the accuracy"), len(session.history)
        for n, step in enumerate(session.history):
            scores = ExistingScores(session.path(step.scores))
            try:
                accuracy, edges = evaluate(scores, labels, share(watch, n / count, 1 / count))
            finally:
                scores.close()
            near = tuple(edges.boundary_iou[BOUNDARY].values())
            pairs = tuple(map(tuple, accuracy.confusion.tolist()))
            figures = accuracy.overall_accuracy, accuracy.mean_iou, accuracy.iou, near, pairs
            self._wire.send(p.Evaluated(step.index, session.classes, *figures))

    def _on_showfilters(self, request: p.ShowFilters) -> None:
        session, _ = self._source(request.step)
        self._wire.send(show_filters(session, request, self._watch("Filtering the scene")))

    # --- correcting ------------------------------------------------------------------------------------------

    def _on_correct(self, request: p.Correct) -> None:
        session = self._open_session()
        for step in correct(session, request.layer, request.step, self._watch("Binding the corrections")):
            self._wire.send(p.Corrected(step.index, session.path(step.scores), session.path(step.classes_raster)))

    def _on_learnon(self, request: p.LearnOn) -> None:
        session = self._open_session()
        self._say(0.0, "Reading the corrections", None)
        tell = self._tell_training(None)
        load_optimizers(self._check)
        found = learn_on(
            session, request.labels, request.model, request.updates, request.seed, self._wire.stopped.is_set, tell
        )
        session.use_refiner(found.refiner, request.model, found.card.classes)
        self._wire.send(
            p.Learnt(request.model, found.outcome.steps, found.outcome.stopped, found.corrected, found.tile)
        )

    def _on_finddoubts(self, request: p.FindDoubts) -> None:
        session, _ = self._source(request.step)
        self._wire.send(doubts_of(session, request.step, request.count, self._watch("Looking for doubtful places")))

    def _on_findregion(self, request: p.FindRegion) -> None:
        session, _ = self._source(request.step)
        found = region_at(session.path(session.history[request.step].classes_raster), request.x, request.y)
        self._wire.send(p.RegionFound(found.outline.wkt, found.index, found.pixels))

    def _on_writeview(self, request: p.WriteView) -> None:
        session, _ = self._source(request.step)
        write_view(session, request.step, request.view, request.path, self._watch("Writing the layer"))
        self._wire.send(p.ViewWritten(request.step, request.view, request.path))

    # --- shared ----------------------------------------------------------------------------------------------

    def _open_session(self) -> Session:
        if self._session is None:
            raise RefinerError("No scene is open.")
        return self._session

    def _source(self, step: int) -> tuple[Session, str]:
        """Return the session and the score raster of one of its steps."""
        session = self._open_session()
        if not 0 <= step < len(session.history):
            raise RefinerError(f"There is no step {step}; the last one is {len(session.history) - 1}.")
        return session, session.path(session.history[step].scores)

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = self._previewer = None

    def _stepped(self, step: Step) -> None:
        session = self._open_session()
        self._wire.send(
            p.Stepped(
                step.index,
                session.path(step.scores),
                session.path(step.classes_raster),
                session.classes,
                step.changed,
                step.milliseconds,
                () if step.index else _levels(session),
            )
        )
        while session.notices:
            self._say(1.0, session.notices.pop(0), None)

    def _watch(self, text: str) -> Callable[[float], None]:
        """Return what long work calls between its parts: tells how far it is, and ends it when that is asked."""
        clock = Clock()

        def watch(fraction: float) -> None:
            self._check()
            if time.monotonic() - self._told > TELL_EVERY_S or fraction >= 1:
                self._say(fraction, text, clock.seconds_left(fraction))

        return watch

    def _tell_training(self, coarse: float | None) -> Callable[[Epoch, float | None], None]:
        """Return what a training calls after each update; `coarse` is what a refiner has to beat."""

        def tell(epoch: Epoch, seconds_left: float | None) -> None:
            self._check()
            if epoch.held_out_miou is None and time.monotonic() - self._told < TELL_EVERY_S:
                return
            self._told = time.monotonic()
            self._wire.send(
                p.TrainingProgressed(epoch.step, epoch.steps, epoch.loss, epoch.held_out_miou, coarse, seconds_left)
            )

        return tell

    def _check(self) -> None:
        if self._wire.cancelled.is_set():
            raise Interrupted("Cancelled.")

    def _say(self, fraction: float, text: str, seconds_left: float | None) -> None:
        self._told = time.monotonic()
        self._wire.send(p.Progressed(min(1.0, fraction), text, seconds_left))


def _levels(session: Session) -> tuple[tuple[str, str, str], ...]:
    return tuple((name, session.path(each.scores), session.path(each.classes_raster)) for name, each in session.levels)
