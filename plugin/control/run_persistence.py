"""Persistence of runs: saving, restoring with the project, and recovery after a crash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from qgis.core import Qgis, QgsMapLayer, QgsProviderRegistry, QgsRasterLayer, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, QLocale, QLockFile, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QPushButton, QWidget

from ...models.shared.band_text import band_spans
from ...models.shared.conventions import WEIGHTS_FOLDER
from ...models.shared.events import Corrected, Evaluated, FineTuned, RefinerLoaded, Stepped, Trained
from ..dock.sections.scene import Area, SceneInputs
from ..dock.widgets.model_combo import ModelCombo
from ..errors import UserError
from ..messages import TAG
from ..run.run import Run
from ..run.run_file import RECORD, Choices, read, write
from .context import AppContext, SectionController, shows_errors

SCOPE, RUN_ENTRY, SHOWN_ENTRY = "map_refiner", "run", "shown"
LOCK = "in_use.lock"
WAIT_MS = 300  # collects several changes into one write


class RunPersistenceControl(SectionController):
    """Controller of the current run's record and lock, and of the recovery of a lost run."""

    restored = pyqtSignal(object, bool)  # Run, with_layers: whether its layers were added to the project

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        kinds = (Stepped, Corrected, Trained, FineTuned, RefinerLoaded, Evaluated)
        self.handlers = dict.fromkeys(kinds, self._on_changed)
        self._lock: QLockFile | None = None
        self._locked: Path | None = None
        self._offered = False
        self._offer: QWidget | None = None
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.setInterval(WAIT_MS)
        self._due.timeout.connect(self.keep)
        context.project.writeProject.connect(self._on_project_written)
        context.project.readProject.connect(self._on_project_read)
        context.project.cleared.connect(self.release)
        QCoreApplication.instance().aboutToQuit.connect(self.release)

    def _on_changed(self, _event: object) -> None:
        self._due.start()

    def shut_down(self) -> None:
        """Save and release the run, and disconnect from the project."""
        self.keep()
        self.release()
        self._withdraw()
        self.context.project.writeProject.disconnect(self._on_project_written)
        self.context.project.readProject.disconnect(self._on_project_read)
        self.context.project.cleared.disconnect(self.release)
        QCoreApplication.instance().aboutToQuit.disconnect(self.release)

    # --- writing down -----------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Save the record of the current run, and mark the run as in use."""
        self._due.stop()
        run = self.context.run
        if run is None or not run.steps or not run.folder.is_dir():
            return
        if self._locked != run.folder:
            self.release()
            self._lock, self._locked = _lock(run.folder), run.folder
            self._lock.tryLock(0)
        write(run, self._choices())

    def release(self) -> None:
        """Mark the run as no longer in use."""
        self._due.stop()
        if self._lock is not None:
            self._lock.unlock()
        self._lock = self._locked = None

    def _choices(self) -> Choices:
        dock, labels = self.dock, self.dock.train.label_layer()
        source = labels.source() if labels is not None and labels.providerType() == "ogr" else ""
        coarse, refiner = dock.coarse.source, dock.refine.refiner
        return Choices(
            models=_files(coarse),
            model=coarse.choice(),
            refiners=_files(refiner),
            refiner=refiner.choice(),
            kind=dock.train.chosen_kind(),
            go_on=dock.train.use_pretrained.isChecked(),
            labels=source,
        )

    def _on_project_written(self) -> None:
        run, project = self.context.run, self.context.project
        self.keep()
        if run is None or not run.steps:
            project.removeEntry(SCOPE, RUN_ENTRY)
            return
        project.writeEntry(SCOPE, RUN_ENTRY, project.writePath(str(run.folder)))
        project.writeEntry(SCOPE, SHOWN_ENTRY, run.shown)

    # --- coming back ------------------------------------------------------------------------------------------

    @shows_errors
    def _on_project_read(self, *_document: object) -> None:
        project = self.context.project
        text, found = project.readEntry(SCOPE, RUN_ENTRY, "")
        if not found or not text:
            return
        folder = Path(project.readPath(text))
        if not folder.is_dir():  # the folder of all runs may have moved
            moved = self.context.settings.work_folder() / "runs" / folder.name
            folder = moved if moved.is_dir() else folder
        shown, _ = project.readNumEntry(SCOPE, SHOWN_ENTRY, -1)
        self._withdraw()
        self.restore(folder, shown)

    def restore(self, folder: Path, shown: int = -1, with_layers: bool = False) -> Run:
        """Make a run current again; its layers are in the project already, or are added if `with_layers`.

        Raises:
            UserError: if the run or its steps are missing.
        """
        context = self.context
        run, choices = read(folder, context.project.transformContext())
        if not run.steps:
            raise UserError(self.tr("The steps of the run in {} are missing.").format(folder))
        layer = self._image_layer(run)
        if layer is not None:
            run.scene = replace(run.scene, layer_id=layer.id())
        context.run, context.pending_run = run, None
        context.layers.remember(run.name, run.scene.name)
        context.layers.truncate(run.name, self._fitting(run))
        self._fill_dock(run, choices, layer)
        for step in (*run.levels, *run.steps) if with_layers else ():
            context.layers.add(run.name, step, 0)
        context.show_step(shown if 0 <= shown <= run.last else run.shown)
        self.keep()
        context.refresh()
        self.restored.emit(run, with_layers)
        return run

    def _image_layer(self, run: Run) -> QgsMapLayer | None:
        layer = self.context.project.mapLayer(run.scene.layer_id)
        rasters = (each for each in self.context.project.mapLayers().values() if isinstance(each, QgsRasterLayer))
        return layer or next((each for each in rasters if each.source() == run.scene.image), None)

    def _fitting(self, run: Run) -> int:
        """Count the steps whose layers show the run's files; later steps were made after the project was saved."""
        for step in run.steps:
            for source in self.context.layers.sources(run.name, step.index):
                path = QgsProviderRegistry.instance().decodeUri("gdal", source).get("path", source)
                if Path(path) not in (Path(step.scores), Path(step.classes_raster)):
                    return step.index
        return len(run.steps)

    def _fill_dock(self, run: Run, choices: Choices, layer: QgsMapLayer | None) -> None:
        dock, scene = self.dock, run.scene
        if isinstance(layer, QgsRasterLayer):
            dock.scene.show_inputs(
                SceneInputs(
                    layer,
                    band_spans(scene.bands),
                    area=Area.WHOLE if scene.area is None else Area.DRAWN,
                    rectangle=None if scene.area is None else QgsRectangle(*scene.area),
                    rectangle_crs=layer.crs(),
                    pixel_size_m=scene.pixel_size_m,
                )
            )
        for combo, files, chosen in (
            (dock.coarse.source, choices.models, choices.model),
            (dock.refine.refiner, choices.refiners, choices.refiner),
        ):
            for title, path in files:
                if Path(path).is_file():
                    combo.add_file(title, path, choose=False)
            combo.choose(chosen)
        dock.train.show_choices(choices.kind, choices.go_on)
        for each in self.context.project.mapLayers().values():
            if choices.labels and isinstance(each, QgsVectorLayer) and each.source() == choices.labels:
                dock.train.set_labels(each)

    # --- after a crash ----------------------------------------------------------------------------------------

    def _described(self, folder: Path) -> tuple[str, str]:
        """Return the scene name of a run, and when its record was last saved."""
        time = QDateTime.fromSecsSinceEpoch(int((folder / RECORD).stat().st_mtime))
        try:
            name = read(folder, self.context.project.transformContext())[0].scene.name
        except UserError:
            name = folder.name
        return name, QLocale().toString(time, QLocale.FormatType.ShortFormat)

    def offer_lost(self) -> None:
        """Offer the newest run that a QGIS process left locked when it ended; only once per session."""
        if self._offered or self.context.run is not None:
            return
        self._offered = True
        runs = self.context.settings.work_folder() / "runs"
        lost = [path.parent for path in runs.glob(f"*/{LOCK}") if _is_left(path) and (path.parent / RECORD).is_file()]
        if not lost:
            return
        folder = max(lost, key=lambda path: (path / RECORD).stat().st_mtime)
        bar = self.context.iface.messageBar()
        text = self.tr("QGIS ended before the run on “{}” of {} was saved in a project.")
        self._offer = bar.createMessage(TAG, text.format(*self._described(folder)))
        button = QPushButton(self.tr("Restore Run"))
        button.clicked.connect(lambda: self._on_recover(folder))
        self._offer.layout().addWidget(button)
        self._offer.destroyed.connect(self._on_offer_gone)
        bar.pushWidget(self._offer, Qgis.MessageLevel.Warning, 0)
        for path in lost:
            (path / LOCK).unlink(missing_ok=True)  # offer it only once

    def _withdraw(self) -> None:
        if self._offer is not None:
            self.context.iface.messageBar().popWidget(self._offer)

    def _on_offer_gone(self) -> None:
        self._offer = None

    @shows_errors
    def _on_recover(self, folder: Path) -> None:
        self._withdraw()
        context = self.context
        run, choices = read(folder, context.project.transformContext())
        if self._image_layer(run) is None:
            image = QgsRasterLayer(run.scene.image, run.scene.name)
            if image.isValid():
                context.project.addMapLayer(image)
        labels = (
            QgsVectorLayer(choices.labels, Path(choices.labels.split("|")[0]).stem, "ogr") if choices.labels else None
        )
        if labels is not None and labels.isValid():
            context.project.addMapLayer(labels)
        run = self.restore(folder, with_layers=True)
        context.messages.inform(self.tr("The run is restored, with {} steps. Save the project.").format(run.last))


def _lock(folder: Path) -> QLockFile:
    lock = QLockFile(str(folder / LOCK))
    lock.setStaleLockTime(0)  # stale only when its process is gone, regardless of its age
    return lock


def _is_left(path: Path) -> bool:
    """Return whether a lock belongs to a process that no longer exists."""
    lock = _lock(path.parent)
    if not lock.tryLock(0):
        return False
    lock.unlock()
    return True


def _files(combo: ModelCombo) -> tuple[tuple[str, str], ...]:
    return tuple((title, path) for title, path in combo.files() if not Path(path).is_relative_to(WEIGHTS_FOLDER))
