"""The steps of a run in time: one a day from 2000-01-01 on, so that QGIS's temporal controller plays them."""

from __future__ import annotations

from qgis.core import QgsDateTimeRange, QgsInterval, QgsRasterLayer, QgsTemporalNavigationObject
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

FRAMES_PER_SECOND = 2.0


def day_of(index: int) -> QgsDateTimeRange:
    """Return the day of a step."""
    begin = QDateTime(QDate(2000, 1, 1).addDays(index), QTime(0, 0), Qt.TimeSpec.UTC)
    return QgsDateTimeRange(begin, begin.addDays(1), True, False)


def put_on_timeline(layer: QgsRasterLayer, index: int) -> None:
    """Give a layer of a step the step's day."""
    properties = layer.temporalProperties()  # whose mode is a fixed range unless another one is set
    begin = day_of(index).begin()
    an_hour = 3600  # from each midnight, for which of two frames that is belongs to both in some versions of QGIS
    properties.setFixedTemporalRange(QgsDateTimeRange(begin.addSecs(an_hour), begin.addSecs(23 * an_hour)))
    properties.setIsActive(True)


def stop(canvas: QgsMapCanvas) -> None:
    """Turn QGIS's temporal controller off."""
    controller = canvas.temporalController()
    if isinstance(controller, QgsTemporalNavigationObject):
        modes = QgsTemporalNavigationObject.NavigationMode
        off = modes.Disabled if hasattr(modes, "Disabled") else modes.NavigationOff  # as it was called until 3.36
        controller.setNavigationMode(off)


def animate(canvas: QgsMapCanvas, first: int, last: int) -> bool:
    """Set QGIS's temporal controller to the steps from the first to the last one; tell whether there is one."""
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
