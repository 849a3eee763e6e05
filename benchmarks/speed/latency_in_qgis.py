"""Run inside a real QGIS by latency.py: step through the dock, and report when what was painted.

What to do comes from the environment, because QGIS passes no arguments on to a script.
"""

import json
import os
import time
import traceback
from pathlib import Path

import qgis.utils
from qgis.core import QgsProject, QgsRasterLayer, QgsRectangle, QgsSettings
from qgis.PyQt.QtCore import QEventLoop, QTimer
from qgis.PyQt.QtWidgets import QDockWidget
from qgis.utils import iface

ASKED = json.loads(os.environ["LATENCY"])
BACK_AFTER = 10  # steps


def wait(condition, seconds=300):
    """Run the event loop until a condition has held once; it may not hold for long."""
    loop, poll, late, held = QEventLoop(), QTimer(), QTimer(), []

    def look():
        if not held and condition():
            held.append(True)
            loop.quit()

    poll.timeout.connect(look)
    late.setSingleShot(True)
    late.timeout.connect(loop.quit)
    poll.start(5)
    late.start(1000 * seconds)
    loop.exec()
    if not held:
        raise TimeoutError


class Clock:
    """Notes when a step was answered, painted, and whole."""

    def __init__(self, plugin):
        self.canvas, self.desk = iface.mapCanvas(), plugin.controller.desk
        self.found = {"drawn_ms": [], "answered_ms": [], "whole_ms": [], "pixels": []}
        self.canvas.mapCanvasRefreshed.connect(self.on_refreshed)
        self.desk.engine.received.connect(self.on_received)
        self.started, self.index, self.is_drawn, self.is_answered = 0.0, 0, True, True

    def since(self):
        return 1000 * (time.perf_counter() - self.started)

    def on_received(self, event):
        name = type(event).__name__
        if name not in ("Previewed", "Stepped") or event.index != self.index or self.is_answered:
            return
        self.is_answered = True
        self.found["answered_ms"].append(self.since())
        layer = QgsRasterLayer(event.path if name == "Previewed" else event.classes_raster)
        self.found["pixels"].append(layer.width() * layer.height())

    def on_refreshed(self):
        of_it = [
            layer
            for layer in self.canvas.layers()
            if self.index in (layer.customProperty("map_refiner/preview"), layer.customProperty("map_refiner/step"))
        ]
        if of_it and not self.is_drawn:
            self.canvas.viewport().repaint()  # at once, so that the pixels are there when the clock is read
            self.is_drawn = True
            self.found["drawn_ms"].append(self.since())

    def is_idle(self):
        return self.desk.task.name == "NONE" and self.desk.layers.is_settled() and not self.canvas.isDrawing()

    def step(self, button):
        self.index = self.desk.run.shown + 1
        self.is_drawn = self.is_answered = False
        self.started = time.perf_counter()
        button.click()
        wait(lambda: self.is_idle() and self.is_drawn)
        self.found["whole_ms"].append(self.since())


def show(layer):
    """Make the map as large as asked, and show all of a layer, or its middle at 1:1."""
    for dock in iface.mainWindow().findChildren(QDockWidget):
        if dock.windowTitle() not in ("Map Refiner", "Layers"):
            dock.hide()
    canvas = iface.mapCanvas()
    canvas.setFixedSize(ASKED["size"], ASKED["size"])
    extent = layer.extent()
    if ASKED["view"] == "close":
        half, centre = ASKED["size"] * layer.rasterUnitsPerPixelX() / 2, extent.center()
        extent = QgsRectangle(centre.x() - half, centre.y() - half, centre.x() + half, centre.y() + half)
    canvas.setExtent(extent)


def measure():
    """Make the coarse map, and step."""
    QgsSettings().setValue("map_refiner/folder", os.path.join(ASKED["home"], "runs"))
    plugin = qgis.utils.plugins["map_refiner"]
    scores = QgsRasterLayer(os.path.join(ASKED["scene"], "scores.tif"), "scores")
    image = QgsRasterLayer(os.path.join(ASKED["scene"], "image.tif"), "image")
    project = QgsProject.instance()
    project.addMapLayers([scores, image])
    project.layerTreeRoot().findLayer(scores.id()).setItemVisibilityChecked(False)
    if not plugin.dock.isVisible():
        plugin.action.trigger()
    show(image)
    dock, clock = plugin.dock, Clock(plugin)
    dock.scene.layer.setLayer(image)
    dock.coarse.source.choose_key("scores")
    dock.coarse.scores.setLayer(scores)
    dock.coarse.use_scores.click()
    wait(lambda: clock.desk.run is not None and clock.is_idle())
    show(image)
    wait(clock.is_idle)
    clock.step(dock.refine.step)  # loads the refiner, and whatever else is late the first time
    for values in clock.found.values():
        values.clear()
    for _ in range(ASKED["steps"]):
        if clock.desk.run.shown >= BACK_AFTER:
            clock.desk.show_step(0)
            wait(clock.is_idle)
        clock.step(dock.refine.step)
    Path(ASKED["report"]).write_text(json.dumps(clock.found), encoding="utf-8")


def main():
    """Measure, and close QGIS whatever comes of it."""
    try:
        measure()
    except Exception:  # whatever it is, latency.py shows it
        Path(ASKED["report"]).write_text(json.dumps({"error": traceback.format_exc()}), encoding="utf-8")
    QgsProject.instance().setDirty(False)
    os._exit(0)


QTimer.singleShot(1500, main)  # when QGIS has finished starting
