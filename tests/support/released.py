"""Files that earlier versions wrote."""

import os
import re
import zipfile
from pathlib import Path

ARCHIVE = Path(__file__).resolve().parents[1] / "data" / "released_0.1.0.zip"


def unpack(folder, part):
    """Unpack "session" or "project" into a folder, and return where the files are."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith(f"{part}/")])
    for path in (folder / part).rglob("*"):
        if path.suffix in (".json", ".qgs"):
            path.write_text(path.read_text("utf-8").replace("@HERE@", str(folder)), "utf-8")
    return folder / part


def restore_time(weights, session_file):
    """Give a file of weights the time that a session remembers it by."""
    stamp = re.search(r"safetensors of (\d+)", session_file.read_text("utf-8"))
    os.utime(weights, ns=(int(stamp[1]), int(stamp[1])))
