"""Identifying a pixel with real mouse clicks: the shown values equal the rasters of the steps.

Modules that this file covers: plugin/dock/widgets/identify.py.
"""

import numpy as np
import pytest
from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsPointXY, QgsProject
from qgis.gui import QgsMapToolPan
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest


def click(canvas, column, row):
    """Click the centre of a pixel of the scene."""
    point = QgsPointXY(500_000 + 0.5 * (column + 0.5), 4_000_000 - 0.5 * (row + 0.5))
    crs, here = canvas.mapSettings().destinationCrs(), QgsCoordinateReferenceSystem("EPSG:32633")
    there = QgsCoordinateTransform(here, crs, QgsProject.instance()).transform(point)
    place = canvas.getCoordinateTransform().transform(there)
    where = QPoint(round(place.x()), round(place.y()))
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, where)


def held(analyst, column, row):
    """Read the scores of a pixel from the files: (steps, classes)."""
    return [gdal.Open(step.scores).ReadAsArray(column, row, 1, 1)[:, 0, 0] for step in analyst.run.steps]


def told(box):
    return np.transpose([series.values for series in box.chart.series])


def zoom(canvas, column, row):
    """Zoom in until each pixel spans several screen pixels, so that a click cannot miss it."""
    crs, here = canvas.mapSettings().destinationCrs(), QgsCoordinateReferenceSystem("EPSG:32633")
    way = QgsCoordinateTransform(here, crs, QgsProject.instance())
    canvas.setCenter(way.transform(QgsPointXY(500_000 + 0.5 * column, 4_000_000 - 0.5 * row)))
    canvas.zoomScale(300)


def test_a_pixel_is_shown_through_all_steps(stepper, settle):
    canvas, box = stepper.plugin.iface.canvas, stepper.dock.refine.identify
    stepper.run_to(2)
    stepper.click(box.identify)
    assert canvas.mapTool() is stepper.plugin.controller.pixel_inspector.tool
    zoom(canvas, 40, 45)
    click(canvas, 40, 45)
    assert told(box) == pytest.approx(np.array(held(stepper, 40, 45)))
    assert [series.name for series in box.chart.series] == ["background", "building", "road"]
    name = stepper.run.classes[int(np.argmax(held(stepper, 40, 45)[2]))]
    assert box.text.text().startswith("EPSG:32633 50002")
    assert box.text.text().endswith(f"step 2: {name}")
    stepper.step()  # the curves continue with the steps
    assert told(box) == pytest.approx(np.array(held(stepper, 40, 45)))
    assert len(told(box)) == 4
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    zoom(canvas, 100, 120)
    click(canvas, 100, 120)
    assert told(box) == pytest.approx(np.array(held(stepper, 100, 120)))
    mark = stepper.plugin.controller.pixel_inspector.mark
    assert mark.isVisible()
    assert mark.center().distance(canvas.center()) < 0.65  # m: about half a pixel diagonal in this projection
    assert not np.allclose(held(stepper, 100, 120), held(stepper, 40, 45))
    zoom(canvas, 0, 0)
    click(canvas, -5, -5)
    assert box.text.text() == "This place is outside the scene."
    assert mark.isVisible()  # marks the clicked point
    assert not box.chart.series
    no_data(stepper, canvas, box)
    other = QgsMapToolPan(canvas)
    canvas.setMapTool(other)
    assert not box.identify.isChecked()
    stepper.click(box.identify)
    QgsProject.instance().clear()
    settle()
    assert not box.identify.isChecked()
    assert not box.text.text()
    assert not box.identify.isEnabled()


def no_data(stepper, canvas, box):
    """Set a pixel of the last step to NoData, and check that a click on it reports this."""
    dataset = gdal.Open(stepper.run.steps[-1].scores, gdal.GA_Update)
    for band in range(1, 4):
        raster = dataset.GetRasterBand(band)
        raster.WriteArray(np.full((1, 1), raster.GetNoDataValue()), 10, 10)
    dataset = raster = None
    zoom(canvas, 10, 10)
    click(canvas, 10, 10)
    assert box.text.text() == "There is no data at this pixel."
    assert not box.chart.series
