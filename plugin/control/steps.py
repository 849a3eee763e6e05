"""Controller of refinement steps: forward, back, play, run to end."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import QTimer

from ...models.shared.events import Cancelled, Event, Failed, Previewed, RefinerLoaded, Stepped, TilesKept
from ...models.shared.model_kinds import TRAINING_FREE
from ...models.shared.requests import Classify, LoadRefiner, LoadScores, Request, Step
from ..catalogue.refiner_kinds import RefinerKindText, refiner_kind_text
from ..catalogue.weights import shipped, weights_kind
from ..errors import UserError
from ..layers.preview_layer import PreviewLayer
from ..run.run import Run
from ..state import Task
from .context import AppContext, SectionController, shows_errors
from .refiner_suggestion import CoarseMapInfo, RefinerSuggester

PLAY_PAUSE_MS = 700  # time to see each step


class StepControl(SectionController):
    """Controller of section three, the refinement steps."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self.preview = PreviewLayer(context.project, context.layers, self)
        self.handlers = {
            Stepped: self._on_stepped,
            Previewed: self._on_previewed,
            TilesKept: self._on_tiles_kept,
            RefinerLoaded: self._on_refiner_loaded,
        }
        self._kept: TilesKept | None = None  # of the interrupted step
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PLAY_PAUSE_MS)
        self._pause.timeout.connect(self._play_on)
        self._sharpening = QTimer(self)  # shows the levels of a new pyramid one by one
        self._sharpening.setSingleShot(True)
        self._sharpening.setInterval(PLAY_PAUSE_MS)
        self._sharpening.timeout.connect(self._sharpen)
        refine = self.dock.refine
        self.refiner_suggester = RefinerSuggester(refine, context.settings)
        refine.propose_end(context.settings.last_step)
        for number, weights in enumerate(shipped("refiner")):
            refine.refiner.add_file(weights.title, weights.path, choose=number == 0)
        refine.step_requested.connect(self._on_step_requested)
        refine.run_requested.connect(self._on_run_requested)
        refine.play_toggled.connect(self._on_play_toggled)
        refine.back_requested.connect(self._on_back_requested)
        refine.step_chosen.connect(context.show_step)
        refine.kind_chosen.connect(self._on_kind_chosen)
        refine.refiner.choice_changed.connect(self._on_refiner_chosen)
        context.layers.step_chosen.connect(self._on_step_chosen_in_tree)
        self._describe()

    def refiner_requests(self) -> tuple[Request, ...]:
        """Return the requests that load the chosen refiner, if the worker does not use it yet."""
        choice = self.dock.refine.refiner.choice()
        run = self.context.run
        return () if not choice or (run is not None and run.refiner == choice) else (LoadRefiner(choice),)

    def refiner_kind(self) -> str:
        """Return the kind of the chosen refiner, or an empty string if its file does not state it."""
        refiner = self.dock.refine.refiner
        return weights_kind(Path(refiner.path())) if refiner.path() else refiner.choice()

    def end(self) -> int:
        """Return the step at which Play and Run to End stop."""
        return self.dock.refine.end.value()

    def stop_playing(self) -> None:
        """Stop playing."""
        self._pause.stop()
        self.context.playing = False

    # --- what the analyst asks --------------------------------------------------------------------------------

    @shows_errors
    def _on_step_requested(self) -> None:
        self._step(1)

    @shows_errors
    def _on_run_requested(self) -> None:
        self._remember_end()
        if self.context.run is not None:
            self._step(self.end() - self.context.run.shown)

    def _remember_end(self) -> None:
        if self.dock.refine.end_is_chosen:
            self.context.settings.last_step = self.end()

    def _step(self, count: int) -> None:
        context = self.context
        step = Step(0) if context.run is None else self._request(context.run, count)
        context.ask(Task.STEP, self.tr("Refining…"), *context.on_run(*self.refiner_requests(), step))

    def _request(self, run: Run, count: int) -> Step:
        """Build a Step request from the shown step; the visible area is previewed first."""
        settings = self.context.canvas.mapSettings()
        size = settings.outputSize() * settings.devicePixelRatio()
        try:
            seen = self.context.view().in_crs(run.extent.crs)
            view = (seen.xMinimum(), seen.yMinimum(), seen.xMaximum(), seen.yMaximum())
        except UserError:  # the visible area cannot be transformed to the run's CRS
            view = None
        return Step(run.shown, count, view, (size.width(), size.height()), self.context.kind())

    def _on_back_requested(self) -> None:
        if self.context.run is not None:
            self.context.show_step(self.context.run.position - 1)

    def _on_play_toggled(self, playing: bool) -> None:
        if not playing:
            self.stop_playing()
        else:
            self._remember_end()
            self.context.playing = True
            self._play_on()
        self.context.refresh()

    @shows_errors
    def _play_on(self) -> None:
        context = self.context
        if not context.playing:
            return
        if context.run is not None and context.run.level:
            context.show_step(context.run.level + 1)
            self._pause.start()
            return
        if context.run is None or context.run.shown >= self.end():
            self.stop_playing()
            context.refresh()
            return
        try:
            self._step(1)
        finally:
            context.playing = context.task is Task.STEP  # stop playing if the request was refused
            context.refresh()

    def _on_kind_chosen(self, _kind: int) -> None:
        if self.context.run is not None:
            self.context.show_step(self.context.run.position)

    def _on_refiner_chosen(self) -> None:
        self._describe()
        self.context.refresh()

    def _describe(self) -> None:
        kind = refiner_kind_text(self.refiner_kind())
        self.dock.refine.set_description(
            self.refiner_suggester.reason() or ("" if kind is None else self._description(kind))
        )

    def _description(self, kind: RefinerKindText) -> str:
        return kind.description() if kind.key in TRAINING_FREE else f"{kind.title()}: {kind.description()}"

    def _on_step_chosen_in_tree(self, name: str, index: int) -> None:
        if self.context.run is not None and self.context.run.name == name:
            self.context.show_step(index)

    # --- what the worker answers ------------------------------------------------------------------------------

    def _on_stepped(self, step: Stepped) -> None:
        context = self.context
        if step.index == 0 and context.pending_run is not None and context.pending_run.is_open:
            context.run, context.pending_run = context.pending_run, None
        run = context.run
        if run is None:
            return  # the project was closed meanwhile
        context.layers.truncate(run.name, step.index)
        run.add(step)
        run.see(step.index)
        if step.index == 0:
            run.refiner = None  # another coarse map may have other classes, which the refiner must fit
            run.coarse = self._coarse() or run.coarse
            context.layers.begin(run.name, run.scene.name)
            self.refiner_suggester.propose(CoarseMapInfo(run.coarse, len(run.scene.bands), run.classes))
        else:
            self.dock.footer.set_milliseconds(step.milliseconds)
        for level in run.levels if step.index == 0 else ():
            context.layers.add(run.name, level, self._kind_of(step))
        context.layers.add(run.name, step, self._kind_of(step))
        self.preview.remove()
        context.refresh()
        if step.levels:
            context.show_step(-len(step.levels))
            self._sharpening.start()

    def _sharpen(self) -> None:
        """Show the next finer level, if a level is shown."""
        run = self.context.run
        if run is not None and run.level and not self.context.playing:
            self.context.show_step(run.level + 1)
            self._sharpening.start()

    def _coarse(self) -> str:
        request = self.context.engine.running
        if isinstance(request, Classify):
            return request.model
        return request.path if isinstance(request, LoadScores) else ""

    def _on_previewed(self, preview: Previewed) -> None:
        if self.context.run is not None:
            self.preview.show(self.context.run.name, preview)

    def _on_tiles_kept(self, kept: TilesKept) -> None:
        if kept.is_resumed:
            text = self.tr("Step {} resumes: {} of {} tiles are finished already.")
            self.context.messages.inform(text.format(kept.step, kept.finished, kept.tiles))
        else:
            self._kept = kept

    def kept_tiles_text(self) -> str:
        """Return, once, how much of an interrupted step is kept, or an empty string if no step was interrupted."""
        kept, self._kept = self._kept, None
        if kept is None:
            return ""
        text = self.tr("{} of {} tiles of step {} are finished and kept. Making the step again resumes from them.")
        return text.format(kept.finished, kept.tiles, kept.step)

    def end_preview(self) -> None:
        """Remove a leftover preview and show the current step again."""
        if self.preview.remove() and self.context.run is not None:
            self.context.show_step(self.context.run.shown)

    def _kind_of(self, step: Stepped) -> int:
        kind = self.context.kind()
        return kind if kind <= len(step.classes) else 0

    def _on_refiner_loaded(self, event: RefinerLoaded) -> None:
        if self.context.run is not None:
            self.context.run.refiner = event.path
            if event.best_step:
                self.context.run.best_steps[event.path] = event.best_step
        self.context.messages.log(event.summary)

    def on_ended(self, event: Event) -> None:
        """Continue or stop playing after a request has ended."""
        self.end_preview()
        if not self.context.playing:
            return
        if isinstance(event, (Cancelled, Failed)):
            self.stop_playing()
        else:
            self._pause.start()
