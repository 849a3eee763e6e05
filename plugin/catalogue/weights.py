"""Files of weights: those that are shipped, and what to call a file."""

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
    """A file of weights, and its name for people."""

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
    """Return a name such as “Aerial 0.5 m” for a file of weights."""
    words = [word for word in re.split(r"[-_ ]+", path.stem) if not re.fullmatch(r"[\d.]+m", word)]
    if len(words) > 1 and words[0] in ("coarse", "refiner"):
        words = words[1:]
    title = " ".join(words)
    title = title[:1].upper() + title[1:]
    size = pixel_size_m(path)
    return title if size is None else f"{title} {size:.2g} m"


def pixel_size_m(path: Path) -> float | None:
    """Return the working pixel size that weights were trained at, in metres; None if they do not say."""
    size = _card(path).get("pixel_size_m")
    return float(size) if isinstance(size, (int, float)) and size > 0 else None


def weights_kind(path: Path) -> str:
    """Return which kind of model a file of weights holds, or nothing if it does not say."""
    kind = _card(path).get("kind")
    return kind if isinstance(kind, str) else ""


def weights_bands(path: Path) -> int | None:
    """Return how many bands weights are for; None if they do not say."""
    bands = _card(path).get("bands")
    return bands if isinstance(bands, int) else None


def weights_classes(path: Path) -> tuple[str, ...]:
    """Return the classes that weights are for, background first; none where they do not say."""
    classes = _card(path).get("classes")
    return tuple(map(str, classes)) if isinstance(classes, list) else ()


def new_weights_file(folder: Path, name: str) -> Path:
    """Return a file of weights in a folder that is not there yet."""
    number = 1
    while (path := folder / f"{name}_{number}.safetensors").exists():
        number += 1
    return path


def _card(path: Path) -> dict[str, Any]:
    """Return the model card of a weights file; empty if there is none, which the worker reports as an error."""
    try:
        return parse_card(read_metadata(path))
    except (OSError, HeaderError):
        return {}
