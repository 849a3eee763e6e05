"""Files of weights: those that are shipped, and what to call a file."""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from qgis.PyQt.QtCore import QCoreApplication

from ...models.shared.paths import RESOURCES

WEIGHTS_FOLDER = RESOURCES / "weights"
MOST_HEADER_BYTES = 1_000_000  # a damaged length must not make us read gigabytes


@dataclass(frozen=True)
class Weights:
    """A file of weights, and its name for people."""

    title: str
    path: str


def shipped(role: str, folder: Path = WEIGHTS_FOLDER) -> list[Weights]:
    """Return the shipped weights of a role, "coarse" or "refiner"."""
    name = QCoreApplication.translate("MapRefiner", "{}, shipped")
    return [Weights(name.format(title_of(path)), str(path)) for path in sorted(folder.glob(f"{role}*.safetensors"))]


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


def _card(path: Path) -> dict[str, object]:
    """Read the header of a safetensors file; the tensors are not read."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, MOST_HEADER_BYTES)))
        card = json.loads(header["__metadata__"]["card"])
    except (OSError, ValueError, KeyError, TypeError, struct.error):
        return {}  # the worker reports the error
    return card if isinstance(card, dict) else {}
