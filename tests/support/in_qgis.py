"""A script for a real QGIS, run by test_package.py: install, start, unload and reload the plugin, and report.

Environment variables name the zip and the report, because QGIS passes no arguments to scripts.
"""

import gc
import json
import os
import threading
import traceback
import weakref
from collections import Counter
from pathlib import Path

import pyplugin_installer
import qgis.utils
from qgis.core import Qgis, QgsApplication, QgsProject
from qgis.gui import QgsGui
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QProcess, QTimer
from qgis.PyQt.QtWidgets import QAction, QDockWidget, QMenu, QToolBar
from qgis.utils import iface

NAME = "map_refiner"
report = {"tracebacks": [], "messages": []}


def settle():
    """Process pending events, including deletions."""
    for _ in range(5):
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


def menu_entries(menu):
    """List the entries of a menu and its submenus."""
    for action in menu.actions():
        yield f"menu entry {action.text()}"
        if action.menu() is not None:
            yield from menu_entries(action.menu())


def inventory():
    """Count everything that a plugin can add to QGIS.

    Only visible menu entries count, because QGIS keeps the hidden remains of a plugin's menu.
    """
    settle()
    window = iface.mainWindow()
    things = list(menu_entries(window.menuBar()))
    for dock in window.findChildren(QDockWidget):
        things.append(f"QDockWidget {dock.objectName()} {dock.windowTitle()}")
    for bar in window.findChildren(QToolBar):
        things += [f"toolbar {bar.objectName()}: {action.text()}" for action in bar.actions()]
    for action in window.findChildren(QAction):
        if action.text() and action.menu() is None:
            things.append(f"QAction {action.objectName()} {action.text()}")
    for child in window.children():
        if not isinstance(child, (QAction, QMenu)):
            things.append(f"child {child.objectName()} {type(child).__name__}")
    for widget in QgsApplication.topLevelWidgets():
        if widget.isVisible():
            things.append(f"window {widget.objectName()} {type(widget).__name__}")
    things += [f"shortcut {action.text()}" for action in QgsGui.shortcutsManager().listActions()]
    things += [f"provider {provider.id()}" for provider in QgsApplication.processingRegistry().providers()]
    things += [f"QProcess {process.program()}" for process in window.findChildren(QProcess)]
    things += [f"thread {thread.name}" for thread in threading.enumerate()]
    things += [f"layer {name}" for name in QgsProject.instance().mapLayers()]
    return Counter(things)


def difference(before, after):
    """List the additions (+) and removals (-) between two inventories."""
    changes = [(after[name] - before[name], name) for name in sorted(before.keys() | after.keys())]
    return [f"{count:+d} {name}" for count, name in changes if count]


def record_error(kind, value, trace, *_args, **_kwargs):
    """Record an error in place of QGIS's error dialog, which would wait for a click."""
    report["tracebacks"].append("".join(traceback.format_exception(kind, value, trace)))


def record_message(message, tag, level):
    """Record warnings and errors of Python and of the plugin; ignore those of QGIS."""
    if level in (Qgis.MessageLevel.Warning, Qgis.MessageLevel.Critical) and (
        NAME in message or "python" in tag.lower() or tag in ("Plugins", "Map Refiner")
    ):
        report["messages"].append(f"{tag}: {message}")


def examine():
    """Install, start, unload, load and reload the plugin."""
    qgis.utils.showException = record_error
    qgis.utils.sys.excepthook = record_error
    QgsApplication.messageLog().messageReceived.connect(record_message)
    before = inventory()

    pyplugin_installer.instance().installFromZipFile(os.environ["MAP_REFINER_ZIP"])
    report["installed"] = (Path(qgis.utils.home_plugin_path) / NAME / "metadata.txt").is_file()
    report["started"] = NAME in qgis.utils.active_plugins
    running = inventory()
    report["added"] = difference(before, running)

    plugin = weakref.ref(qgis.utils.plugins[NAME])
    report["unloaded"] = qgis.utils.unloadPlugin(NAME)
    report["left"] = difference(before, inventory())
    report["plugin_is_gone"] = plugin() is None

    report["loaded_again"] = qgis.utils.loadPlugin(NAME) and qgis.utils.startPlugin(NAME)
    report["reloaded"] = qgis.utils.reloadPlugin(NAME)
    report["changed_by_reload"] = difference(running, inventory())


def main():
    """Examine, report, and close QGIS with the plugin running, as a user does."""
    try:
        examine()
    finally:
        report["done"] = True
        Path(os.environ["MAP_REFINER_REPORT"]).write_text(json.dumps(report), encoding="utf-8")
        iface.actionExit().trigger()


QTimer.singleShot(1000, main)  # after QGIS has started
