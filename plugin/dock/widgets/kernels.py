"""The kernels of a refiner as small selectable pictures, in a dialog next to the dock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qgis.PyQt.QtCore import QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QIcon, QImage, QPixmap
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...layers.styles import diverging
from ..sections.section import button, note

PIXEL = 5  # px on the screen per kernel value
MOST_ACROSS, MOST_BANDS_ACROSS = 16, 24  # per row: kernels, and bands of kernels


@dataclass(frozen=True)
class Kernels:
    """The kernels of one type: values (band by band, then row by row), and those with their responses shown."""

    values: tuple[tuple[float, ...], ...]
    size: int
    bands: int = 1
    shown: tuple[int, ...] = ()


class KernelDialog(QDialog):
    """A dialog that shows kernels; the responses of the checked ones are on the map."""

    answers_requested = pyqtSignal(int, tuple, tuple)  # class index, indices of the M and N filters

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("MapRefinerKernels")
        self.setWindowTitle(self.tr("Filters of the Refiner"))
        self.about = note(self.tr("Description"))
        self.classes = QComboBox()
        caption = QLabel(self.tr("Score map of"))
        caption.setBuddy(self.classes)
        tip = self.tr("The class whose score map the M filters are applied to.")
        caption.setToolTip(tip)
        self.classes.setToolTip(tip)
        self.classes.setAccessibleName(caption.text())
        row = QHBoxLayout()
        row.addWidget(caption)
        row.addWidget(self.classes, 1)
        self.scores = KernelGroup()
        self.image = KernelGroup()
        self.add = button(
            self.tr("Show as Layers"),
            self.tr("Filter the scene with the checked kernels. Each response becomes a layer."),
        )
        self.add.clicked.connect(self._on_add)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.addButton(self.add, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.about)
        layout.addLayout(row)
        layout.addWidget(self.scores)
        layout.addWidget(self.image)
        layout.addStretch(1)
        layout.addWidget(buttons)
        self.scores.toggled_any.connect(self._on_toggled)
        self.image.toggled_any.connect(self._on_toggled)

    def set_kernels(self, classes: Sequence[str], index: int, step: int, scores: Kernels, image: Kernels) -> None:
        """Show the kernels that compute the step after `step`."""
        self.about.setText(
            self.tr(
                "Kernels used to compute step {} from step {}: blue is negative, white is zero, red is "
                "positive. The responses of the checked kernels to step {} are on the map as layers "
                "until this window is closed."
            ).format(step + 1, step, step)
        )
        if [self.classes.itemText(n) for n in range(self.classes.count())] != list(classes):
            self.classes.clear()
            self.classes.addItems(list(classes))
        self.classes.setCurrentIndex(index)
        self.scores.set_kernels(self.tr("M: on the Score Map"), "M", scores)
        side_by_side = self.tr("N: on the Image, {} Bands Side by Side").format(image.bands)
        self.image.set_kernels(side_by_side if image.bands > 1 else self.tr("N: on the Image"), "N", image)
        self._on_toggled()

    def _on_toggled(self) -> None:
        self.add.setEnabled(bool(self.scores.checked() or self.image.checked()))

    def _on_add(self) -> None:
        self.answers_requested.emit(self.classes.currentIndex(), self.scores.checked(), self.image.checked())


class KernelGroup(QGroupBox):
    """A grid of checkable kernels."""

    toggled_any = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: list[QToolButton] = []
        self._grid = QGridLayout(self)
        self._grid.setSpacing(2)
        self._grid.setColumnStretch(MOST_ACROSS, 1)

    def set_kernels(self, title: str, sort: str, kernels: Kernels) -> None:
        """Replace the shown kernels."""
        self.setTitle(title)
        for old in self._buttons:
            self._grid.removeWidget(old)
            old.deleteLater()
        self._buttons = []
        across = max(1, min(MOST_ACROSS, MOST_BANDS_ACROSS // kernels.bands))
        for number, values in enumerate(kernels.values):
            made = self._button(sort, number + 1, kernel_image(values, kernels.size, kernels.bands))
            made.setChecked(number in kernels.shown)
            made.toggled.connect(self.toggled_any)
            self._grid.addWidget(made, number // across, number % across)
            self._buttons.append(made)

    def _button(self, sort: str, number: int, image: QImage) -> QToolButton:
        made = QToolButton()
        made.setCheckable(True)
        made.setAutoRaise(True)  # makes checked kernels stand out
        made.setIcon(QIcon(QPixmap.fromImage(image)))
        made.setIconSize(QSize(image.width(), image.height()))
        made.setText(str(number))
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        made.setToolTip(f"{sort} {number}")
        made.setAccessibleName(made.toolTip())
        return made

    def checked(self) -> tuple[int, ...]:
        """Return the zero-based indices of the checked kernels."""
        return tuple(number for number, each in enumerate(self._buttons) if each.isChecked())


def kernel_image(values: Sequence[float], size: int, bands: int = 1, pixel: int = PIXEL) -> QImage:
    """Draw a kernel, bands side by side, each value as a square of `pixel` pixels; white is 0."""
    limit = max((abs(value) for value in values), default=0.0) or 1.0
    image = QImage(bands * (size + 1) - 1, size, QImage.Format.Format_ARGB32)
    image.fill(QColor(0, 0, 0, 0))
    for n, value in enumerate(values):
        band, rest = divmod(n, size * size)
        image.setPixelColor(band * (size + 1) + rest % size, rest // size, diverging(value / limit))
    ways = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.FastTransformation
    return image.scaled(image.width() * pixel, image.height() * pixel, *ways)
