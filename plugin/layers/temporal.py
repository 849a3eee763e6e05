"""The timeline of a run: one day per step from 2000-01-01, for QGIS's temporal controller."""

from __future__ import annotations

from qgis.core import QgsDateTimeRange, QgsInterval, QgsRasterLayer, QgsTemporalNavigationObject
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

FRAMES_PER_SECOND = 2.0


def day_of(index: int) -> QgsDateTimeRange:
    """Return the date range of a step, one whole day in UTC."""
    begin = QDateTime(QDate(2000, 1, 1).addDays(index), QTime(0, 0), Qt.TimeSpec.UTC)
    return QgsDateTimeRange(begin, begin.addDays(1), True, False)


def put_on_timeline(layer: QgsRasterLayer, index: int) -> None:
    """Set the temporal range of a step's layer to its day."""
    properties = layer.temporalProperties()  # the default mode is a fixed range
    begin = day_of(index).begin()
    an_hour = 3600  # margin around midnight, which some QGIS versions assign to both frames
    properties.setFixedTemporalRange(QgsDateTimeRange(begin.addSecs(an_hour), begin.addSecs(23 * an_hour)))
    properties.setIsActive(True)


def stop(canvas: QgsMapCanvas) -> None:
    """Turn off QGIS's temporal controller."""
    controller = canvas.temporalController()
    if isinstance(controller, QgsTemporalNavigationObject):
        modes = QgsTemporalNavigationObject.NavigationMode
        off = modes.Disabled if hasattr(modes, "Disabled") else modes.NavigationOff  # NavigationOff until 3.36
        controller.setNavigationMode(off)


def animate(canvas: QgsMapCanvas, first: int, last: int) -> bool:
    """Set QGIS's temporal controller to the steps `first` to `last`; return whether the canvas has one."""
    controller = canvas.temporalController()
    if not isinstance(controller, QgsTemporalNavigationObject):
        return False
    controller.setTemporalExtents(QgsDateTimeRange(day_of(first).begin(), day_of(last).end(), True, False))
    one_day = QgsInterval()
    one_day.setDays(1)
    controller.setFrameDuration(one_day)
    controller.setFramesPerSecond(FRAMES_PER_SECOND)
    controller.setNavigationMode(QgsTemporalNavigationObject.NavigationMode.Animated)
    controller.rewindToStart()
    return True
