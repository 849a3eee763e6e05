"""Files that appear whole or not at all, and room for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import OutputError


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a small file under another name, and give it its own when it is whole.

    Raises:
        OutputError: for a place that cannot be written.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    except OSError as error:
        raise OutputError("{path} cannot be written: {value}.", path=path, value=error.strerror or error) from error
    finally:
        with suppress(OSError):  # there is none where all went well, or where there is no folder
            part.unlink()


def move_into(folder: Path, files: Sequence[Path]) -> None:
    """Move finished files to a folder, in place of what has their names there.

    Raises:
        OutputError: where one of them cannot be moved; those before it are there then.
    """
    for path in files:
        try:
            os.replace(path, folder / path.name)
        except OSError as error:
            raise OutputError(
                "{number} cannot be written: {value}.", number=folder / path.name, value=error.strerror or error
            ) from error


def require_space(folder: Path, size: int) -> None:
    """Refuse to begin a file of about `size` bytes that the disk has no room for."""
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
    """Make a folder where there is none."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "The folder {path} cannot be made: {value}.", path=path, value=error.strerror or error
        ) from error


def resolve_path(source: str) -> str:
    """Name a file as another process finds it, also with "|layername=NAME" behind; what lies on a server stays."""
    path, bar, options = source.partition("|")
    return f"{Path(path).resolve()}{bar}{options}" if Path(path).exists() else source
