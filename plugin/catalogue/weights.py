"""Weights files: the shipped ones, their titles, and the fields of their model cards."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QCoreApplication

from ...models.shared.conventions import WEIGHTS_FOLDER, WEIGHTS_PATTERN
from ...models.shared.weights_header import HeaderError, parse_card, read_metadata


@dataclass(frozen=True)
class Weights:
    """A weights file and its title."""

    title: str
    path: str


def shipped(role: str, folder: Path = WEIGHTS_FOLDER) -> list[Weights]:
    """Return the shipped weights of a role, "coarse" or "refiner"."""
    name = QCoreApplication.translate("MapRefiner", "{}, shipped")
    return [
        Weights(name.format(title_of(path)), str(path))
        for path in sorted(folder.glob(WEIGHTS_PATTERN.format(role=role)))
    ]


def title_of(path: Path) -> str:
    """Return the title of a weights file, such as “Aerial 0.5 m”."""
    words = [word for word in re.split(r"[-_ ]+", path.stem) if not re.fullmatch(r"[\d.]+m", word)]
    if len(words) > 1 and words[0] in ("coarse", "refiner"):
        words = words[1:]
    title = " ".join(words)
    title = title[:1].upper() + title[1:]
    size = pixel_size_m(path)
    return title if size is None else f"{title} {size:.2g} m"


def pixel_size_m(path: Path) -> float | None:
    """Return the working pixel size of the training, in metres, or None if the card has none."""
    size = _card(path).get("pixel_size_m")
    return float(size) if isinstance(size, (int, float)) and size > 0 else None


def weights_kind(path: Path) -> str:
    """Return the model kind of a weights file, or an empty string if the card has none."""
    kind = _card(path).get("kind")
    return kind if isinstance(kind, str) else ""


def weights_bands(path: Path) -> int | None:
    """Return the number of bands of a model, or None if the card has none."""
    bands = _card(path).get("bands")
    return bands if isinstance(bands, int) else None


def weights_classes(path: Path) -> tuple[str, ...]:
    """Return the classes of a model, background first; empty if the card has none."""
    classes = _card(path).get("classes")
    return tuple(map(str, classes)) if isinstance(classes, list) else ()


def new_weights_file(folder: Path, name: str) -> Path:
    """Return an unused path of a weights file in a folder."""
    number = 1
    while (path := folder / f"{name}_{number}.safetensors").exists():
        number += 1
    return path


def _card(path: Path) -> dict[str, Any]:
    """Return the model card of a weights file, or an empty one if it cannot be read; the worker reports that error."""
    try:
        return parse_card(read_metadata(path))
    except (OSError, HeaderError):
        return {}
