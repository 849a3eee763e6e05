"""Steps side by side and in sequence: animation frames and swipe halves are compared as pixels.

Modules that this file covers: plugin/control/inspect/animation.py, plugin/control/inspect/comparison.py,
plugin/control/inspect/derived_layers.py, plugin/dock/widgets/compare.py, plugin/layers/temporal.py,
plugin/map_tools/swipe_tool.py, plugin/run/extent.py, plugin/run/run.py.
"""

import numpy as np
import pytest
from map_refiner.models.shared.events import Stepped
from map_refiner.plugin.run.extent import Extent
from map_refiner.plugin.run.run import Run
from osgeo import gdal
from qgis.core import QgsProject, QgsTemporalNavigationObject, QgsTemporalUtils
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtGui import QImage
from qgis.PyQt.QtTest import QTest

SIZE = (240, 300)


def pixels(picture):
    """Return a picture as an array (rows, columns, 4)."""
    picture = picture.convertToFormat(QImage.Format.Format_RGBA8888)
    raw = picture.bits().asstring(picture.sizeInBytes())
    return np.frombuffer(raw, np.uint8).reshape(picture.height(), picture.bytesPerLine() // 4, 4)[:, : picture.width()]


def drawn(canvas, wait_until):
    """Draw the map and return its pixels."""
    canvas.refreshAllLayers()
    canvas.waitWhileRendering()
    wait_until(lambda: not canvas.isDrawing(), 20, "the map")
    return pixels(canvas.grab().toImage())


@pytest.fixture
def two_steps(analyst, write_raster, tmp_path, wait_until):
    """An analyst with a run of two steps after the coarse map, made without a worker."""
    context, image = analyst.context, analyst.dock.scene.layer.currentLayer()
    run = Run(analyst.plugin.controller.scene.choice(), tmp_path, Extent(image.extent(), image.crs(), _context()))
    context.run = run
    context.layers.begin(run.name, "image")
    for step in range(3):
        classes = np.zeros((1, *SIZE), np.uint8)
        classes[0, 40 : 100 + 40 * step, 60 : 120 + 40 * step] = 1
        scores = np.stack([classes[0] == k for k in range(3)]).astype(np.float32)
        paths = [tmp_path / f"step_{step}{what}.tif" for what in ("", "_classes")]
        write_raster(paths[0], scores)
        write_raster(paths[1], classes, kind=gdal.GDT_Byte)
        run.add(Stepped(step, *map(str, paths), ("background", "building", "road"), 0.1, 1.0))
        run.shown = step
        context.layers.add(run.name, run.steps[-1], 0)
    wait_until(context.layers.is_settled, 20, "the layers")
    context.show_step(2)
    return analyst


def _context():
    return QgsProject.instance().transformContext()


def exported(canvas, controller, folder):
    """Export an animation as QGIS's panel does, and return its frames."""
    folder.mkdir()
    settings = QgsTemporalUtils.AnimationExportSettings()
    settings.animationRange = controller.temporalExtents()
    settings.frameDuration = controller.frameDuration()
    settings.outputDirectory, settings.fileNameTemplate = str(folder), "####.png"
    done, error = QgsTemporalUtils.exportAnimation(canvas.mapSettings(), settings)
    assert done, error
    return [pixels(QImage(str(path))) for path in sorted(folder.iterdir())]


def test_steps_are_animated_as_frames(two_steps, wait_until, tmp_path):
    canvas, refine = two_steps.plugin.iface.canvas, two_steps.dock.refine
    controller = QgsTemporalNavigationObject(canvas)
    canvas.setTemporalController(controller)
    assert two_steps.visible_layers() == ["Step 2 · classes"]
    alone = []
    for step in range(3):
        two_steps.context.show_step(step)
        alone.append(drawn(canvas, wait_until))
    assert (alone[0] != alone[1]).any(axis=2).mean() > 0.001
    assert (alone[1] != alone[2]).any(axis=2).mean() > 0.001
    two_steps.click(refine.animate)
    assert refine.animate.isChecked()
    assert controller.totalFrameCount() in (3, 4)  # QGIS may or may not count the end of the last day
    assert sorted(two_steps.visible_layers()) == [f"Step {n} · classes" for n in range(3)]
    two_steps.bar.clearWidgets()  # it takes space from the map
    for frame in range(3):
        controller.setCurrentFrameNumber(frame)
        assert (drawn(canvas, wait_until) == alone[frame]).all()
    frames = exported(canvas, controller, tmp_path / "frames")
    assert len(frames) >= 3
    rim = (canvas.height() - frames[0].shape[0]) // 2  # canvas margin that is not part of the map
    for frame, step in zip(frames, alone):
        assert (frame != step[rim : rim + frame.shape[0], rim : rim + frame.shape[1]]).any(axis=2).mean() < 0.0002
    refine.kind.setCurrentIndex(1)  # heat maps are animated too
    assert sorted(two_steps.visible_layers()) == [f"Step {n} · background" for n in range(3)]
    refine.kind.setCurrentIndex(0)
    two_steps.click(refine.animate)
    assert not refine.animate.isChecked()
    assert two_steps.visible_layers() == ["Step 2 · classes"]


def test_animating_without_a_temporal_controller_shows_a_message(two_steps):
    two_steps.click(two_steps.dock.refine.animate)
    assert not two_steps.dock.refine.animate.isChecked()
    assert "no Temporal Controller" in two_steps.bar.text()


def test_swipe_shows_the_other_step_left_of_the_mouse(two_steps, wait_until):
    canvas, row = two_steps.plugin.iface.canvas, two_steps.dock.refine.compare
    row.other.setCurrentIndex(0)
    shown = drawn(canvas, wait_until)
    two_steps.context.show_step(0)
    coarse = drawn(canvas, wait_until)
    two_steps.context.show_step(2)
    drawn(canvas, wait_until)
    two_steps.click(row.swipe)
    tool = two_steps.plugin.controller.comparison.tool
    assert canvas.mapTool() is tool
    wait_until(lambda: tool.curtain.image is not None, 20, "the other step")
    x = canvas.width() // 3
    QTest.mouseMove(canvas.viewport(), QPoint(x, canvas.height() // 2))
    wait_until(lambda: tool.curtain.edge == x, 5, "the mouse")
    both = pixels(canvas.grab().toImage())
    assert (both[:, : x - 4] == coarse[:, : x - 4]).all()
    assert (both[:, x + 4 :] == shown[:, x + 4 :]).all()
    assert (coarse[:, : x - 4] != shown[:, : x - 4]).any()
    two_steps.context.layers.truncate(two_steps.run.name, 2)  # removing layers ends the swipe
    assert not row.swipe.isChecked()
    two_steps.context.layers.add(two_steps.run.name, two_steps.run.steps[2], 0)
    drawn(canvas, wait_until)
    two_steps.click(row.swipe)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not row.swipe.isChecked()
    assert (drawn(canvas, wait_until) == shown).all()
