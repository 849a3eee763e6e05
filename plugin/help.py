"""The shipped help pages, opened in the browser."""

from __future__ import annotations

from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtGui import QDesktopServices

from ..models.shared.paths import RESOURCES

HELP_FOLDER = RESOURCES / "help"
GUIDE = "guide.html"


def page(anchor: str = "", name: str = GUIDE) -> QUrl:
    """Return the URL of a help page, or of an anchor in it."""
    url = QUrl.fromLocalFile(str(HELP_FOLDER / name))
    url.setFragment(anchor or None)
    return url


def open_page(anchor: str = "") -> None:
    """Open the user guide at an anchor."""
    QDesktopServices.openUrl(page(anchor))
