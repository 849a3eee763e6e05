"""The pages of help that ship, opened in the browser."""

from __future__ import annotations

from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices

from ..models.shared.paths import RESOURCES

FOLDER = RESOURCES / "help"
GUIDE = "guide.html"


def page(anchor: str = "", name: str = GUIDE) -> QUrl:
    """Return the address of a page, or of a place in it."""
    url = QUrl.fromLocalFile(str(FOLDER / name))
    url.setFragment(anchor or None)
    return url


def open_page(anchor: str = "") -> None:
    """Open the user guide at a place."""
    QDesktopServices.openUrl(page(anchor))
