"""The page in Settings > Options: Python, device, and folder of the runs."""

from __future__ import annotations

from pathlib import Path

from qgis.gui import QgsFileWidget, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..icons import plugin_icon
from ..settings import DEVICES, Settings, default_folder
from ..wording import milliseconds
from .check import VARIABLE, Check, Description, find_python
from .dialog import EnvironmentDialog

PAGE = "MapRefinerOptions"


class OptionsPage(QgsOptionsPageWidget):
    """Shows and applies the settings."""

    applied = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(PAGE)
        self.settings = Settings()
        self._check = Check(self)
        self._check.described.connect(self._on_described)
        self._check.failed.connect(self._on_failed)
        form = QFormLayout()
        self._add_python(form)
        self._add_device(form)
        self._add_scheduler(form)
        self._add_folder(form)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addStretch(1)

    def apply(self) -> None:
        """Store the inputs; QGIS calls this on OK."""
        self.settings.python = self.python.filePath().strip()
        self.settings.device = self.device.currentData()
        self.settings.scheduler = self.scheduler.text().strip()
        self.settings.folder = self.folder.filePath().strip()
        self.applied.emit()

    def _add_python(self, form: QFormLayout) -> None:
        self.python = QgsFileWidget()
        self.python.setFilePath(self.settings.python)
        found = find_python("")
        self.python.lineEdit().setPlaceholderText(str(found) if found else self.tr("None was found"))
        _add(
            form,
            self.tr("Python"),
            self.python,
            self.tr(
                "The Python of the worker: any 3.10 or newer, outside QGIS, with PyTorch and rasterio. "
                "Empty: the value of {}, or the plugin's own environment."
            ).format(VARIABLE),
        )
        self.test = QPushButton(self.tr("Test"))
        self.test.setToolTip(
            self.tr("Check this Python for the libraries that Map Refiner needs and for its device, and time a step.")
        )
        self.test.clicked.connect(self._on_test)
        self.report = QLabel()
        self.report.setWordWrap(True)
        self.report.setAccessibleName(self.tr("Test result"))
        self.create = QPushButton(self.tr("Create Environment…"))
        self.create.setToolTip(
            self.tr("Create a Python environment for Map Refiner: PyTorch and its dependencies, in a separate folder.")
        )
        self.create.clicked.connect(self._on_create)
        row = QHBoxLayout()
        row.addWidget(self.test)
        row.addWidget(self.create)
        row.addStretch(1)
        form.addRow("", row)
        form.addRow("", self.report)

    def _add_device(self, form: QFormLayout) -> None:
        self.device = QComboBox()
        names = {
            "auto": self.tr("Automatic (fastest available)"),
            "cpu": self.tr("Processor"),
            "cuda": self.tr("NVIDIA GPU (CUDA)"),
            "mps": self.tr("Apple GPU (MPS)"),
        }
        for device in DEVICES:
            self.device.addItem(names[device], device)
        self.device.setCurrentIndex(max(0, self.device.findData(self.settings.device)))
        _add(
            form,
            self.tr("Device"),
            self.device,
            self.tr("The device of the worker. The dock shows which one is in use."),
        )

    def _add_scheduler(self, form: QFormLayout) -> None:
        self.scheduler = QLineEdit(self.settings.scheduler)
        self.scheduler.setPlaceholderText("tcp://HOST:8786")
        _add(
            form,
            self.tr("Dask scheduler"),
            self.scheduler,
            self.tr(
                "The address of a Dask cluster that the Processing algorithms use for whole images, "
                "evaluation and polygons. Its workers need the same version of Map Refiner and access to "
                "the files. Empty: only this computer. Test also checks the cluster."
            ),
        )

    def _add_folder(self, form: QFormLayout) -> None:
        self.folder = QgsFileWidget()
        self.folder.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.folder.setFilePath(self.settings.folder)
        self.folder.lineEdit().setPlaceholderText(str(default_folder()))
        _add(
            form,
            self.tr("Folder"),
            self.folder,
            self.tr(
                "The folder of run rasters and labelled tiles. Map Refiner never deletes them: empty "
                "“runs” yourself when their projects are finished."
            ),
        )

    def _on_test(self) -> None:
        path = find_python(self.python.filePath().strip())
        if path is None:
            self.report.setText(self.tr("No Python was found. Click Create Environment…, or choose one."))
            return
        self.test.setEnabled(False)
        self.report.setText(self.tr("Checking {}…").format(path))
        self._check.start(str(path), self.device.currentData(), self.scheduler.text().strip())

    def _on_create(self) -> None:
        dialog = EnvironmentDialog(self)
        dialog.made.connect(self._on_made)
        dialog.exec()
        dialog.deleteLater()

    def _on_made(self, python: str) -> None:
        """Use the new environment, and test it."""
        self.python.setFilePath("" if find_python("") == Path(python) else python)
        self.apply()
        self._on_test()

    def _on_described(self, found: Description) -> None:
        self.test.setEnabled(True)
        versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
        lines = [self.tr("Python {}: {}").format(found.python, versions or "-")]
        if found.missing:
            lines.append(self.tr("Missing: {}. Install them with pip.").format(", ".join(found.missing)))
        if found.device:
            lines.append(self.tr("Device: {}").format(found.device))
        if found.step_ms is not None:
            lines.append(self.tr("One step on 1000 × 1000 pixels: {}").format(milliseconds(found.step_ms)))
        if found.cluster:
            lines.append(self.tr("Cluster: {}").format(found.cluster))
        if found.problem:
            lines.append(self.tr("This Python cannot run the worker. {}").format(found.problem))
        self.report.setText("\n".join(lines))

    def _on_failed(self, reason: str) -> None:
        self.test.setEnabled(True)
        self.report.setText(self.tr("This is not a working Python. {}").format(reason))


class OptionsFactory(QgsOptionsWidgetFactory):
    """A factory of the page for the options dialog."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__()
        self.setParent(parent)
        self.signals = _Signals(self)

    def icon(self) -> QIcon:
        """Return the plugin's icon."""
        return plugin_icon()

    def createWidget(self, parent: QWidget | None = None) -> OptionsPage:
        """Create the page."""
        page = OptionsPage(parent)
        page.applied.connect(self.signals.applied)
        return page


class _Signals(QObject):
    """The signals of the factory, which cannot have its own in every version of QGIS."""

    applied = pyqtSignal()


def _add(form: QFormLayout, label: str, field: QWidget, tip: str) -> None:
    caption = QLabel(label)
    caption.setBuddy(field)
    for widget in (caption, field):
        widget.setToolTip(tip)
    field.setAccessibleName(label)
    field.setAccessibleDescription(tip)
    form.addRow(caption, field)
