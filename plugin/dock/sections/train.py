"""Train section: a labelled tile, and the training of a refiner on it."""

from __future__ import annotations

from qgis.core import QgsMapLayerProxyModel, QgsVectorLayer
from qgis.gui import QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QCheckBox, QComboBox, QFileDialog, QWidget

from ....models.shared.model_kinds import TRAINING_FREE
from ...catalogue.refiner_kinds import REFINER_KIND_TEXTS
from ...state import DockState, Task
from ..widgets.curve import Curve
from ..widgets.model_combo import FILTER
from .section import Section, allow, button, note, subtitle


class TrainSection(Section):
    """The fourth section: Train."""

    new_tile_requested = pyqtSignal()
    outline_requested = pyqtSignal()
    train_requested = pyqtSignal()
    stop_requested = pyqtSignal()
    measure_requested = pyqtSignal()
    save_requested = pyqtSignal(str)
    load_requested = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "teach", parent)
        self.setTitle(self.tr("Train"))
        self._add_labels()
        self._add_kind()
        self._add_training()
        self._add_files()

    def _add_labels(self) -> None:
        self.new_tile = button(
            self.tr("New Labelled Tile"),
            self.tr(
                "Create a polygon layer for digitizing. Draw the outline of a small area as class "
                "“tile”, then every building and road inside it. Anything left unlabelled inside the "
                "tile counts as background. Mark unclear places as “ignore”."
            ),
        )
        self.new_tile.clicked.connect(self.new_tile_requested)
        self.outline = button(
            self.tr("Outline View"),
            self.tr(
                "Add a “tile” polygon around the visible part of the scene. Anything left unlabelled "
                "inside it counts as background."
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
            self.tr(
                "Polygons with a text field “class”, whose values are the classes of the map, “tile” "
                "or “ignore”. Any CRS works."
            ),
        )

    def _add_kind(self) -> None:
        self.kind = QComboBox()
        for kind in REFINER_KIND_TEXTS:
            self.kind.addItem(kind.title(), kind.key)
            self.kind.setItemData(self.kind.count() - 1, kind.description(), Qt.ItemDataRole.ToolTipRole)
        self.kind.currentIndexChanged.connect(self._on_kind_chosen)
        self.kind.currentIndexChanged.connect(lambda _: self.update_again())
        self.add_row(
            self.tr("Kind"),
            self.kind,
            self.tr(
                "The kind of refiner to train. Learned networks adapt their weights; for the other "
                "kinds, a grid search finds the parameters that fit the labels best."
            ),
        )
        self.about = subtitle(self.tr("Description of the refiner kind"))
        self.add_wide(self.about)
        self.use_pretrained = QCheckBox(self.tr("Start from pretrained weights"))
        self.use_pretrained.setChecked(True)
        tip = self.tr(
            "Start from the weights of the refiner chosen under Refine, or of the shipped refiner, if it "
            "is of this kind and has the classes of the map. This usually gives a better refiner. "
            "If this is off, or the refiner does not match, training starts from random weights."
        )
        self.use_pretrained.setToolTip(tip)
        self.use_pretrained.setAccessibleDescription(tip)
        self.add_wide(self.use_pretrained)
        self._on_kind_chosen(0)

    def _on_kind_chosen(self, index: int) -> None:
        self.about.setText(REFINER_KIND_TEXTS[index].description())

    def chosen_kind(self) -> str:
        """Return the key of the refiner kind to train."""
        return str(self.kind.currentData())

    def _add_training(self) -> None:
        self.train = button(
            self.tr("Train"),
            self.tr(
                "Save the labels and train a refiner on them. This takes about a minute; you can continue working."
            ),
        )
        self.train.clicked.connect(self.train_requested)
        self.stop = button(self.tr("Stop"), self.tr("Stop the training now and keep the best weights."))
        self.stop.clicked.connect(self.stop_requested)
        self.measure = button(
            self.tr("Evaluate"),
            self.tr(
                "Evaluate every step against the chosen labels. Scores are optimistic where the refiner "
                "was trained on these labels; use a tile that was not used for training."
            ),
        )
        self.measure.clicked.connect(self.measure_requested)
        self.add_wide(self.train, self.stop, self.measure)
        self.progress = note(self.tr("Training progress"))
        self.add_wide(self.progress)
        self.curve = Curve()
        self.curve.setAccessibleName(self.tr("Loss and held-out mean IoU during training"))
        self.curve.setToolTip(
            self.tr(
                "Solid: mean IoU on the held-out blocks of the tile. Dashed: the coarse map on the "
                "same blocks. Thin: the loss, on its own scale."
            )
        )
        self.add_wide(self.curve)

    def _add_files(self) -> None:
        self.save = button(self.tr("Save Refiner…"), self.tr("Save the chosen refiner to a file, for other scenes."))
        self.save.clicked.connect(self._on_save)
        self.load = button(self.tr("Load Refiner…"), self.tr("Load a refiner from a file."))
        self.load.clicked.connect(self._on_load)
        self.add_wide(self.save, self.load)

    def label_layer(self) -> QgsVectorLayer | None:
        """Return the layer of labels, or None if there is none."""
        layer = self.labels.currentLayer()
        return layer if isinstance(layer, QgsVectorLayer) else None

    def set_labels(self, layer: QgsVectorLayer) -> None:
        """Choose the layer of labels."""
        self.labels.setLayer(layer)

    def show_choices(self, kind: str, is_pretrained: bool) -> None:
        """Fill in the key of a refiner kind, and whether training starts from pretrained weights."""
        self.kind.setCurrentIndex(max(0, self.kind.findData(kind)))
        self.use_pretrained.setChecked(is_pretrained)

    def set_progress(self, text: str) -> None:
        """Show the progress or the result of the training."""
        self.progress.setText(text)
        self.update_again()

    def update_widgets(self, state: DockState) -> None:
        """Enable the actions that the labels and the state allow."""
        labels = self.label_layer() is not None
        self.new_tile.setEnabled(True)
        self.outline.setEnabled(labels)
        reason = self.why_not(state) or ("" if labels else self.tr("Choose labels first, or create a tile."))
        allow(self.train, reason)
        allow(self.measure, reason)
        self.stop.setEnabled(state.task is Task.TRAIN_REFINER)
        self.labels.setEnabled(state.task is not Task.TRAIN_REFINER)
        self.kind.setEnabled(state.task is not Task.TRAIN_REFINER)
        is_learned = self.chosen_kind() not in TRAINING_FREE
        self.use_pretrained.setEnabled(state.task is not Task.TRAIN_REFINER and is_learned)
        self.progress.setVisible(bool(self.progress.text()))
        self.curve.setVisible(bool(self.curve.points))
        self.load.setEnabled(state.task is Task.NONE)

    def set_can_save(self, can_save: bool) -> None:
        """Enable saving if a refiner that can be saved is chosen."""
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
