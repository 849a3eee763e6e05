"""The panel: five sections in the order of the work, and a footer. Signals out, setters in, no decisions."""

from __future__ import annotations

from qgis.gui import QgsDockWidget
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from .sections.coarse import CoarseSection
from .sections.export import ExportSection
from .sections.footer import Footer
from .sections.refine import RefineSection
from .sections.scene import SceneSection
from .sections.section import MARGIN, Section
from .sections.teach import TeachSection
from .state import State


class MapRefinerDock(QgsDockWidget):
    """The dock of Map Refiner."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("MapRefinerDock")
        self.setWindowTitle(self.tr("Map Refiner"))
        self.scene = SceneSection()
        self.coarse = CoarseSection()
        self.refine = RefineSection()
        self.teach = TeachSection()
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
        self.refresh(State())

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the sections in the order of the work."""
        return (self.scene, self.coarse, self.refine, self.teach, self.export)

    def refresh(self, state: State) -> None:
        """Recompute every enabled state and every text from one state."""
        for section in self.sections:
            section.refresh(state)
        self.teach.set_can_save(bool(self.refine.refiner.path()))
        self.footer.refresh(state)
