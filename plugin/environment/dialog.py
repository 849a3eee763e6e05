"""The dialog that creates an environment: its Python, folder, device and package source."""

from __future__ import annotations

from html import escape
from pathlib import Path

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import Qt, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QCloseEvent, QDesktopServices
from qgis.PyQt.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QProgressBar, QWidget

from ..errors import UserError
from ..wording import duration
from .check import default_environment
from .create import EnvironmentMaker
from .find_python import PythonSearch
from .recipe import EnvironmentRecipe, free_gb
from .torch_build import CPU_BUILD, Build, DriverQuestion, cuda_build


class EnvironmentDialog(QDialog):
    """The options of a new environment, and the progress of its creation."""

    made = pyqtSignal(str)  # the Python of the environment

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Create Environment"))
        self.maker = EnvironmentMaker(default_environment().with_name("environment.log"), self)
        self.maker.progressed.connect(self._on_progressed)
        self.maker.made.connect(self._on_made)
        self.maker.failed.connect(self._on_failed)
        self.form = QFormLayout(self)
        about = self._text(
            self.tr(
                "Creates a separate Python environment for Map Refiner: downloads PyTorch and other "
                "libraries, and changes nothing else on this computer. This may take some minutes."
            )
        )
        self.form.addRow(about)
        self._add_fields()
        self.size = self._text("")
        self.form.addRow(self.size)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.bar.hide()
        self.form.addRow(self.bar)
        self.report = self._text("")
        self.report.setOpenExternalLinks(False)
        self.report.linkActivated.connect(lambda link: QDesktopServices.openUrl(QUrl(link)))
        self.form.addRow(self.report)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.create = self.buttons.addButton(self.tr("Create"), QDialogButtonBox.ButtonRole.ActionRole)
        self.cancel = self.buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.ActionRole)
        self.create.clicked.connect(self._on_create)
        self.cancel.clicked.connect(self.maker.cancel)
        self.buttons.rejected.connect(self.reject)
        self.form.addRow(self.buttons)
        self._question = DriverQuestion(self)
        self._question.answered.connect(self._on_driver)
        self._question.ask()
        self._search = PythonSearch(self)
        self._search.found.connect(self._on_python)
        self._search.start()
        self._refresh()
        self._fit()

    def _text(self, text: str) -> QLabel:
        label = QLabel(text)
        label.setWordWrap(True)
        label.setMinimumWidth(70 * self.fontMetrics().averageCharWidth())
        return label

    def _add_fields(self) -> None:
        self.python = QgsFileWidget()
        self.python.lineEdit().setPlaceholderText(self.tr("Searching…"))
        self._add(self.tr("Python"), self.python, self.tr("Any Python 3.10 or newer. It is not changed."))
        self.folder = QgsFileWidget()
        self.folder.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.folder.setFilePath(str(default_environment()))
        self.folder.fileChanged.connect(lambda _: self._refresh())
        self._add(
            self.tr("Folder"),
            self.folder,
            self.tr(
                "The folder of the environment. It lies outside the plugin, so that updates of the plugin keep it."
            ),
        )
        self.device = QComboBox()
        self.device.addItem(self.tr("Processor"), CPU_BUILD)
        self.device.currentIndexChanged.connect(lambda _: self._refresh())
        self._add(
            self.tr("Compute on"),
            self.device,
            self.tr("The build of PyTorch. The build for NVIDIA GPUs also runs on the processor, but is much larger."),
        )
        self.wheels = QgsFileWidget()
        self.wheels.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.wheels.lineEdit().setPlaceholderText(self.tr("None: download"))
        self._add(
            self.tr("Folder of wheels"),
            self.wheels,
            self.tr(
                "For computers without a network: a folder with the wheels of all libraries, made "
                "elsewhere with “pip download”."
            ),
        )

    def _add(self, label: str, field: QWidget, tip: str) -> None:
        caption = QLabel(label)
        caption.setBuddy(field)
        for widget in (caption, field):
            widget.setToolTip(tip)
        field.setAccessibleName(label)
        self.form.addRow(caption, field)

    def recipe(self) -> EnvironmentRecipe:
        """Return the chosen options."""
        build: Build = self.device.currentData()
        folder = Path(self.folder.filePath().strip()).expanduser()
        return EnvironmentRecipe(self.python.filePath().strip(), folder, build, self.wheels.filePath().strip())

    def reject(self) -> None:
        """Close the dialog and cancel a running creation."""
        self.maker.cancel()
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancel a running creation."""
        self.maker.cancel()
        super().closeEvent(event)

    # --- what happens ---------------------------------------------------------------------------------------------

    def _on_python(self, path: str) -> None:
        if not self.python.filePath():
            self.python.setFilePath(path)
        self.python.lineEdit().setPlaceholderText("" if path else self.tr("None found: choose one"))

    def _on_driver(self, driver: str, card: str) -> None:
        build = cuda_build(driver)
        if build is not None:
            self.device.addItem(self.tr("{} (CUDA {}, driver {})").format(card, _cuda(build), driver), build)
            self.device.setCurrentIndex(1)
        elif driver:
            text = self.tr(
                "The driver {} of {} is too old for PyTorch. Version 550 or newer is needed to use this GPU."
            )
            self._say(text.format(driver, card))

    def _on_create(self) -> None:
        try:
            self.maker.start(self.recipe())
        except UserError as refusal:
            self._say(str(refusal))
        self._refresh()

    def _on_progressed(self, fraction: float, text: str, seconds_left: float | None) -> None:
        self.bar.setValue(round(1000 * fraction))
        left = "" if seconds_left is None else self.tr(" · {} left").format(duration(seconds_left))
        self._say(text + left)

    def _on_made(self, python: str) -> None:
        self._refresh()
        self._say(self.tr("The environment is ready."))
        self.made.emit(python)
        self.accept()

    def _on_failed(self, sentence: str) -> None:
        self._refresh()
        if not sentence:
            self._say(self.tr("Cancelled. Finished downloads are reused next time."))
            return
        log = QUrl.fromLocalFile(str(self.maker.log)).toString()
        link = f'<a href="{log}">' + self.tr("Open the log") + "</a>"
        self._say(f"{escape(sentence)} {link}", Qt.TextFormat.RichText)

    def _say(self, text: str, form: Qt.TextFormat = Qt.TextFormat.PlainText) -> None:
        self.report.setTextFormat(form)
        self.report.setText(text)
        self._fit()

    def _fit(self) -> None:
        """Grow to the height of the wrapped sentences; Qt's size hint is too small."""
        width = max(self.width(), self.sizeHint().width())
        self.resize(width, max(self.height(), self.layout().totalHeightForWidth(width)))

    def _refresh(self) -> None:
        running = self.maker.is_running
        for widget in (self.python, self.folder, self.device, self.wheels, self.create):
            widget.setEnabled(not running)
        self.cancel.setEnabled(running)
        self.bar.setVisible(running)
        recipe = self.recipe()
        text = self.tr(
            "The environment needs about {:.1f} GB, and {:.1f} GB during installation. {:.1f} GB are free there."
        )
        self.size.setText(text.format(recipe.build.installed_gb, recipe.build.needed_gb, free_gb(recipe.folder)))


def _cuda(build: Build) -> str:
    digits = build.key.removeprefix("cu")
    return f"{digits[:-1]}.{digits[-1]}"
