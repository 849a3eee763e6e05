"""Loading and unloading the plugin: it adds its items, does not open the dock, and leaves nothing behind.

Modules that this file covers: plugin/icons.py.
"""

from pathlib import Path

from map_refiner.plugin.main import MapRefinerPlugin
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QProcess
from qgis.PyQt.QtWidgets import QDockWidget


def load(iface):
    plugin = MapRefinerPlugin(iface)
    plugin.initGui()
    return plugin


def test_the_dock_stays_closed_until_requested(iface, work_folder):
    plugin = load(iface)
    assert not plugin.dock.isVisible()
    assert not plugin.action.isChecked()
    plugin.action.trigger()
    assert plugin.dock.isVisible()
    plugin.action.trigger()
    assert not plugin.dock.isVisible()
    plugin.unload()


def test_unload_leaves_nothing_behind(iface, work_folder, project, settle):
    before = things(iface)
    for _ in range(2):
        plugin = load(iface)
        assert things(iface) != before
        plugin.unload()
        plugin.deleteLater()
        settle()
        assert things(iface) == before
    project.clear()  # the plugin's connections to it are gone
    iface.canvas.setExtent(iface.canvas.extent())


def things(iface):
    """Collect everything that a plugin may leave behind."""
    return (
        [action.text() for action in iface.toolbar.actions()],
        [action.text() for action in iface.raster_menu.actions()],
        [dock.objectName() for dock in iface.window.findChildren(QDockWidget)],
        list(iface.factories),
        list(iface.layer_actions),
        [provider.id() for provider in QgsApplication.processingRegistry().providers()],
        len(QgsApplication.instance().findChildren(QProcess)),
        len(iface.canvas.scene().items()),
        iface.canvas.mapTool(),
    )


def test_the_worker_starts_with_the_first_request_and_ends_with_the_plugin(analyst, wait_until):
    assert analyst.context.engine.process_id() == 0
    analyst.use_scores()
    process = analyst.context.engine.process_id()
    assert is_alive(process)
    analyst.plugin.unload()
    wait_until(lambda: not is_alive(process), 5, "the end of the worker")


def is_alive(process):
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
