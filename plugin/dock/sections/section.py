"""Base class of the dock's sections: a collapsible group of rows that fits a narrow dock."""

from __future__ import annotations

from qgis.gui import QgsCollapsibleGroupBox
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from ...icons import IconKeeper
from ...state import DockState, WorkerState

MARGIN = 6
SUBTITLE_SIZE = 0.9  # relative to the normal font size
LEAST_CHARACTERS = 9  # visible in a field of the narrowest dock


class Section(QgsCollapsibleGroupBox):
    """A collapsible group of labelled rows."""

    def __init__(self, title: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.setObjectName(f"map_refiner_{name}")
        self.state = DockState()
        self._captions: dict[QWidget, QLabel] = {}
        self.collapsedStateChanged.connect(lambda _: self.update_again())
        self.rows = QGridLayout(self)  # unlike a form layout, it leaves no gaps for hidden rows
        self.rows.setColumnStretch(1, 1)
        self.rows.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)

    def refresh(self, state: DockState) -> None:
        """Update the widgets from the state and the section's own inputs."""
        self.state = state
        self.update_again()

    def update_widgets(self, state: DockState) -> None:
        """Update the widgets; `refresh` calls this, subclasses implement it."""

    def update_again(self) -> None:
        """Update the widgets unless collapsed, as shown rows would stick out; expanding updates them."""
        if not self.isCollapsed():
            self.update_widgets(self.state)

    def add_row(self, label: str, field: QWidget, tip: str) -> None:
        """Add a field with its label; the tip is a full sentence that explains the field."""
        caption = QLabel(label)
        caption.setBuddy(field)
        for widget in (caption, field):
            widget.setToolTip(tip)
        field.setAccessibleName(label)
        field.setAccessibleDescription(tip)
        if isinstance(field, QComboBox):
            shrink(field)
        field.setMinimumWidth(LEAST_CHARACTERS * field.fontMetrics().averageCharWidth())
        self._captions[field] = caption
        row = self.rows.rowCount()
        self.rows.addWidget(caption, row, 0)
        self.rows.addWidget(field, row, 1)

    def add_wide(self, *widgets: QWidget) -> None:
        """Add widgets next to each other across the full width."""
        line = widgets[0] if len(widgets) == 1 else side_by_side(*widgets)
        self.rows.addWidget(line, self.rows.rowCount(), 0, 1, 2)

    def why_not(self, state: DockState) -> str:
        """Return why nothing that needs a map can run now, or an empty string if it can."""
        if state.worker is WorkerState.MISSING:
            return self.tr("Set up Python first, with the button below.")
        if not state.is_free:
            return self.tr("Another task is running.")
        return "" if state.shown >= 0 else self.tr("Make a coarse map first.")

    def show_row(self, field: QWidget, visible: bool) -> None:
        """Show or hide a field with its label."""
        self._captions[field].setVisible(visible)
        field.setVisible(visible)


def side_by_side(*widgets: QWidget) -> QWidget:
    """Return the widgets next to each other, equally wide."""
    line = QWidget()
    layout = QHBoxLayout(line)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget, 1)
    return line


def button(text: str, tip: str, icon: str = "", parent: QWidget | None = None) -> QPushButton:
    """Return a push button that may become narrow."""
    made = QPushButton(text, parent)
    made.setToolTip(tip)
    made.setAccessibleName(text)
    made.setAccessibleDescription(tip)
    made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    if icon:
        IconKeeper(made, icon)
    return made


def allow(made: QPushButton, reason: str) -> None:
    """Enable a button if `reason` is empty; otherwise disable it and show the reason in its tooltip."""
    made.setEnabled(not reason)
    tip = made.accessibleDescription()
    made.setToolTip(f"{reason}\n{tip}" if reason else tip)


def note(name: str) -> QLabel:
    """Return a label for text that changes."""
    label = QLabel()
    label.setWordWrap(True)
    label.setAccessibleName(name)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    return label


def subtitle(name: str) -> QLabel:
    """Return a label in smaller letters that explains the field above it."""
    label = note(name)
    font = label.font()
    font.setPointSizeF(SUBTITLE_SIZE * font.pointSizeF())
    label.setFont(font)
    return label


def shrink(combo: QComboBox) -> None:
    """Let a combo box become narrower than its longest entry."""
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(8)
    combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
