"""Icons in the colour of the text; their files are black."""

from __future__ import annotations

from qgis.PyQt.QtCore import QByteArray, QEvent, QObject, QRectF, QSize, Qt
from qgis.PyQt.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from qgis.PyQt.QtSvg import QSvgRenderer
from qgis.PyQt.QtWidgets import QAbstractButton

from ..models.shared.paths import RESOURCES

ICONS = RESOURCES / "icons"
SIZES = (16, 24, 32, 48)


def plugin_icon() -> QIcon:
    """Return the plugin's icon, which keeps its own colours."""
    return QIcon(str(ICONS / "map_refiner.svg"))


def themed(name: str, palette: QPalette) -> QIcon:
    """Return an icon in the colours of a palette, with a version for disabled buttons."""
    drawing = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    icon = QIcon()
    for mode, group in (
        (QIcon.Mode.Normal, QPalette.ColorGroup.Active),
        (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled),
    ):
        colour = palette.color(group, QPalette.ColorRole.ButtonText)
        for size in SIZES:
            icon.addPixmap(_paint(drawing, colour, size), mode)
    return icon


class IconKeeper(QObject):
    """Keeps a button's icon in the colour of the text when the theme changes."""

    def __init__(self, button: QAbstractButton, name: str) -> None:
        super().__init__(button)
        self.button = button
        self.name = ""
        self.set_name(name)
        button.installEventFilter(self)

    def set_name(self, name: str) -> None:
        """Show another icon."""
        if name != self.name:
            self.name = name
            self._update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Redraw the icon on palette changes; dark themes of QGIS change the palette only before a widget is shown."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._update()
        return False

    def _update(self) -> None:
        self.button.setIcon(themed(self.name, self.button.palette()))
        height = self.button.fontMetrics().height()
        self.button.setIconSize(QSize(height, height))


def _paint(drawing: str, colour: QColor, size: int) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(drawing.replace("#000000", colour.name()).encode("utf-8")))
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap
