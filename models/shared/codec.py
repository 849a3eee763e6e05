"""The wire between QGIS and the worker: one JSON object a line, arrays never.

Both sides import this module, so it uses the standard library alone. The plugin sends a request; the worker answers
with any number of events, and the last of them is exactly one of `Finished`, `Failed` or `Cancelled`. Files are named
by absolute paths; the worker writes a file whole before it names it.
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

VERSION = 2  # a worker of another version is refused, because messages of both would be misread
Message = Union[Request, Event]

_TYPES: dict[str, type] = {kind.__name__: kind for kind in typing.get_args(Message)}


class ProtocolError(ValueError):
    """A line that is not a message of this protocol."""


def to_line(message: Message) -> str:
    """Write a message as one line of JSON, with its newline."""
    content = {"type": type(message).__name__, **dataclasses.asdict(message)}
    return json.dumps(content, ensure_ascii=True) + "\n"  # ASCII: no code page of any console can spoil it


def from_line(line: str) -> Message:
    """Read a message from one line of JSON.

    Raises:
        ProtocolError: for anything that `to_line` does not write.
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
