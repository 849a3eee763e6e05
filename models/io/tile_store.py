"""The finished tiles of a resumable run: files, and a completion record for each tile."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..arrays.grid import Window
from .files import make_folder, write_whole

MANIFEST = "about.json"  # manifest: the inputs that the tiles were made from
DONE = "done"


class TileStore:
    """A folder of finished tiles; several processes may finish tiles in it at once."""

    def __init__(self, folder: str | Path) -> None:
        """Use a folder, which need not exist yet."""
        self.folder = Path(folder)

    def start(self, manifest: Mapping[str, Any], resume: bool) -> bool:
        """Prepare the folder for tiles described by `manifest`; return whether existing tiles can be reused.

        Tiles with another manifest are deleted; if `resume` is False, all tiles are deleted.
        """
        wanted = plain(manifest)
        if resume and self.manifest() == wanted:
            return self.count() > 0
        self.clear()
        make_folder(self.folder / DONE)
        write_whole(self.folder / MANIFEST, json.dumps(wanted, indent=1).encode())
        return False

    def manifest(self) -> Any:
        """Return the manifest of the stored tiles, or None if it is missing or unreadable."""
        try:
            return json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def count(self) -> int:
        """Return the number of completion records."""
        return sum(1 for _ in (self.folder / DONE).glob("*.json"))

    def path(self, kind: str, tile: Window) -> Path:
        """Return the path of a tile's raster of the given kind; create its folder."""
        make_folder(self.folder / kind)
        return self.folder / kind / f"{_name(tile)}.tif"

    def finish(self, tile: Window, stage: int, record: Mapping[str, Any]) -> None:
        """Record that all files of a tile are complete, with the note about its result."""
        write_whole(self._record(tile, stage), json.dumps(record).encode())

    def finished(self, tile: Window, stage: int) -> dict[str, Any] | None:
        """Return the note of a finished tile, or None if the tile is not finished."""
        try:
            record = json.loads(self._record(tile, stage).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) else None

    def _record(self, tile: Window, stage: int) -> Path:
        return self.folder / DONE / f"{_name(tile)}_{stage}.json"

    def forget(self) -> None:
        """Delete the records and the manifest, but keep the tiles."""
        shutil.rmtree(self.folder / DONE, ignore_errors=True)
        (self.folder / MANIFEST).unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _name(tile: Window) -> str:
    return f"{tile.row:07d}_{tile.column:07d}"


def plain(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest after a round trip through JSON, to compare it with a stored one."""
    read: dict[str, Any] = json.loads(json.dumps(manifest))
    return read


def fingerprint(path: str) -> list[Any]:
    """Return the path, size and modification time of a file, or only the path if it is not a local file."""
    file = Path(path)
    if not file.is_file():
        return [path]
    return [str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns]
