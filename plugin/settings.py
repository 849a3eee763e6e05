"""Everything that is remembered between sessions: key, type and default in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, TypeVar

from qgis.core import QgsApplication, QgsSettings

PREFIX = "map_refiner"
DEVICES = ("auto", "cpu", "cuda", "mps")

Value = TypeVar("Value", str, int, float, bool)


class _Entry(Generic[Value]):
    """One remembered value, read and written as an attribute of `Settings`."""

    def __init__(self, key: str, default: Value) -> None:
        self.key = f"{PREFIX}/{key}"
        self.default: Value = default

    def __get__(self, settings: Settings, owner: type | None = None) -> Value:
        return settings.store.value(self.key, self.default, type=type(self.default))

    def __set__(self, settings: Settings, value: Value) -> None:
        settings.store.setValue(self.key, value)


class Settings:
    """The plugin's entries in the QGIS settings."""

    python = _Entry("python", "")  # empty: the first that environment.find_python meets
    device = _Entry("device", "auto")
    scheduler = _Entry("scheduler", "")  # of a Dask cluster, for the algorithms; empty: this machine
    folder = _Entry("folder", "")  # of runs and labels; empty: below the QGIS settings
    road_width_m = _Entry("road_width_m", 7.0)
    last_step = _Entry("last_step", 5)

    def __init__(self) -> None:
        self.store = QgsSettings()

    def work_folder(self) -> Path:
        """Return the folder that holds runs and labelled tiles; it need not exist yet."""
        return Path(self.folder) if self.folder else default_folder()


def default_folder() -> Path:
    """Return where runs and labels go when the analyst has chosen no folder."""
    return Path(QgsApplication.qgisSettingsDirPath()) / PREFIX
