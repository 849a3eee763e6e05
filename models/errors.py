"""Errors that the analyst can act on: each message names what was found and what is needed."""

from __future__ import annotations


class RefinerError(Exception):
    """An error with a message for the analyst.

    The message is a template with named values, so that the dock can translate it. The first argument is a constant
    string; `scripts/translations` collects it.
    """

    def __init__(self, template: str, /, **values: object) -> None:
        super().__init__(template)
        self.template = template
        self.values = {name: _plain(value) for name, value in values.items()}

    def __str__(self) -> str:
        """Return the message in English."""
        return self.template.format(**self.values) if self.values else self.template


def _plain(value: object) -> str | int | float:
    """Return a value that JSON holds: numbers stay numbers, everything else becomes text."""
    if isinstance(value, (str, int, float)):
        return value
    item = getattr(value, "item", None) if getattr(value, "ndim", 1) == 0 else None  # a scalar of numpy
    return item() if item is not None else str(value)


class RasterError(RefinerError):
    """A raster that cannot be read, or does not fit the others."""


class LabelError(RefinerError):
    """Labels that cannot be used for training or evaluation."""


class CheckpointError(RefinerError):
    """A checkpoint that is damaged, or of another model."""


class OutputError(RefinerError):
    """A result that cannot be written."""


class Interrupted(RefinerError):
    """The run was cancelled; finished parts stay."""
