"""Errors with a message for the user."""

from __future__ import annotations


class UserError(Exception):
    """An error with a message that names what was found and what is needed."""


class UserCancelled(Exception):
    """Raised when the user cancels; no message is shown."""
