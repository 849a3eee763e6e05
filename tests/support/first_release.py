"""Files of version 0.1.0 in tests/data/released; the README there describes them."""

import json
import os
import re
import zipfile
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "data" / "released"
HOME = "/released"  # the former folder, named in the records


def unpack(folder, *parts):
    """Unpack the files whose paths start with one of the parts, or all files, and update the folder in them.

    The files get the modification times by which the records identify them.

    Returns:
        The folder, resolved.
    """
    folder = Path(folder).resolve()
    with zipfile.ZipFile(DATA / "files.zip") as archive:
        archive.extractall(folder, [name for name in archive.namelist() if not parts or name.startswith(parts)])
    for path in folder.rglob("*.json"):
        text = path.read_text("utf-8").replace(f'"{HOME}/', f'"{folder.as_posix()}/')
        path.write_text(text, "utf-8")
        _restore_times(json.loads(text))
    return folder


def _restore_times(record):
    """Set file times from a record: [path, size, nanoseconds], or "path of nanoseconds"."""
    if isinstance(record, dict):
        for value in record.values():
            _restore_times(value)
    elif isinstance(record, list):
        if len(record) == 3 and isinstance(record[0], str) and isinstance(record[2], int):
            _set_time(record[0], record[2])
        for value in record:
            _restore_times(value)
    elif isinstance(record, str) and (found := re.fullmatch(r"(.+) of (\d+)", record)):
        _set_time(found[1], int(found[2]))


def _set_time(path, nanoseconds):
    if os.path.isfile(path):
        os.utime(path, ns=(nanoseconds, nanoseconds))


def run_folders(folder):
    """Return the folders of the run with a pyramid and of the run with four refinement steps."""
    return sorted((folder / "work" / "runs").iterdir())


def options():
    """Return the options of the commands and the parameters of the algorithms."""
    return json.loads((DATA / "options.json").read_text("utf-8"))
