"""English text kept as a template and values, so that the dock can translate it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Text:
    """A template and its named values; `scripts/translations` collects the templates."""

    template: str
    values: tuple[tuple[str, str | float], ...] = ()

    def __str__(self) -> str:
        """Return the text in English."""
        return self.template.format(**dict(self.values)) if self.values else self.template


def text(template: str, /, **values: object) -> Text:
    """Return a text; values that JSON cannot store become strings."""
    return Text(template, tuple((name, _plain(value)) for name, value in values.items()))


def stored_text(record: Any) -> Text:
    """Return a text from its stored form: the fields of `Text`, or the plain string of the first release."""
    if isinstance(record, str):
        return Text(record)
    return Text(record["template"], tuple((name, value) for name, value in record["values"]))


def _plain(value: object) -> str | float:
    if isinstance(value, (str, int, float)):
        return value
    item = getattr(value, "item", None) if getattr(value, "ndim", 1) == 0 else None  # a numpy scalar
    return item() if item is not None else str(value)
