"""A choice of weights files, with an entry that opens a file dialog."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QFileDialog, QWidget

FILTER = "*.safetensors"
FROM_FILE = "file"  # key of the last entry


class ModelCombo(QComboBox):
    """A combo box with weights files first, then other choices, then “From File…”."""

    choice_changed = pyqtSignal()

    def __init__(self, others: tuple[tuple[str, str], ...] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._files = 0  # number of file entries, which come first
        self._before = 0
        for title, key in others:
            self.addItem(title, key)
        self.addItem(self.tr("From File…"), FROM_FILE)
        self._choose(0)
        self.activated.connect(self._on_activated)
        self.currentIndexChanged.connect(lambda _: self.choice_changed.emit())

    def add_file(self, title: str, path: str, choose: bool = True) -> None:
        """Add a weights file, or rename its existing entry."""
        known = next((i for i in range(self._files) if self.itemData(i) == path), None)
        if known is None:
            known = self._files
            self._files += 1
            self.insertItem(known, title, path)
        self.setItemText(known, title)
        self._choose(known if choose else self.currentIndex())

    def path(self) -> str:
        """Return the path of the chosen file, or an empty string if another entry is chosen."""
        return str(self.currentData()) if 0 <= self.currentIndex() < self._files else ""

    def key(self) -> str:
        """Return the key of the chosen entry, or an empty string if a file is chosen."""
        return "" if self.path() else str(self.currentData())

    def choice(self) -> str:
        """Return the path or key of the chosen entry, or an empty string for “From File…”."""
        return "" if self.currentData() == FROM_FILE else str(self.currentData() or "")

    def files(self) -> list[tuple[str, str]]:
        """Return the (title, path) pairs of the files."""
        return [(self.itemText(index), str(self.itemData(index))) for index in range(self._files)]

    def choose(self, choice: str) -> None:
        """Select the entry with this path or key; keep the selection if there is none."""
        index = self.findData(choice)
        if choice and index >= 0:
            self._choose(index)

    def choose_key(self, key: str) -> None:
        """Select a non-file entry by its key."""
        for index in range(self._files, self.count()):
            if self.itemData(index) == key:
                self._choose(index)

    def _choose(self, index: int) -> None:
        self.setCurrentIndex(index)
        self._before = self.currentIndex()

    def _on_activated(self, index: int) -> None:
        if self.itemData(index) != FROM_FILE:
            self._before = index
            return
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Open Model"), "", self.tr("Models") + f" ({FILTER})")
        if path:
            self.add_file(Path(path).stem, path)
        else:
            self.setCurrentIndex(self._before)
