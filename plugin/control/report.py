"""The report of the current run: collected here, written by a background task, and opened in the browser."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QDateTime, QUrl
from qgis.PyQt.QtGui import QDesktopServices

from ..catalogue.refiner_kinds import refiner_kind_text
from ..catalogue.weights import title_of, weights_kind
from ..errors import UserError
from ..layers.correction_layer import layer_for
from ..layers.exported_layers import checked_path
from ..layers.styles import class_colour
from ..report.report import ReportStep, RunReport
from ..report.task import BACKGROUND_COLOUR, ReportTask
from ..run.run import Run
from .context import AppContext, SectionController, shows_errors

ENDINGS = (".html", ".htm")
MOST_LISTED_BANDS = 12  # listed individually
Pairs = tuple[tuple[str, str], ...]


class ReportControl(SectionController):
    """Controller of the report button in section six."""

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self._task: ReportTask | None = None
        self.dock.export.report_requested.connect(self._on_requested)

    def shut_down(self) -> None:
        """Cancel the report."""
        task, self._task = self._task, None
        if task is not None:
            task.abandon()

    @shows_errors
    def _on_requested(self, text: str) -> None:
        context, run = self.context, self.context.mapped_run()
        if self._task is not None:
            raise UserError(self.tr("A report is being written. Wait until it is finished."))
        path = checked_path(text, ENDINGS)
        there = [each for each in (path, path.with_suffix(".csv")) if each.exists()]
        if there and not context.may_replace(there[0], self.tr("Report")):
            return
        steps = [run.steps[index] for index in sorted({0, run.shown})]
        transforms = context.project.transformContext()
        self._task = ReportTask(self._report(run), steps, path, transforms, self._on_finished)
        QgsApplication.taskManager().addTask(self._task)

    def _on_finished(self, task: ReportTask, done: bool) -> None:
        self._task = None
        if done:
            self.context.messages.inform(self.tr("The report was written to {}.").format(task.path))
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(task.path)))
        elif task.refusal:
            self.context.messages.warn(task.refusal)
        else:
            self.context.messages.inform(self.tr("The report was cancelled; nothing was written."))

    # --- what it says -----------------------------------------------------------------------------------------

    def _report(self, run: Run) -> RunReport:
        classes = run.steps[run.shown].classes
        steps = tuple(
            ReportStep(step.index, self._maker(run, step.index), step.changed, run.accuracy.get(step.index))
            for step in run.steps
        )
        colours = tuple(class_colour(name, k).name() if k else BACKGROUND_COLOUR for k, name in enumerate(classes))
        made = QDateTime.currentDateTime().toString("yyyy-MM-dd HH:mm")
        return RunReport(
            title=run.scene.name,
            made=made,
            scene=self._scene(run),
            models=self._models(run),
            classes=classes,
            colours=colours,
            steps=steps,
            shown=run.shown,
        )

    def _scene(self, run: Run) -> Pairs:
        scene, crs, area = run.scene, run.extent.crs, run.scene.area
        bands = ", ".join(map(str, scene.bands[:MOST_LISTED_BANDS]))
        if len(scene.bands) > MOST_LISTED_BANDS:
            bands += self.tr(", … ({} in all)").format(len(scene.bands))
        unknown = self.tr("unknown")
        return (
            (self.tr("Layer"), scene.name),
            (self.tr("File"), scene.image),
            (self.tr("Bands"), bands),
            (self.tr("CRS"), crs.userFriendlyIdentifier() if crs.isValid() else unknown),
            (self.tr("Area"), self.tr("the whole layer") if area is None else ", ".join(f"{v:.10g}" for v in area)),
            (self.tr("Folder of the run"), str(run.folder)),
        )

    def _models(self, run: Run) -> Pairs:
        pairs = [(self.tr("Coarse map"), self._coarse(run))]
        if run.coarse:
            pairs.append((self.tr("File of the coarse map"), run.coarse))
        for maker in dict.fromkeys(maker for maker in run.made_by if maker):
            kind = refiner_kind_text(weights_kind(Path(maker)) or maker)
            pairs.append((self.tr("Refiner"), self._title(maker)))
            pairs.append((self.tr("Kind of the refiner"), self.tr("unknown") if kind is None else kind.title()))
            if Path(maker).is_absolute():
                pairs.append((self.tr("File of the refiner"), maker))
        layer = layer_for(self.context.project, run.name)
        if layer is not None:
            text = self.tr("{} ({} corrections)").format(layer.source().split("|")[0], layer.featureCount())
            pairs.append((self.tr("Corrections"), text))
        return tuple(pairs)

    def _maker(self, run: Run, index: int) -> str:
        maker = run.made_by[index]
        return self._title(maker) if maker else (self._coarse(run) if index == 0 else self.tr("unknown"))

    def _coarse(self, run: Run) -> str:
        titles = {path: title for title, path in self.dock.coarse.source.files()}
        return titles.get(run.coarse, Path(run.coarse).name) if run.coarse else self.tr("unknown")

    def _title(self, maker: str) -> str:
        titles = {path: title for title, path in self.dock.refine.refiner.files()}
        kind = refiner_kind_text(maker)
        return titles.get(maker) or (title_of(Path(maker)) if kind is None else kind.title())
