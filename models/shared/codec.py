"""Protocol between QGIS and the worker: one JSON object per line, without arrays of pixels.

Both sides import this module, so it uses only the standard library. The plugin sends a request. The worker answers
with any number of events; the last one is exactly one of `Finished`, `Failed` or `Cancelled`. Files are named by
absolute paths, and the worker completes a file before it names it.
"""

from __future__ import annotations

import dataclasses
import json
import typing
from typing import Any, Union

from .class_source import ClassSource
from .events import Event
from .requests import Request
from .text import Text

VERSION = 2  # a worker of another version is refused, because it would misread messages
Message = Union[Request, Event]

_TYPES: dict[str, type] = {kind.__name__: kind for kind in typing.get_args(Message)}


class ProtocolError(ValueError):
    """A line that is not a message of this protocol."""


def to_line(message: Message) -> str:
    """Write a message as one line of JSON, with its newline."""
    content = {"type": type(message).__name__, **dataclasses.asdict(message)}
    return json.dumps(content, ensure_ascii=True) + "\n"  # ASCII, so that no console code page can garble it


def from_line(line: str) -> Message:
    """Read a message from one line of JSON.

    Raises:
        ProtocolError: if `to_line` would not write this line.
    """
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"not JSON: {line[:200]!r}") from error
    name = content.pop("type", "") if isinstance(content, dict) else ""
    kind = _TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ProtocolError(f"no message of this protocol: {line[:200]!r}")
    try:
        return typing.cast(Message, kind(**{name: _frozen(value) for name, value in content.items()}))
    except (TypeError, RecursionError) as error:
        raise ProtocolError(f"fields of {kind.__name__} expected: {line[:200]!r}") from error


def _frozen(value: Any) -> Any:
    """Restore tuples, texts and class sources from JSON's lists and objects."""
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, dict):
        fields = {name: _frozen(item) for name, item in value.items()}
        return Text(**fields) if "template" in fields else ClassSource(**fields)
    return value
