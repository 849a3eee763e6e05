"""What the plugin says no to, in a sentence for the analyst."""

from __future__ import annotations


class UserError(Exception):
    """Carry a sentence that names what was found and what is needed."""


class UserCancelled(Exception):
    """End what the analyst has cancelled, of whom there is nothing to say that they do not know."""
