"""Correct section: paint, click or draw corrections, fine-tune on them, and list uncertain places."""

from __future__ import annotations

from collections.abc import Sequence

from qgis.core import QgsMapLayerProxyModel, QgsVectorLayer
from qgis.gui import QgsDoubleSpinBox, QgsMapLayerComboBox
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QIcon, QPixmap
from qgis.PyQt.QtWidgets import QComboBox, QListWidget, QListWidgetItem, QWidget

from ....models.shared.conventions import UNSURE_CLASS
from ...layers.styles import correction_colour
from ...state import DockState, Task
from .section import Section, allow, button, note

LISTED = 5  # places visible at once
FINEST_M, COARSEST_M = 0.1, 500.0
TOOLS = ("paint", "click", "draw")


class CorrectSection(Section):
    """The fifth section: Correct."""

    tool_chosen = pyqtSignal(str)  # one of TOOLS; empty if no tool is active
    class_chosen = pyqtSignal(str)
    brush_changed = pyqtSignal(float)
    layer_chosen = pyqtSignal()
    undo_requested = pyqtSignal()
    redo_requested = pyqtSignal()
    fine_tune_requested = pyqtSignal()
    unlearn_requested = pyqtSignal()
    places_requested = pyqtSignal()
    place_chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", "correct", parent)
        self.setTitle(self.tr("Correct"))
        self._can_undo = self._can_redo = self._can_restore = False
        self._corrections = 0
        self._add_class()
        self._add_tools()
        self._add_layer()
        self._add_learning()
        self._add_places()

    def _add_class(self) -> None:
        self.class_name = QComboBox()
        self.class_name.currentIndexChanged.connect(lambda _: self.class_chosen.emit(self.chosen_class()))
        self.add_row(
            self.tr("Paint as"),
            self.class_name,
            self.tr(
                "The class to assign where you paint, click or draw. Choose “unsure” to remove existing corrections."
            ),
        )

    def _add_tools(self) -> None:
        tips = (
            self.tr("Paint with the brush: press and drag."),
            self.tr("Click a connected region of the shown map to assign the chosen class to all of it."),
            self.tr(
                "Draw a polygon: left click adds a corner, right click or Enter closes it, Backspace "
                "removes the last corner."
            ),
        )
        names = (self.tr("Paint"), self.tr("Click"), self.tr("Draw"))
        self.tools = {}
        for key, text, tip in zip(TOOLS, names, tips):
            made = self.tools[key] = button(text, tip)
            made.setCheckable(True)
            made.clicked.connect(lambda checked, key=key: self.tool_chosen.emit(key if checked else ""))
        self.add_wide(*self.tools.values())
        self.brush = QgsDoubleSpinBox()
        self.brush.setDecimals(1)
        self.brush.setRange(FINEST_M, COARSEST_M)
        self.brush.setSuffix(self.tr(" m"))
        self.brush.setValue(4.0)
        self.brush.setClearValue(4.0)
        self.brush.valueChanged.connect(self.brush_changed)
        self.add_row(self.tr("Brush"), self.brush, self.tr("The width of the brush, in metres on the ground."))
        self.undo = button(self.tr("Undo"), self.tr("Undo the last correction."))
        self.undo.clicked.connect(self.undo_requested)
        self.redo = button(self.tr("Redo"), self.tr("Redo the last undone correction."))
        self.redo.clicked.connect(self.redo_requested)
        self.add_wide(self.undo, self.redo)

    def _add_layer(self) -> None:
        self.layer = QgsMapLayerComboBox()
        self.layer.setFilters(QgsMapLayerProxyModel.Filter.PolygonLayer)
        self.layer.setAllowEmptyLayer(True)
        self.layer.setCurrentIndex(0)
        self.layer.layerChanged.connect(lambda _: self.layer_chosen.emit())
        self.add_row(
            self.tr("Layer"),
            self.layer,
            self.tr(
                "The layer of corrections: polygons with a text field “class”. It is created with the "
                "first correction. You can also edit it with QGIS's own tools, or choose a layer of "
                "exported polygons that you have edited."
            ),
        )

    def _add_learning(self) -> None:
        self.learn = button(
            self.tr("Fine-Tune"),
            self.tr(
                "Fine-tune the refiner on the corrections and on the labels chosen under Train. This "
                "takes seconds. Then the steps are recomputed."
            ),
        )
        self.learn.clicked.connect(self.fine_tune_requested)
        self.unlearn = button(
            self.tr("Undo Fine-Tuning"),
            self.tr("Restore the weights before the last fine-tuning, and recompute the steps."),
        )
        self.unlearn.clicked.connect(self.unlearn_requested)
        self.add_wide(self.learn, self.unlearn)
        self.progress = note(self.tr("Effect of the corrections"))
        self.add_wide(self.progress)

    def _add_places(self) -> None:
        self.look = button(
            self.tr("Where to Look Next"),
            self.tr("List the most uncertain places of the shown step, where a label or a correction helps most."),
        )
        self.look.clicked.connect(self.places_requested)
        self.add_wide(self.look)
        self.places = QListWidget()
        self.places.setAccessibleName(self.tr("Uncertain places"))
        self.places.setToolTip(
            self.tr("Click a place to move the map there. Places that you have corrected have a check mark.")
        )
        self.places.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.places.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.places.setFixedHeight((LISTED + 1) * self.fontMetrics().height() + 2 * self.places.frameWidth())
        self.places.currentRowChanged.connect(lambda row: row >= 0 and self.place_chosen.emit(row))
        self.places.itemClicked.connect(lambda item: self.place_chosen.emit(self.places.row(item)))
        self.add_wide(self.places)
        self.gain = note(self.tr("Gain from the corrections"))
        self.add_wide(self.gain)

    # --- setters ----------------------------------------------------------------------------------------------

    def chosen_class(self) -> str:
        """Return the class to paint, or an empty string if there is no map yet."""
        return str(self.class_name.currentData() or "")

    def choose_class(self, index: int) -> None:
        """Select a class by its index in the list (0: the first class after the background; -1: “unsure”)."""
        count = self.class_name.count()
        if index < 0:
            index += count
        if 0 <= index < count:
            self.class_name.setCurrentIndex(index)

    def correction_layer(self) -> QgsVectorLayer | None:
        """Return the chosen correction layer, or None if there is none."""
        layer = self.layer.currentLayer()
        return layer if isinstance(layer, QgsVectorLayer) else None

    def check_tool(self, key: str) -> None:
        """Check the button of the active tool; an empty key unchecks all."""
        for name, each in self.tools.items():
            each.setChecked(name == key)

    def set_history(self, can_undo: bool, can_redo: bool, corrections: int) -> None:
        """Show the number of corrections, and whether one can be undone or redone."""
        self._can_undo, self._can_redo, self._corrections = can_undo, can_redo, corrections
        self.update_again()

    def set_can_restore(self, can_restore: bool) -> None:
        """Show whether the last fine-tuning can be undone."""
        self._can_restore = can_restore
        self.update_again()

    def choose_next_place(self, rows: Sequence[int]) -> None:
        """Select the first of some rows below the selected one, or else the first of all."""
        current = self.places.currentRow()
        self.places.setCurrentRow(next((row for row in rows if row > current), rows[0]))

    def set_progress(self, text: str) -> None:
        """Show the result of applying the corrections."""
        self.progress.setText(text)
        self.update_again()

    def set_gain(self, text: str) -> None:
        """Show the gain from the corrections."""
        self.gain.setText(text)
        self.update_again()

    def set_places(self, texts: Sequence[str]) -> None:
        """List the uncertain places."""
        self.places.blockSignals(True)
        self.places.clear()
        for text in texts:
            item = QListWidgetItem(text)
            item.setToolTip(text)
            self.places.addItem(item)
            self.check_place(self.places.count() - 1, False)
        self.places.blockSignals(False)
        self.update_again()

    def check_place(self, row: int, done: bool) -> None:
        """Mark a place as corrected or not."""
        item = self.places.item(row)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
        item.setCheckState(Qt.CheckState.Checked if done else Qt.CheckState.Unchecked)

    def propose_brush(self, pixel_m: float | None) -> None:
        """Widen a brush narrower than one scene pixel (in metres on the ground) to two pixels."""
        if pixel_m is not None and self.brush.value() < pixel_m:
            self.brush.setValue(2 * pixel_m)

    def update_widgets(self, state: DockState) -> None:
        """Enable the controls that need a map."""
        self._fill_classes(state.classes)
        has_map = state.shown >= 0
        for each in (self.class_name, self.brush, *self.tools.values()):
            each.setEnabled(has_map)
        self.layer.setEnabled(has_map and state.task is Task.NONE)
        self.undo.setEnabled(has_map and self._can_undo)
        self.redo.setEnabled(has_map and self._can_redo)
        reason = self.why_not(state)
        allow(self.learn, reason or ("" if self._corrections > 0 else self.tr("Make a correction first.")))
        self.unlearn.setEnabled(state.is_free and has_map and self._can_restore)
        allow(self.look, reason)
        self.progress.setVisible(bool(self.progress.text()))
        self.places.setVisible(self.places.count() > 0)
        self.gain.setVisible(bool(self.gain.text()))

    def _fill_classes(self, classes: tuple[str, ...]) -> None:
        names = [*classes[1:], *classes[:1], UNSURE_CLASS] if classes else []
        if names == [self.class_name.itemData(index) for index in range(self.class_name.count())]:
            return
        chosen = self.chosen_class()
        self.class_name.blockSignals(True)
        self.class_name.clear()
        for name in names:
            text = self.tr("unsure") if name == UNSURE_CLASS else name
            self.class_name.addItem(_swatch(correction_colour(name, classes)), text, name)
        self.class_name.setCurrentIndex(max(0, self.class_name.findData(chosen)))
        self.class_name.blockSignals(False)
        self.class_chosen.emit(self.chosen_class())


def _swatch(colour: QColor) -> QIcon:
    picture = QPixmap(16, 16)
    picture.fill(colour)
    return QIcon(picture)
