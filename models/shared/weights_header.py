"""The model card in the header of a safetensors file, read without its tensors.

The file starts with eight bytes of header length, little-endian, then a JSON object with `__metadata__`. The plugin
also uses this module, and has no safetensors library.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

FORMAT = "1"
CARD, FORMAT_KEY = "card", "format"  # keys of the metadata
STORED_BEST_STEP = "steps"  # key of `best_step` in a stored card
MOST_HEADER_BYTES = 1_000_000  # limits the read if the stored length is damaged


class HeaderError(ValueError):
    """A file without a model card of this format."""


def read_metadata(path: str | Path) -> dict[str, str]:
    """Read the metadata of a safetensors file.

    Raises:
        HeaderError: if the file is damaged or in another format.
        OSError: if the file cannot be opened.
    """
    with Path(path).open("rb") as file:
        try:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, MOST_HEADER_BYTES)))
            metadata = header.get("__metadata__", {})
        except (ValueError, struct.error, AttributeError, RecursionError) as error:
            raise HeaderError(str(error)) from error
    return metadata if isinstance(metadata, dict) else {}


def parse_card(metadata: dict[str, str]) -> dict[str, Any]:
    """Return the fields of the model card in a file's metadata, without checking them.

    Raises:
        HeaderError: if the metadata is not a model card of this format, or the card is not a JSON object.
    """
    if metadata.get(FORMAT_KEY) != FORMAT or CARD not in metadata:
        raise HeaderError("not a model card of this format")
    try:
        card = json.loads(metadata[CARD])
    except (ValueError, TypeError, RecursionError) as error:
        raise HeaderError(str(error)) from error
    if not isinstance(card, dict):
        raise HeaderError("not a JSON object")
    if STORED_BEST_STEP in card:
        card["best_step"] = card.pop(STORED_BEST_STEP)
    return card


def card_metadata(card: dict[str, Any]) -> dict[str, str]:
    """Return the metadata that stores a model card."""
    stored = dict(card)
    stored[STORED_BEST_STEP] = stored.pop("best_step")
    return {FORMAT_KEY: FORMAT, CARD: json.dumps(stored)}
