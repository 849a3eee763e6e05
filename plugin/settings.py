"""The persistent settings, each with key, type and default."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, TypeVar

from qgis.core import QgsApplication, QgsSettings

PREFIX = "map_refiner"
DEVICES = ("auto", "cpu", "cuda", "mps")

Value = TypeVar("Value", str, int, float, bool)


class _Entry(Generic[Value]):
    """A setting, read and written as an attribute of `Settings`."""

    def __init__(self, key: str, default: Value) -> None:
        self.key = f"{PREFIX}/{key}"
        self.default: Value = default

    def __get__(self, settings: Settings, owner: type | None = None) -> Value:
        return settings.store.value(self.key, self.default, type=type(self.default))

    def __set__(self, settings: Settings, value: Value) -> None:
        settings.store.setValue(self.key, value)


class Settings:
    """The plugin's entries in the QGIS settings."""

    python = _Entry("python", "")  # empty: the first in the usual places
    device = _Entry("device", "auto")
    scheduler = _Entry("scheduler", "")  # address of a Dask cluster for the algorithms; empty: this computer
    folder = _Entry("folder", "")  # for runs and labels; empty: below the QGIS settings
    road_width_m = _Entry("road_width_m", 7.0)
    last_step = _Entry("last_step", 5)

    def __init__(self) -> None:
        self.store = QgsSettings()

    def work_folder(self) -> Path:
        """Return the folder of runs and labelled tiles; it may not exist yet."""
        return Path(self.folder) if self.folder else default_folder()


def default_folder() -> Path:
    """Return the default folder of runs and labels."""
    return Path(QgsApplication.qgisSettingsDirPath()) / PREFIX
