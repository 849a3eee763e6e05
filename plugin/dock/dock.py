"""The dock: six sections in workflow order and a footer. It emits signals, has setters, and decides nothing."""

from __future__ import annotations

from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import QEvent, QMimeData, Qt, pyqtSignal
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from qgis.PyQt.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ..state import DockState
from .sections.coarse import CoarseSection
from .sections.correct import CorrectSection
from .sections.export import ExportSection
from .sections.footer import Footer
from .sections.refine import RefineSection
from .sections.scene import SceneSection
from .sections.section import MARGIN, Section
from .sections.train import TrainSection

WEIGHTS_SUFFIXES = (".safetensors",)
VECTOR_SUFFIXES = (".gpkg", ".shp", ".geojson", ".json", ".fgb")


class MapRefinerDock(QgsDockWidget):
    """The Map Refiner dock."""

    models_dropped = pyqtSignal(list)  # file paths
    labels_dropped = pyqtSignal(list)
    help_requested = pyqtSignal(str)  # anchor in the user guide

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setObjectName("MapRefinerDock")
        self.setWindowTitle(self.tr("Map Refiner"))
        self.scene = SceneSection()
        self.coarse = CoarseSection()
        self.refine = RefineSection()
        self.train = TrainSection()
        self.correct = CorrectSection()
        self.export = ExportSection()
        self.footer = Footer()
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        for section in self.sections:
            column.addWidget(section)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll, 1)
        layout.addWidget(self.footer)
        self.setWidget(whole)
        self.footer.help.clicked.connect(self._ask_for_help)
        self.refresh(DockState())

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the sections in workflow order."""
        return (self.scene, self.coarse, self.refine, self.train, self.correct, self.export)

    def event(self, event: QEvent) -> bool:
        """Keep F1 for the dock while it has the keyboard focus; QGIS would open its own manual."""
        if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_F1:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Request help on F1 for the section that has the keyboard focus."""
        if event.key() == Qt.Key.Key_F1:
            self._ask_for_help()
        else:
            super().keyPressEvent(event)

    def _ask_for_help(self) -> None:
        widget = self.focusWidget()
        here = next((section for section in self.sections if widget is not None and section.isAncestorOf(widget)), None)
        self.help_requested.emit("" if here is None else here.objectName().removeprefix("map_refiner_"))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept weights and vector files; leave other files, such as images, to QGIS."""
        if _files(event.mimeData(), (*WEIGHTS_SUFFIXES, *VECTOR_SUFFIXES)):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Emit the dropped files by type."""
        for signal, endings in ((self.models_dropped, WEIGHTS_SUFFIXES), (self.labels_dropped, VECTOR_SUFFIXES)):
            if paths := _files(event.mimeData(), endings):
                signal.emit(paths)
        event.acceptProposedAction()

    def refresh(self, state: DockState) -> None:
        """Update every enabled state and every text from `state`."""
        for section in self.sections:
            section.refresh(state)
        self.train.set_can_save(bool(self.refine.refiner.path()))
        self.footer.refresh(state)


def _files(data: QMimeData, endings: tuple[str, ...]) -> list[str]:
    paths = [url.toLocalFile() for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []
    return [path for path in paths if path.lower().endswith(endings)]
