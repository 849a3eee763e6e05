"""Fine-tuning on corrections, and undoing it."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal

from ...models.shared.events import FineTuned, TrainingProgressed
from ...models.shared.requests import FineTune, LoadRefiner, Step
from ..catalogue.weights import new_weights_file
from ..errors import UserError
from ..run.run import Run
from ..state import Task
from .context import AppContext, SectionController, shows_errors
from .steps import StepControl
from .training import TrainingControl

TOLERATED = 0.01  # loss of mean IoU on the labelled tile that fine-tuning may cause without a warning


class FineTuningControl(SectionController):
    """Controller of fine-tuning in section five."""

    learnt = pyqtSignal(object)  # the shown `Stepped` before the weights change

    def __init__(self, context: AppContext, steps: StepControl, training: TrainingControl) -> None:
        super().__init__(context)
        self.steps, self.training = steps, training
        self.handlers = {FineTuned: self._on_fine_tuned, TrainingProgressed: self._on_progressed}
        self._earlier: list[str] = []  # refiners before each fine-tuning
        self._bases: dict[str, str] = {}  # starting weights of each fine-tuned refiner
        self._count = 0
        self.dock.correct.fine_tune_requested.connect(self._on_fine_tune_requested)
        self.dock.correct.unlearn_requested.connect(self._on_unlearn_requested)

    @shows_errors
    def _on_fine_tune_requested(self) -> None:
        context, run = self.context, self.context.mapped_run()
        if not self.dock.refine.refiner.path():
            raise UserError(
                self.tr(
                    "This refiner is a formula without weights, so it cannot be fine-tuned. Choose a "
                    "learned refiner, or train one."
                )
            )
        labels = self.training.labels_if_any(run)
        learn = FineTune(str(new_weights_file(run.folder, "refiner")), labels)
        step = Step(0, self._last(run))
        requests = context.on_run(LoadRefiner(self._base()), learn, step)
        context.ask(Task.FINE_TUNE, self.tr("Fine-tuning…"), *requests)

    @shows_errors
    def _on_unlearn_requested(self) -> None:
        if self._earlier:
            path = self._earlier.pop()
            self._choose(path)
            run = self.context.mapped_run()
            self.learnt.emit(run.steps[run.shown])
            requests = self.context.on_run(LoadRefiner(path), Step(0, self._last(run)))
            self.context.ask(Task.STEP, self.tr("Refining…"), *requests)
            self.dock.correct.set_progress(self.tr("The weights before the last fine-tuning are in use again."))

    def _base(self) -> str:
        """Return the weights to fine-tune: those before the first fine-tuning, because each one uses all corrections.

        Starting from the latest weights would increase a bias of the first few corrections each time.
        """
        path = self.dock.refine.refiner.path()
        return self._bases.get(path, path)

    def _last(self, run: Run) -> int:
        """Return the last step to recompute: the shown step, or the end if the coarse map is shown."""
        return run.shown if run.shown > 0 else self.steps.end()

    def _choose(self, path: str) -> None:
        combo = self.dock.refine.refiner
        index = combo.findData(path)
        combo.add_file(combo.itemText(index) if index >= 0 else path, path)
        self.dock.correct.set_can_restore(bool(self._earlier))

    def _on_progressed(self, event: TrainingProgressed) -> None:
        if self.context.task is Task.FINE_TUNE:
            text = self.tr("Fine-tuning · loss {:.3f}").format(event.loss)
            self.dock.footer.set_progress(event.update / max(1, event.updates), text, event.seconds_left)

    def _on_fine_tuned(self, event: FineTuned) -> None:
        context, run, refiner = self.context, self.context.run, self.dock.refine.refiner
        if run is None:
            return  # the project was closed meanwhile
        self.learnt.emit(run.steps[run.shown])
        self._bases[event.model] = self._base()
        self._earlier.append(refiner.path())
        self._count += 1
        run.refiner = event.model
        title = self.tr("{} + corrections {}").format(refiner.currentText().split(" + ")[0], self._count)
        refiner.add_file(title, event.model)
        self.dock.correct.set_can_restore(True)
        before, after = event.corrected
        text = self.tr(
            "On the corrected pixels, the refiner alone was right for {:.0f} % before, and is right for {:.0f} % now."
        )
        text = text.format(100 * before, 100 * after)
        worse = False
        if event.tile is not None:
            text += " " + self.tr("Mean IoU on the labels: {:.3f} before, {:.3f} now.").format(*event.tile)
            worse = event.tile[1] < event.tile[0] - TOLERATED
        if worse or after < before:
            text += " " + self.tr("No improvement. Undo Fine-Tuning restores the earlier weights.")
        self.dock.correct.set_progress(text)
        (context.messages.warn if worse or after < before else context.messages.inform)(text)
