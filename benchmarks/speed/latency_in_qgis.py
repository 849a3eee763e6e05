"""The part of latency.py that runs inside a real QGIS: runs steps through the dock and reports the times.

The settings come from the environment, because QGIS passes no arguments to a script.
"""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qgis.utils
from qgis.core import QgsProject, QgsRasterLayer, QgsRectangle, QgsSettings
from qgis.PyQt.QtCore import QEventLoop, QTimer
from qgis.PyQt.QtWidgets import QDockWidget
from qgis.utils import iface

ASKED = json.loads(os.environ["LATENCY"])
BACK_AFTER = 10  # steps before the return to the coarse map


def wait(condition: Callable[[], bool], seconds: int = 300) -> None:
    """Run the event loop until a condition becomes true.

    Raises:
        TimeoutError: if the condition does not become true in time.
    """
    loop, poll, late = QEventLoop(), QTimer(), QTimer()
    held_out: list[bool] = []

    def look() -> None:
        if not held_out and condition():
            held_out.append(True)
            loop.quit()

    poll.timeout.connect(look)
    late.setSingleShot(True)
    late.timeout.connect(loop.quit)
    poll.start(5)
    late.start(1000 * seconds)
    loop.exec()
    if not held_out:
        raise TimeoutError


class Clock:
    """Recorder of the times at which a step is answered by the worker, painted on the map, and complete."""

    def __init__(self, plugin: Any) -> None:
        self.canvas, self.context = iface.mapCanvas(), plugin.controller.context
        self.found: dict[str, list[float]] = {"drawn_ms": [], "answered_ms": [], "whole_ms": [], "pixels": []}
        self.canvas.mapCanvasRefreshed.connect(self.on_refreshed)
        self.context.engine.received.connect(self.on_received)
        self.started, self.index, self.is_drawn, self.is_answered = 0.0, 0, True, True

    def since(self) -> float:
        """Return the milliseconds since the click."""
        return 1000 * (time.perf_counter() - self.started)

    def on_received(self, event: Any) -> None:
        """Record the worker's first answer to a step."""
        name = type(event).__name__
        if name not in ("Previewed", "Stepped") or event.index != self.index or self.is_answered:
            return
        self.is_answered = True
        self.found["answered_ms"].append(self.since())
        layer = QgsRasterLayer(event.path if name == "Previewed" else event.classes_raster)
        self.found["pixels"].append(layer.width() * layer.height())

    def on_refreshed(self) -> None:
        """Record the first map refresh that includes a layer of the step."""
        of_it = [
            layer
            for layer in self.canvas.layers()
            if self.index in (layer.customProperty("map_refiner/preview"), layer.customProperty("map_refiner/step"))
        ]
        if of_it and not self.is_drawn:
            self.canvas.viewport().repaint()  # immediately, so that the pixels are on screen when the time is read
            self.is_drawn = True
            self.found["drawn_ms"].append(self.since())

    def is_idle(self) -> bool:
        """Return whether no task is running and the map is drawn."""
        return self.context.task.name == "NONE" and self.context.layers.is_settled() and not self.canvas.isDrawing()

    def step(self, button: Any) -> None:
        """Click on Step and wait until the step is complete."""
        self.index = self.context.run.shown + 1
        self.is_drawn = self.is_answered = False
        self.started = time.perf_counter()
        button.click()
        wait(lambda: self.is_idle() and self.is_drawn)
        self.found["whole_ms"].append(self.since())


def show(layer: QgsRasterLayer) -> None:
    """Resize the map, and show the whole layer or its middle at 1:1."""
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


def measure() -> None:
    """Load the coarse map, and time the steps."""
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
    wait(lambda: clock.context.run is not None and clock.is_idle())
    show(image)
    wait(clock.is_idle)
    clock.step(dock.refine.step)  # loads the refiner and everything else that loads on first use
    for values in clock.found.values():
        values.clear()
    for _ in range(ASKED["steps"]):
        if clock.context.run.shown >= BACK_AFTER:
            clock.context.show_step(0)
            wait(clock.is_idle)
        clock.step(dock.refine.step)
    Path(ASKED["report"]).write_text(json.dumps(clock.found), encoding="utf-8")


def main() -> None:
    """Measure, and close QGIS even after an error."""
    try:
        measure()
    except Exception:  # latency.py reports it
        Path(ASKED["report"]).write_text(json.dumps({"error": traceback.format_exc()}), encoding="utf-8")
    QgsProject.instance().setDirty(False)
    os._exit(0)


QTimer.singleShot(1500, main)  # after QGIS has finished starting
