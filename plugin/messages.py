"""Messages for the user in the message bar, and details in the log."""

from __future__ import annotations

from qgis.core import Qgis, QgsMessageLog
from qgis.gui import QgisInterface

TAG = "Map Refiner"
SECONDS = 8


class Messages:
    """The message bar and the log tab of QGIS."""

    def __init__(self, iface: QgisInterface) -> None:
        self._bar = iface.messageBar()

    def inform(self, text: str) -> None:
        """Show a success message."""
        self._bar.pushMessage(TAG, text, Qgis.MessageLevel.Success, SECONDS)

    def warn(self, text: str) -> None:
        """Show a warning that stays until it is closed."""
        self._bar.pushMessage(TAG, text, Qgis.MessageLevel.Warning, 0)

    def fail(self, text: str, detail: str = "") -> None:
        """Show an error and log its details."""
        if detail:
            self.log(detail)
        self._bar.pushMessage(TAG, text, Qgis.MessageLevel.Critical, 0)

    def log(self, text: str) -> None:
        """Write to the log tab."""
        QgsMessageLog.logMessage(text, TAG, Qgis.MessageLevel.Info, False)
