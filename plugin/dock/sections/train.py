"""Teach: a labelled tile, and the training of a refiner on it."""

from __future__ import annotations

from qgis.core import QgsMapLayerProxyModel, QgsVectorLayer
from qgis.gui import QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QComboBox, QFileDialog, QWidget

from ...catalogue.refiner_kinds import LEARNED, TAUGHT
from ...state import DockState, Task
from ..widgets.curve import Curve
from ..widgets.model_combo import FILTER
from .section import Section, allow, button, note, subtitle


class TrainSection(Section):
    """The fourth section."""

    new_tile_requested = pyqtSignal()
    outline_requested = pyqtSignal()
    train_requested = pyqtSignal()
    stop_requested = pyqtSignal()
    measure_requested = pyqtSignal()
    save_requested = pyqtSignal(str)
    load_requested = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "teach", parent)
        self.setTitle(self.tr("Teach"))
        self._add_labels()
        self._add_kind()
        self._add_training()
        self._add_files()

    def _add_labels(self) -> None:
        self.new_tile = button(
            self.tr("New Labelled Tile"),
            self.tr(
                "Make a polygon layer to digitize in. Draw the outline of a small part as class “tile”, then every "
                "building and road inside it: what is left bare inside the tile counts as background. Mark what you "
                "cannot tell as “ignore”."
            ),
        )
        self.new_tile.clicked.connect(self.new_tile_requested)
        self.outline = button(
            self.tr("Outline View"),
            self.tr(
                "Add a “tile” polygon around what the map shows of the scene. All that you leave unlabelled inside it "
                "counts as background."
            ),
        )
        self.outline.clicked.connect(self.outline_requested)
        self.add_wide(self.new_tile, self.outline)
        self.labels = QgsMapLayerComboBox()
        self.labels.setFilters(QgsMapLayerProxyModel.Filter.PolygonLayer)
        self.labels.setAllowEmptyLayer(True)
        self.labels.setCurrentIndex(0)
        self.labels.layerChanged.connect(lambda _: self.update_again())
        self.add_row(
            self.tr("Labels"),
            self.labels,
            self.tr("Polygons with a text field “class”: the classes of the map, “tile” and “ignore”. In any CRS."),
        )

    def _add_kind(self) -> None:
        self.kind = QComboBox()
        for kind in TAUGHT:
            self.kind.addItem(kind.title(), kind.key)
            self.kind.setItemData(self.kind.count() - 1, kind.description(), Qt.ItemDataRole.ToolTipRole)
        self.kind.currentIndexChanged.connect(self._on_kind_chosen)
        self.kind.currentIndexChanged.connect(lambda _: self.update_again())
        self.add_row(
            self.tr("Kind"),
            self.kind,
            self.tr(
                "The kind of refiner to teach. The learned networks adapt their weights; for the others, the "
                "parameters that do best on the labels are looked for."
            ),
        )
        self.about = subtitle(self.tr("What the kind of refiner does"))
        self.add_wide(self.about)
        self.go_on = QCheckBox(self.tr("Go on from earlier weights"))
        self.go_on.setChecked(True)
        tip = self.tr(
            "Begin with what the refiner chosen under Refine knows, or else the one that ships, where it is of this "
            "kind and knows the classes of the map: the same labels then mostly teach more. Otherwise, or where this "
            "is off, a fresh refiner is taught."
        )
        self.go_on.setToolTip(tip)
        self.go_on.setAccessibleDescription(tip)
        self.add_wide(self.go_on)
        self._on_kind_chosen(0)

    def _on_kind_chosen(self, index: int) -> None:
        self.about.setText(TAUGHT[index].description())

    def chosen_kind(self) -> str:
        """Return the kind of refiner to teach, by its name in requests."""
        return str(self.kind.currentData())

    def _add_training(self) -> None:
        self.train = button(
            self.tr("Train"),
            self.tr("Save the labels, then teach a refiner on them. It takes about a minute; go on meanwhile."),
        )
        self.train.clicked.connect(self.train_requested)
        self.stop = button(self.tr("Stop"), self.tr("End the training now and keep its best weights."))
        self.stop.clicked.connect(self.stop_requested)
        self.measure = button(
            self.tr("Measure"),
            self.tr(
                "Measure every step against the chosen labels. Where the refiner was taught on them, the figures "
                "flatter it: measure on a tile that it has not seen."
            ),
        )
        self.measure.clicked.connect(self.measure_requested)
        self.add_wide(self.train, self.stop, self.measure)
        self.progress = note(self.tr("Progress of the training"))
        self.add_wide(self.progress)
        self.curve = Curve()
        self.curve.setAccessibleName(self.tr("Loss and held-out mean IoU over the training"))
        self.curve.setToolTip(
            self.tr(
                "Mean IoU on the part of the tile that is held out; dashed, that of the coarse map there; thin, the "
                "loss on a scale of its own."
            )
        )
        self.add_wide(self.curve)

    def _add_files(self) -> None:
        self.save = button(self.tr("Save Refiner…"), self.tr("Save the chosen refiner to a file, for other scenes."))
        self.save.clicked.connect(self._on_save)
        self.load = button(self.tr("Load Refiner…"), self.tr("Take a refiner from a file."))
        self.load.clicked.connect(self._on_load)
        self.add_wide(self.save, self.load)

    def label_layer(self) -> QgsVectorLayer | None:
        """Return the layer of labels."""
        layer = self.labels.currentLayer()
        return layer if isinstance(layer, QgsVectorLayer) else None

    def set_progress(self, text: str) -> None:
        """Tell how the training goes, or how it went."""
        self.progress.setText(text)
        self.update_again()

    def update_widgets(self, state: DockState) -> None:
        """Recompute what can be done with the labels."""
        labels = self.label_layer() is not None
        self.new_tile.setEnabled(True)
        self.outline.setEnabled(labels)
        reason = self.why_not(state) or ("" if labels else self.tr("Choose labels first, or make a tile."))
        allow(self.train, reason)
        allow(self.measure, reason)
        self.stop.setEnabled(state.task is Task.TEACH)
        self.labels.setEnabled(state.task is not Task.TEACH)
        self.kind.setEnabled(state.task is not Task.TEACH)
        is_learned = any(kind.key == self.chosen_kind() for kind in LEARNED)
        self.go_on.setEnabled(state.task is not Task.TEACH and is_learned)
        self.progress.setVisible(bool(self.progress.text()))
        self.curve.setVisible(bool(self.curve.points))
        self.load.setEnabled(state.task is Task.NONE)

    def set_can_save(self, can_save: bool) -> None:
        """Say whether a refiner is chosen that could be saved."""
        self.save.setEnabled(can_save)

    def _filter(self) -> str:
        return self.tr("Models") + f" ({FILTER})"

    def _on_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save Refiner"), "", self._filter())
        if path:
            self.save_requested.emit(path)

    def _on_load(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Load Refiner"), "", self._filter())
        if path:
            self.load_requested.emit(path)
