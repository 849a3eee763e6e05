"""The plugin's entry point in QGIS: creates, connects and removes all objects."""

from __future__ import annotations

from qgis.core import QgsSettings
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QObject, Qt, QTranslator
from qgis.PyQt.QtWidgets import QAction

from ..models.shared.paths import RESOURCES
from .control.controller import Controller
from .dock.dock import MapRefinerDock
from .environment.options_page import OptionsFactory
from .icons import plugin_icon
from .processing.provider import Provider, register, unregister

TRANSLATIONS = RESOURCES / "i18n"


class MapRefinerPlugin(QObject):
    """Map Refiner in QGIS."""

    def __init__(self, iface: QgisInterface) -> None:
        super().__init__()
        self.iface = iface
        self.translator: QTranslator | None = None
        self.action: QAction | None = None
        self.dock: MapRefinerDock | None = None
        self.controller: Controller | None = None
        self.options: OptionsFactory | None = None
        self.provider: Provider | None = None

    def initProcessing(self) -> None:
        """Add the algorithms; qgis_process calls only this method."""
        self._translate()
        self.provider = register()

    def initGui(self) -> None:
        """Add the button, the menu entry, the closed dock, the options page and the algorithms."""
        self._translate()
        window = self.iface.mainWindow()
        self.action = QAction(plugin_icon(), self.tr("Map Refiner"), window)
        self.action.setObjectName("MapRefinerToggle")
        self.action.setToolTip(self.tr("Show or hide the Map Refiner panel."))
        self.iface.addToolBarIcon(self.action)
        self.iface.rasterMenu().addAction(self.action)
        self.dock = MapRefinerDock(window)
        self.dock.setToggleVisibilityAction(self.action)
        self.iface.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.dock)
        self.dock.hide()
        self.controller = Controller(self.iface, self.dock, self)
        self.options = OptionsFactory(self)
        self.options.setTitle(self.tr("Map Refiner"))
        self.options.signals.applied.connect(self.controller.settings_changed)
        self.iface.registerOptionsWidgetFactory(self.options)
        self.initProcessing()

    def unload(self) -> None:
        """Remove everything that the plugin added to QGIS."""
        if self.provider is not None:
            unregister(self.provider)
        if self.controller is not None:
            self.controller.shut_down()
            self.controller.context.deleteLater()
        if self.options is not None:
            self.iface.unregisterOptionsWidgetFactory(self.options)
            self.options.deleteLater()
        if self.dock is not None:
            self.iface.removeDockWidget(self.dock)
            self.dock.deleteLater()
        if self.action is not None:
            self.iface.removeToolBarIcon(self.action)
            self.iface.rasterMenu().removeAction(self.action)
            self.action.deleteLater()
        if self.translator is not None:
            QCoreApplication.removeTranslator(self.translator)
        self.controller = self.options = self.dock = self.action = self.translator = self.provider = None

    def _translate(self) -> None:
        if self.translator is not None:
            return
        locale = QLocale(QgsSettings().value("locale/userLocale", QLocale().name()))
        translator = QTranslator(self)
        if translator.load(locale, "map_refiner", "_", str(TRANSLATIONS)):
            QCoreApplication.installTranslator(translator)
            self.translator = translator
