"""A real main window with the plugin, a small synthetic scene, and a real worker."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from map_refiner.plugin.main import MapRefinerPlugin
from map_refiner.plugin.state import Task
from osgeo import gdal, osr
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsRasterLayer, QgsRectangle, QgsSettings, QgsVectorLayer
from qgis.gui import QgsLayerTreeMapCanvasBridge, QgsMapCanvas, QgsMessageBar
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QTimer
from qgis.PyQt.QtWidgets import QAction, QMainWindow, QToolBar, QVBoxLayout, QWidget

ROOT = Path(__file__).resolve().parents[2]
WORKER = ROOT / ".venv" / "worker" / "bin" / "python"
CLASSES = ("background", "building", "road")
SIZE = (240, 300)  # rows, columns
PIXEL = 0.5
ORIGIN = (500_000.0, 4_000_000.0)


# --- waiting ---------------------------------------------------------------------------------------------------------


def wait_until(condition, seconds=60.0, what="the condition"):
    """Run the event loop until a condition holds; fail after `seconds`."""
    if condition():
        return
    loop, late = QEventLoop(), QTimer()
    poll = QTimer()
    poll.timeout.connect(lambda: condition() and loop.quit())
    late.setSingleShot(True)
    late.timeout.connect(loop.quit)
    poll.start(5)
    late.start(int(1000 * seconds))
    loop.exec()
    poll.stop()
    assert condition(), f"{what} did not come true in {seconds} s"


def settle():
    """Process pending events of Qt, including deletions."""
    for _ in range(5):
        QCoreApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(name="wait_until")
def wait_until_fixture():
    return wait_until


@pytest.fixture(name="settle")
def settle_fixture():
    return settle


# --- QGIS around the plugin ------------------------------------------------------------------------------------------


class Bar(QgsMessageBar):
    """A real message bar that stores its messages."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self.said = []

    def pushMessage(self, title, text, level, duration):
        self.said.append((level, text))
        super().pushMessage(title, text, level, duration)

    def text(self):
        return "\n".join(text for _, text in self.said)


class Iface(QObject):
    """The part of QGIS's interface that the plugin uses, built from real widgets."""

    def __init__(self):
        super().__init__()
        self.window = QMainWindow()
        self.canvas = QgsMapCanvas()
        self.bar = Bar()
        self.toolbar = QToolBar(self.window)
        self.raster_menu = self.window.menuBar().addMenu("Raster")
        self.add_feature = QAction(self.window)
        self.add_feature.setCheckable(True)
        self.factories = []
        self.pages = []
        self.layer_actions = {}
        self.active = None
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.addWidget(self.bar)
        layout.addWidget(self.canvas, 1)
        self.window.setCentralWidget(centre)
        self.window.resize(1100, 800)
        self.window.show()
        self.bridge = QgsLayerTreeMapCanvasBridge(QgsProject.instance().layerTreeRoot(), self.canvas)

    def mainWindow(self):
        return self.window

    def mapCanvas(self):
        return self.canvas

    def messageBar(self):
        return self.bar

    def addDockWidget(self, area, dock):
        self.window.addDockWidget(area, dock)
        dock.show()  # as QGIS does

    def removeDockWidget(self, dock):
        self.window.removeDockWidget(dock)

    def addToolBarIcon(self, action):
        self.toolbar.addAction(action)

    def removeToolBarIcon(self, action):
        self.toolbar.removeAction(action)

    def rasterMenu(self):
        return self.raster_menu

    def activeLayer(self):
        return self.active

    def setActiveLayer(self, layer):
        self.active = layer

    def actionAddFeature(self):
        return self.add_feature

    def addCustomActionForLayerType(self, action, menu, kind, all_layers):
        self.layer_actions[action] = []

    def addCustomActionForLayer(self, action, layer):
        self.layer_actions[action].append(layer.name())

    def removeCustomActionForLayerType(self, action):
        del self.layer_actions[action]

    def registerOptionsWidgetFactory(self, factory):
        self.factories.append(factory)

    def unregisterOptionsWidgetFactory(self, factory):
        self.factories.remove(factory)

    def showOptionsDialog(self, parent, page):
        self.pages.append(page)


@pytest.fixture
def project(qgis_app):
    project = QgsProject.instance()
    project.clear()
    yield project
    project.clear()
    settle()


@pytest.fixture
def work_folder(tmp_path, monkeypatch):
    """The test's own folder for runs, labels and settings."""
    settings = QgsSettings()
    settings.remove("map_refiner")
    folder = tmp_path / "work folder é"
    settings.setValue("map_refiner/folder", str(folder))
    monkeypatch.delenv("MAP_REFINER_PYTHON", raising=False)
    yield folder
    settings.remove("map_refiner")


@pytest.fixture
def iface(project):
    iface = Iface()
    yield iface
    del iface.bridge
    iface.canvas.stopRendering()
    iface.window.close()
    iface.window.deleteLater()
    settle()


@pytest.fixture
def plugin(iface, work_folder):
    """The loaded plugin with its dock open."""
    errors = []
    former, sys.excepthook = sys.excepthook, lambda *error: errors.append(error)
    plugin = MapRefinerPlugin(iface)
    plugin.initGui()
    plugin.action.trigger()
    yield plugin
    if plugin.dock is not None:
        plugin.unload()
    plugin.deleteLater()
    settle()
    sys.excepthook = former
    assert not errors, f"raised in a slot: {errors}"


# --- a small scene ---------------------------------------------------------------------------------------------------


def truth():
    """Return the true class indices: one road across, and two rows of buildings."""
    rows, columns = SIZE
    labels = np.zeros(SIZE, dtype=np.uint8)
    labels[rows // 2 - 8 : rows // 2 + 8] = 2
    for top in (30, 70, 150, 195):
        for left in range(20, columns - 40, 50):
            labels[top : top + 26, left : left + 32] = 1
    return labels


def write_raster(path, bands, epsg=32633, nodata=None, names=(), transform=None, kind=gdal.GDT_Float32):
    """Write (bands, rows, columns) as a GeoTIFF."""
    count, rows, columns = bands.shape
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, count, kind)
    dataset.SetGeoTransform(transform or (ORIGIN[0], PIXEL, 0, ORIGIN[1], 0, -PIXEL))
    if epsg:
        crs = osr.SpatialReference()
        crs.ImportFromEPSG(epsg)
        dataset.SetProjection(crs.ExportToWkt())
    for number, band in enumerate(bands, start=1):
        dataset.GetRasterBand(number).WriteArray(band)
        if names:
            dataset.GetRasterBand(number).SetDescription(names[number - 1])
        if nodata is not None:
            dataset.GetRasterBand(number).SetNoDataValue(nodata)
    dataset = None
    return path


@pytest.fixture(name="write_raster")
def write_raster_fixture():
    return write_raster


@pytest.fixture(scope="session")
def scene_files(tmp_path_factory):
    """An image and imprecise scores of it: blurred, shifted and noisy."""
    folder = tmp_path_factory.mktemp("scene")
    noise = np.random.default_rng(7)
    labels = truth()
    colours = np.array([[90, 120, 70], [190, 90, 70], [120, 120, 125]])
    image = np.clip(colours[labels].transpose(2, 0, 1) + noise.normal(0, 12, (3, *SIZE)), 1, 255)
    write_raster(folder / "image.tif", image, kind=gdal.GDT_Byte)
    shifted = np.roll(labels, (4, 5), (0, 1))
    scores = np.stack([shifted == k for k in range(3)]).astype(np.float32) + noise.gamma(1.0, 0.35, (3, *SIZE))
    for _ in range(3):
        scores = (
            scores + np.roll(scores, 2, 1) + np.roll(scores, -2, 1) + np.roll(scores, 2, 2) + np.roll(scores, -2, 2)
        ) / 5
    write_raster(folder / "scores.tif", scores / scores.sum(0), names=CLASSES)
    return folder


_WEIGHTS = """
import importlib.util, os, sys
root, path = sys.argv[1:]
spec = importlib.util.spec_from_file_location(
    "map_refiner", os.path.join(root, "__init__.py"), submodule_search_locations=[root])
sys.modules["map_refiner"] = importlib.util.module_from_spec(spec)
import torch
from map_refiner.models.weights.checkpoint import ModelCard, save_model
from map_refiner.models.refine.rnn import RefinementRNN
torch.manual_seed(0)
save_model(path, RefinementRNN(3, 3), ModelCard("faithful", ("background", "building", "road"), 3, 0.5, 5))
"""


@pytest.fixture(scope="session")
def refiner_file(tmp_path_factory):
    """A refiner with random weights, which refines without training."""
    path = tmp_path_factory.mktemp("weights") / "refiner_random.safetensors"
    subprocess.run([WORKER, "-I", "-c", _WEIGHTS, ROOT, path], check=True)
    return path


@pytest.fixture
def scene(plugin, project, scene_files):
    """The image and its scores as layers of the project, selected in the dock."""
    image = QgsRasterLayer(str(scene_files / "image.tif"), "image")
    scores = QgsRasterLayer(str(scene_files / "scores.tif"), "scores")
    project.addMapLayers([scores, image])
    plugin.dock.scene.layer.setLayer(image)
    plugin.dock.coarse.source.choose_key("scores")
    plugin.dock.coarse.scores.setLayer(scores)
    plugin.iface.canvas.setDestinationCrs(image.crs())
    plugin.iface.canvas.setExtent(image.extent())
    return image


# --- what an analyst does --------------------------------------------------------------------------------------------


class Analyst:
    """A user who works through the dock's real widgets."""

    def __init__(self, plugin):
        self.plugin = plugin
        self.dock = plugin.dock
        self.context = plugin.controller.context
        self.bar = plugin.iface.bar
        self.choose_kind("faithful")  # trains well enough in seconds

    def choose_kind(self, kind):
        """Choose the kind of refiner to train."""
        self.dock.train.kind.setCurrentIndex(self.dock.train.kind.findData(kind))

    def click(self, button):
        assert button.isEnabled(), f"“{button.text()}” is disabled"
        button.click()

    def wait(self, seconds=60):
        """Wait until the worker is idle and all layers are loaded."""
        wait_until(self.is_idle, seconds, "the end of the task")

    def is_idle(self):
        return self.context.task is Task.NONE and not self.context.playing and self.context.layers.is_settled()

    def use_scores(self):
        self.click(self.dock.coarse.use_scores)
        self.wait()
        assert self.run is not None, self.bar.text()

    def choose_refiner(self, path):
        self.dock.refine.refiner.add_file("random", str(path))

    def step(self):
        self.click(self.dock.refine.step)
        self.wait()

    def run_to(self, end):
        self.dock.refine.end.setValue(end)
        self.click(self.dock.refine.run)
        self.wait()

    @property
    def run(self):
        return self.context.run

    def visible_layers(self):
        """Return the names of the run's visible layers from the layer tree."""
        root = QgsProject.instance().layerTreeRoot()
        return [
            node.layer().name()
            for node in root.findLayers()
            if node.isVisible() and node.layer() is not None and node.layer().customProperty("map_refiner/run")
        ]

    def groups(self):
        """Return the names of the step groups in the layer tree, by run."""
        root = QgsProject.instance().layerTreeRoot()
        return {group.name(): [child.name() for child in group.children()] for group in root.findGroups()}


@pytest.fixture
def analyst(plugin, scene):
    return Analyst(plugin)


@pytest.fixture
def stepper(analyst, refiner_file):
    """An analyst with a coarse map and a refiner."""
    analyst.use_scores()
    analyst.choose_refiner(refiner_file)
    return analyst


def draw_tile(layer, left=0, right=SIZE[1]):
    """Digitize the truth between two image columns into a label layer."""

    def rectangle(top, bottom, first, last):
        xs, ys = [ORIGIN[0] + PIXEL * n for n in (first, last)], [ORIGIN[1] - PIXEL * n for n in (bottom, top)]
        return QgsGeometry.fromRect(QgsRectangle(xs[0], ys[0], xs[1], ys[1]))

    shapes = [("tile", rectangle(0, SIZE[0], left, right)), ("road", rectangle(112, 128, left, right))]
    for top in (30, 70, 150, 195):
        for first in range(20, SIZE[1] - 40, 50):
            if left <= first and first + 32 <= right:
                shapes.append(("building", rectangle(top, top + 26, first, first + 32)))
    for name, geometry in shapes:
        feature = QgsFeature(layer.fields())
        feature.setAttribute("class", name)
        feature.setGeometry(geometry)
        assert layer.addFeature(feature)


@pytest.fixture(name="draw_tile")
def draw_tile_fixture():
    return draw_tile


@pytest.fixture
def label_layer(project):
    """An empty label layer in memory, in edit mode."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=class:string(32)", "my labels", "memory")
    project.addMapLayer(layer)
    layer.startEditing()
    return layer
