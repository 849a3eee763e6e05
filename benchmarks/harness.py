"""Write what a benchmark measured to a page of the docs, with the machine and the versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from map_refiner.models.device import processor

DOCS = Path(__file__).resolve().parents[1] / "docs"


def write_page(name: str, title: str, command: str, about: str, table: str) -> None:
    """Write docs/NAME.md and print its table."""
    cores = len(os.sched_getaffinity(0))
    machine = f"{processor()}, {cores} cores, Python {platform.python_version()}, torch {version('torch')}"
    page = f"# {title}\n\nWritten by `{command}` on {machine}.\n\n{about.strip()}\n\n{table.strip()}\n"
    DOCS.mkdir(exist_ok=True)
    (DOCS / f"{name}.md").write_text(page, encoding="utf-8")
    print(table)
