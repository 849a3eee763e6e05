"""Errors that the user can act on: each message names what was found and what is needed."""

from __future__ import annotations

from .shared.text import Text, text


class RefinerError(Exception):
    """An error with a message for the user.

    The arguments are those of `shared.text.text`: a constant template, which `scripts/translations` collects, and its
    values.
    """

    def __init__(self, template: str, /, **values: object) -> None:
        super().__init__(template)
        self.texts: tuple[Text, ...] = (text(template, **values),)

    def add_sentence(self, template: str) -> None:
        """Append a sentence without values to the message."""
        self.texts += (text(template),)

    def __str__(self) -> str:
        """Return the message in English."""
        return " ".join(map(str, self.texts))


class RasterError(RefinerError):
    """A raster that cannot be read, or does not fit the other inputs."""


class LabelError(RefinerError):
    """Labels that cannot be used for training or evaluation."""


class CheckpointError(RefinerError):
    """A checkpoint that is damaged, or belongs to another model."""


class OutputError(RefinerError):
    """A result that cannot be written."""


class Interrupted(RefinerError):
    """A cancelled run; its finished parts stay."""
