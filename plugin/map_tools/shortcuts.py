"""Actions with keyboard shortcuts that the user can change in QGIS's shortcut settings."""

from __future__ import annotations

from collections.abc import Callable

from qgis.gui import QgsGui
from qgis.PyQt.QtWidgets import QAction, QWidget


class Shortcuts:
    """Actions registered with QGIS, which can be removed again."""

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
        """Unregister all actions; QGIS keeps the user's shortcuts for the next time."""
        for action in self._actions:
            QgsGui.shortcutsManager().unregisterAction(action)
            self._window.removeAction(action)
            action.deleteLater()
        self._actions = []
