"""Atomic file writes, moves, and checks of free disk space."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import OutputError


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a small file atomically, through a temporary name.

    Raises:
        OutputError: if the file cannot be written.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        raise OutputError("{path} cannot be written: {value}.", path=path, value=error.strerror or error) from error
    finally:
        with suppress(OSError):  # already renamed, or the folder does not exist
            part.unlink()


def move_into(folder: Path, files: Sequence[Path]) -> None:
    """Move finished files to a folder, replacing files of the same names.

    Raises:
        OutputError: if a file cannot be moved; those before it have been moved already.
    """
    for path in files:
        try:
            os.replace(path, folder / path.name)
        except OSError as error:
            raise OutputError(
                "{number} cannot be written: {value}.", number=folder / path.name, value=error.strerror or error
            ) from error


def refuse_inputs(output: str | Path, *inputs: str | Path) -> None:
    """Raise OutputError if the output is one of the inputs, even through a link; "|" options are ignored."""
    real = Path(output).resolve()
    for source in inputs:
        if str(source) and Path(str(source).partition("|")[0]).resolve() == real:
            raise OutputError("{output} is an input; choose another output file.", output=output)


def require_space(folder: Path, size: int) -> None:
    """Raise OutputError if `folder` does not exist or has no room for about `size` bytes."""
    if not folder.is_dir():
        raise OutputError("There is no folder {folder}.", folder=folder)
    free = shutil.disk_usage(folder).free
    if size > free:
        raise OutputError(
            "About {number:,.0f} MB are needed in {folder}, and {number_2:,.0f} MB are free.",
            number=size / 1000000.0,
            folder=folder,
            number_2=free / 1000000.0,
        )


def make_folder(path: str | Path) -> None:
    """Create a folder and its parents if they do not exist."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "The folder {path} cannot be made: {value}.", path=path, value=error.strerror or error
        ) from error


def is_local_file(source: str) -> bool:
    """Return whether a source is a path rather than a URL or one of GDAL's "/vsi..." or "DRIVER:..." names."""
    return "://" not in source and not source.startswith("/vsi") and not re.match(r"[A-Za-z]\w+:", source)


def resolve_path(source: str) -> str:
    """Make a local path absolute, keeping an appended "|layername=NAME"; leave any other source unchanged."""
    path, bar, options = source.partition("|")
    return f"{Path(path).resolve()}{bar}{options}" if Path(path).exists() else source
