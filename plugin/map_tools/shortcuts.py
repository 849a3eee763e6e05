"""Actions with keyboard shortcuts that the analyst can change in QGIS's own list of shortcuts."""

from __future__ import annotations

from collections.abc import Callable

from qgis.gui import QgsGui
from qgis.PyQt.QtWidgets import QAction, QWidget


class Shortcuts:
    """Registers actions with QGIS, and takes them away again."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._actions: list[QAction] = []

    def add(self, name: str, text: str, keys: str, act: Callable[[], None]) -> QAction:
        """Register an action; `keys` is the default shortcut."""
        action = QAction(text, self._window)
        action.setObjectName(f"MapRefiner{name}")
        action.triggered.connect(lambda _: act())
        self._window.addAction(action)
        QgsGui.shortcutsManager().registerAction(action, keys)
        self._actions.append(action)
        return action

    def remove(self) -> None:
        """Leave QGIS's list as it was; what the analyst has chosen is remembered for the next time."""
        for action in self._actions:
            QgsGui.shortcutsManager().unregisterAction(action)
            self._window.removeAction(action)
            action.deleteLater()
        self._actions = []
