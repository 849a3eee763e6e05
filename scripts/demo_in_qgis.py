"""QGIS demo run by scripts/demo: the complete workflow by clicks in the real dock, with a written summary."""

import json
import os
import time
import traceback
from pathlib import Path

from qgis.core import QgsFeature, QgsProject, QgsRasterLayer, QgsVectorFileWriter, QgsVectorLayer
from qgis.PyQt.QtCore import QEventLoop, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface, plugins

OUT = Path(os.environ["DEMO_OUT"])
SCENE, LABELS, TRUTH = (os.environ.get(f"DEMO_{name}", "") for name in ("SCENE", "LABELS", "TRUTH"))
COARSE = os.environ.get("DEMO_COARSE", "")
STEPS = 5


class Demo:
    """A simulated analyst who works in the dock."""

    def __init__(self):
        self.started = time.monotonic()
        self.summary = {"scene": SCENE, "failed": False, "seconds": {}, "mean_iou": {}}
        self.shots = 0
        plugin = plugins["map_refiner"]
        self.dock = plugin.dock
        if not self.dock.isUserVisible():  # QGIS shows it already if it was open before
            plugin.action.trigger()
        self.context = plugin.controller.context
        self.run = lambda: self.context.run

    # --- hands and eyes ----------------------------------------------------------------------------------------

    def wait(self, condition, seconds, what):
        """Run the event loop until a condition holds."""
        loop, poll, late = QEventLoop(), QTimer(), QTimer()
        poll.timeout.connect(lambda: loop.quit() if condition() else None)
        late.setSingleShot(True)
        late.timeout.connect(loop.quit)
        poll.start(20)
        late.start(int(seconds * 1000))
        loop.exec()
        if not condition():
            raise TimeoutError(f"{what} took more than {seconds} s")

    def pause(self, seconds=0.3):
        """Run the event loop for a while so that QGIS can draw."""
        until = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > until, seconds + 5, "a pause")

    def click(self, button, name, seconds=600):
        """Click a button and wait until the worker has finished."""
        self.reveal(button)
        if not button.isEnabled():
            raise RuntimeError(f"{name}: the button {button.text()!r} is disabled. {self.said()}")
        began = time.monotonic()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        self.pause(0.1)
        self.wait(lambda: self.context.state().is_free and self.context.layers.is_settled(), seconds, name)
        self.summary["seconds"][name] = round(time.monotonic() - began, 2)
        self.drawn()

    def reveal(self, widget):
        """Scroll the dock to a widget."""
        area = widget.parent()
        while area is not None and not hasattr(area, "ensureWidgetVisible"):
            area = area.parent()
        if area is not None:
            area.ensureWidgetVisible(widget, 0, 60)
        QApplication.processEvents()

    def drawn(self):
        """Wait until the map is drawn."""
        canvas = iface.mapCanvas()
        self.pause(0.2)
        self.wait(lambda: not canvas.isDrawing(), 60, "drawing the map")

    def shot(self, name):
        """Save a screenshot of the QGIS window."""
        self.drawn()
        self.shots += 1
        iface.mainWindow().grab().save(str(OUT / f"{self.shots:02d}_{name}.png"))

    def said(self):
        """Return the text of the message bar."""
        item = iface.messageBar().currentItem()
        return item.text() if item is not None else ""

    # --- the day -----------------------------------------------------------------------------------------------

    def load(self):
        """Open the image and the dock."""
        window = iface.mainWindow()
        window.resize(1600, 1000)
        layer = QgsRasterLayer(SCENE, Path(SCENE).stem)
        if not layer.isValid():
            raise RuntimeError(f"QGIS cannot open {SCENE}")
        QgsProject.instance().setCrs(layer.crs())
        QgsProject.instance().addMapLayer(layer)
        window.resizeDocks([self.dock], [380], Qt.Orientation.Horizontal)
        iface.mapCanvas().setExtent(layer.extent())
        self.dock.scene.layer.setLayer(layer)
        self.shot("scene")

    def coarse(self):
        """Create the coarse map with the shipped model, or with the given one."""
        if COARSE:
            self.dock.coarse.source.add_file(Path(COARSE).stem, COARSE)
        self.click(self.dock.coarse.classify, "classify")
        if self.run() is None or self.run().last < 0:
            raise RuntimeError(f"There is no coarse map. {self.said()}")
        self.shot("coarse_map")

    def refine(self, name):
        """Run five steps, with a check of each."""
        for step in range(1, STEPS + 1):
            self.click(self.dock.refine.step, f"{name} step {step}")
            if self.run().shown != step:
                raise RuntimeError(f"Step {step} is not shown. {self.said()}")
            if step in (1, STEPS):
                self.shot(f"{name}_step_{step}")
        self.dock.refine.kind.setCurrentIndex(2)
        self.shot(f"{name}_heat_map")
        self.dock.refine.kind.setCurrentIndex(0)

    def train(self):
        """Train on the labelled tile; return whether the new refiner was selected."""
        chosen = self.dock.refine.refiner.path()
        layer = self.add_on_top(QgsVectorLayer(LABELS, "labelled tile", "ogr"))
        self.dock.train.labels.setLayer(layer)
        self.reveal(self.dock.train.train)
        self.shot("labelled_tile")
        self.click(self.dock.train.train, "train")
        self.summary["training"] = self.dock.train.progress.text()
        self.reveal(self.dock.train.progress)
        self.shot("trained")
        QgsProject.instance().layerTreeRoot().findLayer(layer.id()).setItemVisibilityChecked(False)
        return self.dock.refine.refiner.path() != chosen

    def measure(self, name):
        """Evaluate every step against the truth outside the labelled tile."""
        layer = self.add_on_top(QgsVectorLayer(self.truth_elsewhere(), "truth outside the tile", "ogr"))
        node = QgsProject.instance().layerTreeRoot().findLayer(layer.id())
        node.setItemVisibilityChecked(False)
        self.dock.train.labels.setLayer(layer)
        self.click(self.dock.train.measure, f"evaluate {name}")
        self.summary["mean_iou"][name] = {str(k): round(v.mean_iou, 4) for k, v in sorted(self.run().accuracy.items())}
        QgsProject.instance().removeMapLayer(layer.id())

    def add_on_top(self, layer):
        """Add a layer above all groups: within a mutually exclusive group, it would hide the steps."""
        QgsProject.instance().addMapLayer(layer, False)
        QgsProject.instance().layerTreeRoot().insertLayer(0, layer)
        return layer

    def truth_elsewhere(self):
        """Write the truth without the labelled tile and return its path."""
        path = OUT / "truth_outside_the_tile.gpkg"
        if not LABELS:
            return TRUTH
        truth, tile = QgsVectorLayer(TRUTH, "truth", "ogr"), QgsVectorLayer(LABELS, "tile", "ogr")
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName = "GPKG"
        QgsVectorFileWriter.writeAsVectorFormatV3(truth, str(path), QgsProject.instance().transformContext(), options)
        copy = QgsVectorLayer(str(path), "truth", "ogr")
        outlines = [feature.geometry() for feature in tile.getFeatures() if feature["class"] == "tile"]
        with_edits = []
        for outline in outlines:
            feature = QgsFeature(copy.fields())
            feature.setGeometry(outline)
            feature["class"] = "ignore"
            with_edits.append(feature)
        copy.dataProvider().addFeatures(with_edits)
        return str(path)

    def export(self):
        """Write the polygons and the class raster of the shown step."""
        self.dock.export.polygons_file.setFilePath(str(OUT / "refined.shp"))
        self.click(self.dock.export.polygons, "export polygons")
        self.dock.export.add_to_map.setChecked(False)  # the raster would cover the polygons
        self.dock.export.raster_file.setFilePath(str(OUT / "refined_classes.tif"))
        self.click(self.dock.export.raster, "export raster")
        layer = QgsVectorLayer(str(OUT / "refined.shp"), "refined", "ogr")
        self.summary["polygons"] = layer.featureCount()
        self.reveal(self.dock.export.polygons)
        self.shot("exported")

    def work(self):
        """Run the whole workflow."""
        self.load()
        self.coarse()
        self.refine("shipped")
        if TRUTH:
            self.measure("shipped refiner")
        if LABELS and self.train():
            self.refine("trained")
            if TRUTH:
                self.measure("trained refiner")
        self.export()
        QgsProject.instance().write(str(OUT / "demo.qgz"))


def write_summary(summary):
    """Write the summary as text and JSON; the JSON file is written last and marks the end of the run."""
    lines = [f"Scene: {summary['scene']}"]
    for name, by_step in summary["mean_iou"].items():
        figures = "  ".join(f"{step}: {value:.3f}" for step, value in by_step.items())
        lines.append(f"Mean IoU by step, {name}: {figures}")
    if "training" in summary:
        lines.append(f"Training: {summary['training']}")
    if "polygons" in summary:
        lines.append(f"Polygons: {summary['polygons']} in {OUT / 'refined.shp'}")
    lines.append("Seconds: " + ", ".join(f"{name} {value}" for name, value in summary["seconds"].items()))
    if summary["failed"]:
        lines.append(f"FAILED: {summary['error']}")
    (OUT / "summary.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (OUT / "summary.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


def main():
    """Run the demo, and close QGIS if it must not stay open."""
    demo = Demo()
    try:
        demo.work()
    except Exception as error:
        demo.summary.update(failed=True, error=f"{error}", traceback=traceback.format_exc())
        demo.shot("failed")
    demo.summary["seconds"]["all"] = round(time.monotonic() - demo.started, 1)
    write_summary(demo.summary)
    if os.environ.get("DEMO_CLOSE") == "yes":
        QgsProject.instance().clear()  # otherwise QGIS asks about layers in a temporary folder
        QgsProject.instance().setDirty(False)
        iface.actionExit().trigger()


QTimer.singleShot(1500, main)  # after QGIS has finished starting
