"""The folder of the steps of a whole image: a record of the files that the last run wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ..errors import OutputError
from ..io.files import write_whole

RECORD = ".steps.json"  # names of the rasters of the last run
SUFFIXES = (".tif", ".vrt")


def check_folder(folder: Path, names: Sequence[str]) -> None:
    """Raise OutputError if a folder holds steps of unknown origin, which would be taken for steps of this run."""
    known = {*names, *_recorded(folder)}
    other = sorted(path.name for path in folder.glob("step_*") if path.suffix in SUFFIXES and path.name not in known)
    if other:
        raise OutputError(
            "{folder} holds {name} of another run; delete it, or choose another folder.", folder=folder, name=other[0]
        )


def record_steps(folder: Path, names: Sequence[str]) -> list[str]:
    """Record the files of a run; delete those of the run before that were not replaced, and return their names."""
    stale = [name for name in _recorded(folder) if name not in names and (folder / name).is_file()]
    for name in stale:
        (folder / name).unlink()
    write_whole(folder / RECORD, json.dumps(list(names)).encode())
    return stale


def _recorded(folder: Path) -> list[str]:
    """Return the names in the record that can be names of steps; a record may come from anybody."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    names = content if isinstance(content, list) else []
    return [name for name in names if isinstance(name, str) and _is_step(name)]


def _is_step(name: str) -> bool:
    return Path(name).name == name and name.startswith("step_") and name.endswith(SUFFIXES)
