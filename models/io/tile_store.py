"""The finished tiles of a run that may be interrupted: files, and for each tile a note that says it is done."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..arrays.grid import Window
from .files import make_folder, write_whole

ABOUT = "about.json"  # what the tiles are made of
DONE = "done"


class TileStore:
    """A folder of finished tiles; many processes may finish tiles in it at once."""

    def __init__(self, folder: str | Path) -> None:
        """Look at a folder, which need not exist yet."""
        self.folder = Path(folder)

    def begin(self, about: Mapping[str, Any], go_on: bool) -> bool:
        """Prepare the folder for tiles of what `about` says; tell whether tiles of just that are there.

        Tiles of anything else are removed; so are all where it is not to be gone on with.
        """
        wanted = plain(about)
        if go_on and self.about() == wanted:
            return self.count() > 0
        self.clear()
        make_folder(self.folder / DONE)
        write_whole(self.folder / ABOUT, json.dumps(wanted, indent=1).encode())
        return False

    def about(self) -> Any:
        """Return what the tiles that are there are made of; None where nothing says so."""
        try:
            return json.loads((self.folder / ABOUT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def count(self) -> int:
        """Return how many notes say that a tile is finished."""
        return sum(1 for _ in (self.folder / DONE).glob("*.json"))

    def path(self, kind: str, tile: Window) -> Path:
        """Return where the raster of a kind of a tile lies; its folder is made."""
        make_folder(self.folder / kind)
        return self.folder / kind / f"{_name(tile)}.tif"

    def finish(self, tile: Window, stage: int, note: Mapping[str, Any]) -> None:
        """Note that all files of a tile are whole, and what came of it."""
        write_whole(self._note(tile, stage), json.dumps(note).encode())

    def finished(self, tile: Window, stage: int) -> dict[str, Any] | None:
        """Return what came of a tile; None where it is not finished."""
        try:
            note = json.loads(self._note(tile, stage).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return note if isinstance(note, dict) else None

    def _note(self, tile: Window, stage: int) -> Path:
        return self.folder / DONE / f"{_name(tile)}_{stage}.json"

    def forget(self) -> None:
        """Remove the notes, and leave the tiles."""
        shutil.rmtree(self.folder / DONE, ignore_errors=True)
        (self.folder / ABOUT).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _name(tile: Window) -> str:
    return f"{tile.row:07d}_{tile.column:07d}"


def plain(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tiles are made of as it will be read again."""
    read: dict[str, Any] = json.loads(json.dumps(about))
    return read


def fingerprint(path: str) -> list[Any]:
    """Tell a file from others, and from what it was before it was written anew: its place, size and time."""
    file = Path(path)
    if not file.is_file():
        return [path]
    return [str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns]
